//! Offers and answers of two parties that share no codec.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use media::{
    Format, PayloadMap, Transcoding,
    sdp::{Allowed, NegotiationError, Origin, Sdp, agree, relay_answer, relay_offer},
};

#[test]
fn what_we_can_translate_is_offered_behind_the_callers_codecs() {
    let offer = relayed_offer(&audio("96 101", OPUS_AND_EVENTS));

    assert_eq!(
        stream(&offer),
        "m=audio 20000 RTP/AVP 96 101 9 8 0 127\r\n\
         a=rtpmap:96 opus/48000/2\r\n\
         a=fmtp:96 usedtx=1\r\n\
         a=rtpmap:101 telephone-event/48000\r\n\
         a=ptime:40\r\n\
         a=rtpmap:9 G722/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:127 telephone-event/8000\r\n\
         a=fmtp:127 0-15\r\n\
         a=sendrecv\r\n\
         a=rtcp-mux\r\n"
    );
}

#[test]
fn nothing_is_added_to_codecs_that_we_do_not_understand() {
    let offer = relayed_offer(&audio("18 101", "a=rtpmap:101 telephone-event/8000\r\n"));

    assert!(stream(&offer).starts_with("m=audio 20000 RTP/AVP 18 101\r\n"), "{offer}");
}

#[test]
fn numbers_that_the_caller_uses_are_not_taken() {
    let offer =
        relayed_offer(&audio("8 127 126", "a=rtpmap:127 x/8000\r\na=rtpmap:126 y/8000\r\n"));

    assert!(
        stream(&offer).starts_with("m=audio 20000 RTP/AVP 8 127 126 125 9 0 124\r\n"),
        "{offer}"
    );
}

#[test]
fn the_caller_is_answered_in_its_codec_when_the_callee_took_another() {
    let offer = audio("96 101", OPUS_AND_EVENTS);
    let answer =
        audio("8 127", "a=rtpmap:127 telephone-event/8000\r\na=ptime:60\r\na=maxptime:30\r\n");

    let relayed = relayed_answer(&offer, &answer).unwrap();
    let agreement = agree(&parse(&offer), &parse(&answer)).unwrap();

    assert_eq!(
        stream(&relayed),
        "m=audio 20000 RTP/AVP 96 101\r\n\
         a=rtpmap:96 opus/48000/2\r\n\
         a=fmtp:96 usedtx=1\r\n\
         a=rtpmap:101 telephone-event/48000\r\n\
         a=sendrecv\r\n"
    );
    let (opus, pcma) = (opus(), format(8, "PCMA", 8000));
    let events = (format(101, "telephone-event", 48_000), format(127, "telephone-event", 8000));
    assert_eq!(agreement.offering.formats, [opus.clone(), events.0.clone()]);
    assert_eq!(agreement.answering.formats, [pcma.clone(), events.1.clone()]);
    let expected = Transcoding {
        from: opus.clone(),
        to: pcma.clone(),
        events: Some(events.clone()),
        packet_ms: 30,
    };
    assert_eq!(agreement.to_answering, PayloadMap::Transcode(expected));
    let events = Some((events.1, events.0));
    let expected = Transcoding { from: pcma, to: opus, events, packet_ms: 40 };
    assert_eq!(agreement.to_offering, PayloadMap::Transcode(expected));
}

#[test]
fn a_shared_codec_passes_and_the_caller_hears_nothing_of_the_rest() {
    let offer = audio("8 101", "a=rtpmap:101 telephone-event/8000\r\n");
    let answer = audio("8 9 101", "a=rtpmap:101 telephone-event/8000\r\n");

    let relayed = relayed_answer(&offer, &answer).unwrap();
    let agreement = agree(&parse(&offer), &parse(&answer)).unwrap();

    assert!(stream(&relayed).starts_with("m=audio 20000 RTP/AVP 8 101\r\n"), "{relayed}");
    assert_eq!(agreement.to_answering, PayloadMap::Same);
    assert_eq!(agreement.to_offering, PayloadMap::Same);
    let numbers: Vec<_> = agreement.answering.formats.iter().map(|it| it.payload_type).collect();
    assert_eq!(numbers, [8, 101]);
    assert_eq!(agreement.offering.formats, agreement.answering.formats);
}

#[test]
fn a_shared_codec_passes_even_if_the_callee_names_another_first() {
    let agreement = agree(&parse(&audio("8", "")), &parse(&audio("0 8", ""))).unwrap();

    assert_eq!(agreement.to_offering, PayloadMap::Same);
    assert_eq!(agreement.answering.formats, [format(8, "PCMA", 8000)]);
}

#[test]
fn a_codec_that_we_do_not_understand_passes_where_both_have_it() {
    let agreement = agree(&parse(&audio("18 8", "")), &parse(&audio("18", ""))).unwrap();

    assert_eq!(agreement.to_answering, PayloadMap::Same);
    assert_eq!(agreement.answering.formats[0].encoding, "G729");
}

#[test]
fn events_stay_on_the_side_that_has_them_since_keys_are_translated() {
    let (plain, events) = (audio("8", ""), "a=rtpmap:101 telephone-event/8000\r\n");
    let with_events = audio("8 101", events);
    let numbers = |formats: &[Format]| formats.iter().map(|it| it.payload_type).collect::<Vec<_>>();

    for (offer, answer, told, offering, answering) in [
        (&with_events, &plain, "8 101", vec![8, 101], vec![8]),
        (&plain, &with_events, "8", vec![8], vec![8, 101]),
    ] {
        let relayed = relayed_answer(offer, answer).unwrap();
        let agreement = agree(&parse(offer), &parse(answer)).unwrap();

        let line = format!("m=audio 20000 RTP/AVP {told}\r\n");
        assert!(stream(&relayed).starts_with(&line), "{relayed}");
        assert_eq!(numbers(&agreement.offering.formats), offering);
        assert_eq!(numbers(&agreement.answering.formats), answering);
        assert_eq!(agreement.to_answering, PayloadMap::Same, "speech passes all the same");
    }
    let unknown = audio("18 101", events);
    let agreement = agree(&parse(&unknown), &parse(&audio("18", ""))).unwrap();
    assert_eq!(numbers(&agreement.offering.formats), [18], "there is nothing to put tones into");
}

#[test]
fn a_far_end_is_limited_to_what_is_allowed_in_that_order() {
    let codecs = ["opus", "pcma"].map(str::to_owned);
    let allowed = Allowed { codecs: &codecs, has_events: false };
    let offer = audio("0 8 96 101 13", OPUS_AND_EVENTS) + "a=fmtp:101 0-15\r\na=rtcp-fb:* nack\r\n";

    let offer = parse(&offer);
    let limited = text(&allowed.limit(&offer).unwrap().encode());

    assert_eq!(
        stream(&limited),
        "m=audio 4000 RTP/AVP 96 8 13\r\n\
         a=rtpmap:96 opus/48000/2\r\n\
         a=fmtp:96 usedtx=1\r\n\
         a=ptime:40\r\n\
         a=rtcp-fb:* nack\r\n"
    );
    let everything = Allowed { codecs: &[], has_events: true };
    assert_eq!(*everything.limit(&offer).unwrap(), offer);
    let tones = Allowed { codecs: &[], has_events: false };
    let limited = text(&tones.limit(&offer).unwrap().encode());
    assert!(stream(&limited).starts_with("m=audio 4000 RTP/AVP 0 8 96 13\r\n"), "{limited}");
    let video = parse(&(audio("0", "") + "m=video 5000 RTP/AVP 31\r\n"));
    let refused = allowed.limit(&video).unwrap_err().to_string();
    assert!(refused.contains("PCMU") && refused.contains("opus, pcma"), "{refused}");
}

#[test]
fn what_can_pass_is_offered_before_what_would_be_translated() {
    let codecs = ["opus", "PCMA", "PCMU"].map(str::to_owned);
    let allowed = Allowed { codecs: &codecs, has_events: true };
    let offer = audio("0 8 101", "a=rtpmap:101 telephone-event/8000\r\n");
    let ours = parse(&relayed_offer(&offer));

    let limited = text(&allowed.limit_offer(&ours, &parse(&offer)).unwrap().encode());

    assert!(stream(&limited).starts_with("m=audio 20000 RTP/AVP 8 0 101 127\r\n"), "{limited}");
}

#[test]
fn what_cannot_be_translated_is_refused() {
    let refused = relayed_answer(&audio("8", ""), &audio("18", "")).unwrap_err();
    assert!(matches!(refused, NegotiationError::NoCommonCodec { .. }), "{refused}");
    let refused = relayed_answer(&audio("18", ""), &audio("8", "")).unwrap_err();
    assert!(matches!(refused, NegotiationError::NoCommonCodec { .. }), "{refused}");
    assert!(agree(&parse(&audio("18", "")), &parse(&audio("8", ""))).is_err());
}

fn relayed_offer(offer: &str) -> String {
    text(&relay_offer(&parse(offer), port(), &mut Origin::new(4)).unwrap())
}

fn relayed_answer(offer: &str, answer: &str) -> Result<String, NegotiationError> {
    relay_answer(&parse(offer), &parse(answer), port(), &mut Origin::new(4)).map(|it| text(&it))
}

fn audio(formats: &str, attributes: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP {formats}\r\n{attributes}"
    )
}

/// From the `m=` line on.
fn stream(description: &str) -> &str {
    &description[description.find("m=").unwrap()..]
}

fn parse(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn port() -> std::net::SocketAddr {
    "203.0.113.1:20000".parse().unwrap()
}

fn opus() -> Format {
    let fmtp = Some("usedtx=1".to_owned());
    Format { channels: 2, fmtp, ..format(96, "opus", 48_000) }
}

fn format(payload_type: u8, encoding: &str, clock_rate: u32) -> Format {
    Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels: 1, fmtp: None }
}

const OPUS_AND_EVENTS: &str = "a=rtpmap:96 opus/48000/2\r\n\
    a=fmtp:96 usedtx=1\r\n\
    a=rtpmap:101 telephone-event/48000\r\n\
    a=ptime:40\r\n";
