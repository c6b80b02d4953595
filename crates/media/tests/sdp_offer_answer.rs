//! Offers and answers between a caller, us, and a callee (RFC 3264).

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use media::{
    Direction, Format, PayloadMap, Remote, Rtcp,
    sdp::{
        LocalCodec, NegotiationError, Origin, Sdp, accept_answer, answer_locally, offer_locally,
        payload_map, relay_answer, relay_offer, remote_side,
    },
};
use std::net::SocketAddr;

#[test]
fn rfc3264_10_1_basic_exchange_passes_audio_and_declines_video_on_both_sides() {
    let mut legs = Legs::new();

    let offer = legs.offer_to_bob(ALICE).unwrap();
    let answer = legs.answer_to_alice(ALICE, BOB).unwrap();

    assert_eq!(
        offer,
        "v=0\r\n\
         o=- 2 0 IN IP4 203.0.113.1\r\n\
         s=-\r\n\
         c=IN IP4 203.0.113.1\r\n\
         t=0 0\r\n\
         m=audio 20002 RTP/AVP 0 8 97 127 9 126\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:97 iLBC/8000\r\n\
         a=rtpmap:127 opus/48000/2\r\n\
         a=fmtp:127 useinbandfec=1\r\n\
         a=rtpmap:9 G722/8000\r\n\
         a=rtpmap:126 telephone-event/8000\r\n\
         a=fmtp:126 0-15\r\n\
         a=sendrecv\r\n\
         a=rtcp-mux\r\n\
         m=video 0 RTP/AVP 31 32\r\n"
    );
    assert_eq!(
        answer,
        "v=0\r\n\
         o=- 1 0 IN IP4 203.0.113.1\r\n\
         s=-\r\n\
         c=IN IP4 203.0.113.1\r\n\
         t=0 0\r\n\
         m=audio 20000 RTP/AVP 0\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=sendrecv\r\n\
         m=video 0 RTP/AVP 31 32\r\n"
    );
}

#[test]
fn hold_and_resume_are_mirrored_through_both_legs() {
    let mut legs = Legs::new();
    legs.offer_to_bob(ALICE).unwrap();

    for (offered, answered, seen_by_us) in [
        ("a=sendonly", "a=recvonly", Direction::RecvOnly),
        ("a=inactive", "a=inactive", Direction::Inactive),
        ("a=recvonly", "a=sendonly", Direction::SendOnly),
        ("a=sendrecv", "a=sendrecv", Direction::SendRecv),
    ] {
        let held = format!("{ALICE_AUDIO}{offered}\r\n");
        let agreed = format!("{BOB_AUDIO}{answered}\r\n");

        let offer = legs.offer_to_bob(&held).unwrap();
        let answer = legs.answer_to_alice(&held, &agreed).unwrap();

        assert!(has(&offer, offered), "{offer}");
        assert!(has(&answer, answered), "{answer}");
        assert_eq!(remote_side(&parse(&held)).unwrap().direction, seen_by_us);
    }
}

#[test]
fn a_direction_of_the_whole_session_counts_for_the_stream() {
    let held = ALICE_AUDIO.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");

    let offer = Legs::new().offer_to_bob(&held).unwrap();

    assert_eq!(offer.matches("sendonly").count(), 1, "{offer}");
    assert!(offer.contains("m=audio") && offer.ends_with("a=sendonly\r\na=rtcp-mux\r\n"));
}

#[test]
fn a_hold_by_unspecified_address_is_passed_on_as_sendonly() {
    let held = ALICE_AUDIO.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0");

    let offer = Legs::new().offer_to_bob(&held).unwrap();

    assert!(has(&offer, "a=sendonly") && has(&offer, "c=IN IP4 203.0.113.1"), "{offer}");
}

#[test]
fn a_wrong_answer_to_a_hold_is_put_right() {
    let mut legs = Legs::new();
    let held = format!("{ALICE_AUDIO}a=sendonly\r\n");
    legs.offer_to_bob(&held).unwrap();

    let answer = legs.answer_to_alice(&held, BOB_AUDIO).unwrap();
    let side = remote_side(&parse(BOB_AUDIO)).unwrap().limited_to(Direction::SendOnly);

    assert!(has(&answer, "a=recvonly"), "{answer}");
    assert_eq!(side.direction, Direction::SendOnly);
}

#[test]
fn rtcp_mux_is_offered_always_and_answered_only_when_it_was_offered() {
    let mut legs = Legs::new();
    let muxing = format!("{ALICE_AUDIO}a=rtcp-mux\r\n");

    let offer = legs.offer_to_bob(ALICE_AUDIO).unwrap();
    let plain = legs.answer_to_alice(ALICE_AUDIO, &format!("{BOB_AUDIO}a=rtcp-mux\r\n")).unwrap();
    let muxed = legs.answer_to_alice(&muxing, BOB_AUDIO).unwrap();

    assert!(has(&offer, "a=rtcp-mux"), "{offer}");
    assert!(!has(&plain, "a=rtcp-mux"), "{plain}");
    assert!(has(&muxed, "a=rtcp-mux"), "{muxed}");
    assert_eq!(remote_side(&parse(&muxing)).unwrap().remote.unwrap().rtcp, Rtcp::Mux);
}

#[test]
fn what_belongs_to_one_hop_stays_there_and_the_rest_passes() {
    let offer = format!(
        "{ALICE_AUDIO}\
         a=ice-ufrag:x\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=fingerprint:sha-256 AA\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\na=ssrc:1 cname:x\r\na=mid:0\r\n\
         a=rtcp:49171 IN IP4 192.0.2.1\r\n\
         a=ptime:30\r\na=maxptime:60\r\na=silenceSupp:off - - - -\r\na=x-unheard-of:1\r\n"
    );

    let relayed = Legs::new().offer_to_bob(&offer).unwrap();

    for kept in ["a=ptime:30", "a=maxptime:60", "a=silenceSupp:off - - - -", "a=x-unheard-of:1"] {
        assert!(has(&relayed, kept), "{kept} in {relayed}");
    }
    for stripped in ["ice", "candidate", "fingerprint", "secret", "ssrc", "mid", "192.0.2.1"] {
        assert!(!relayed.contains(stripped), "{stripped} in {relayed}");
    }
}

#[test]
fn an_answer_without_any_codec_of_the_offer_is_refused_in_words() {
    let foreign = BOB_AUDIO.replace("RTP/AVP 0", "RTP/AVP 18").replace("0 PCMU", "18 G729");

    let refusal = Legs::new().answer_to_alice(ALICE_AUDIO, &foreign).unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "their answer had no common codec: it has G729, we could take PCMU, PCMA, iLBC"
    );
}

#[test]
fn events_alone_are_no_common_codec() {
    let events = "m=audio 5000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    let offer =
        ALICE_AUDIO.replace("0 8 97\r\n", "0 8 97 101\r\na=rtpmap:101 telephone-event/8000\r\n");
    let answer = format!("{HEAD_BOB}{events}");

    let relayed = Legs::new().answer_to_alice(&offer, &answer);
    let local = answer_locally(&parse(&answer), alice_port(), &mut Origin::new(4), &CODECS);

    assert!(matches!(relayed, Err(NegotiationError::NoCommonCodec { side: "answer", .. })));
    assert!(matches!(local.unwrap_err(), NegotiationError::NoCommonCodec { side: "offer", .. }));
}

#[test]
fn a_declined_stream_and_a_missing_one_are_told_apart() {
    let declined = BOB_AUDIO.replace("m=audio 49174", "m=audio 0");

    let mut legs = Legs::new();

    assert_eq!(legs.answer_to_alice(ALICE, &declined), Err(NegotiationError::AudioDeclined));
    assert_eq!(legs.answer_to_alice(ALICE, HEAD_BOB), Err(NegotiationError::NoAudio));
}

#[test]
fn the_version_rises_only_when_our_description_changes() {
    let mut legs = Legs::new();
    let refreshed = ALICE_AUDIO.replace("o=alice 1 1", "o=alice 1 2");

    let first = legs.offer_to_bob(ALICE_AUDIO).unwrap();
    let second = legs.offer_to_bob(&refreshed).unwrap();
    let third = legs.offer_to_bob(&format!("{ALICE_AUDIO}a=sendonly\r\n")).unwrap();

    assert_eq!(first, second);
    assert!(has(&first, "o=- 2 0 IN IP4 203.0.113.1") && has(&third, "o=- 2 1 IN IP4 203.0.113.1"));
}

#[test]
fn a_leg_brought_together_with_another_keeps_the_places_of_its_streams() {
    let mut legs = Legs::new();
    let video_first = format!("{HEAD_ALICE}m=video 5000 RTP/AVP 31\r\nm=audio 49170 RTP/AVP 0\r\n");
    legs.offer_to_bob(&video_first).unwrap();

    let offer = legs.offer_to_bob(ALICE_AUDIO).unwrap();
    let own = text(&offer_locally(bob_port(), &mut legs.bob, &CODECS));

    let audio = "m=audio 20002 RTP/AVP 0 8 97 127 9 126";
    assert_eq!(media_lines(&offer), ["m=video 0 RTP/AVP 31", audio]);
    assert_eq!(media_lines(&own), ["m=video 0 RTP/AVP 31", "m=audio 20002 RTP/AVP 0 8 101"]);
}

#[test]
fn an_answer_with_fewer_streams_than_offered_is_filled_up() {
    let mut legs = Legs::new();
    legs.offer_to_bob(ALICE).unwrap();

    let answer = legs.answer_to_alice(ALICE, BOB_AUDIO).unwrap();

    assert_eq!(media_lines(&answer), ["m=audio 20000 RTP/AVP 0", "m=video 0 RTP/AVP 31 32"]);
}

#[test]
fn our_endpoints_take_the_first_codec_that_they_know_with_the_offerers_numbers() {
    let offer = format!(
        "{HEAD_ALICE}m=video 5000 RTP/AVP 31\r\n\
         m=audio 49170 RTP/AVPF 96 8 0 97 100\r\n\
         a=rtpmap:96 opus/48000/2\r\n\
         a=rtpmap:97 telephone-event/48000\r\n\
         a=rtpmap:100 telephone-event/8000\r\n\
         a=recvonly\r\n"
    );

    let answer =
        answer_locally(&parse(&offer), alice_port(), &mut Origin::new(4), &CODECS).unwrap();

    assert_eq!(
        text(&answer.bytes),
        "v=0\r\n\
         o=- 1 0 IN IP4 203.0.113.1\r\n\
         s=-\r\n\
         c=IN IP4 203.0.113.1\r\n\
         t=0 0\r\n\
         m=video 0 RTP/AVP 31\r\n\
         m=audio 20000 RTP/AVPF 8 100\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:100 telephone-event/8000\r\n\
         a=fmtp:100 0-15\r\n\
         a=ptime:20\r\n\
         a=sendonly\r\n"
    );
    assert_eq!(numbers(&answer.remote_side.formats), [8, 100]);
    assert_eq!(answer.remote_side.direction, Direction::SendOnly);
}

#[test]
fn our_endpoints_take_linear_samples_that_they_never_offer_in_packets_that_fit() {
    for (clock_rate, ptime_ms) in [(48_000, 10), (16_000, 20), (8000, 20)] {
        let offer = format!(
            "{HEAD_ALICE}m=audio 49170 RTP/AVP 96 0\r\na=rtpmap:96 L16/{clock_rate}\r\n\
             a=ptime:40\r\na=maxptime:30\r\n"
        );
        let (port, mut origin) = (alice_port(), Origin::new(4));

        let answer =
            answer_locally(&parse(&offer), port, &mut origin, &LocalCodec::ANSWERED).unwrap();

        let expected =
            format!("RTP/AVP 96\r\na=rtpmap:96 L16/{clock_rate}\r\na=ptime:{ptime_ms}\r\n");
        assert!(text(&answer.bytes).contains(&expected), "{}", text(&answer.bytes));
        assert_eq!(answer.remote_side.packet_ms(), 30, "what it takes of what it wishes");
    }
    let offer = offer_locally(alice_port(), &mut Origin::new(4), &LocalCodec::TELEPHONY);
    assert!(!text(&offer).contains("L16"), "{}", text(&offer));
}

#[test]
fn a_far_end_is_sent_packets_of_the_length_that_it_wishes_and_takes() {
    for (attributes, packet_ms) in [
        ("", 20),
        ("a=ptime:30\r\n", 30),
        ("a=maxptime:60\r\n", 20),
        ("a=maxptime:10\r\n", 10),
        ("a=ptime:60\r\na=maxptime:40\r\n", 40),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:none\r\na=maxptime: 30 \r\na=ptime:60\r\n", 20),
    ] {
        let offer = format!("{HEAD_ALICE}m=audio 49170 RTP/AVP 0\r\n{attributes}");
        let side = remote_side(&parse(&offer)).unwrap();
        assert_eq!(side.packet_ms(), packet_ms, "{attributes:?}");
    }
}

#[test]
fn our_offer_is_answered_with_one_codec_and_that_is_what_we_agree_on() {
    let offer = text(&offer_locally(bob_port(), &mut Origin::new(8), &CODECS));
    let answer = format!(
        "{HEAD_BOB}m=audio 49174 RTP/AVP 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=rtcp-mux\r\n"
    );

    let side = accept_answer(&parse(&answer), &CODECS).unwrap();

    assert!(offer.contains("m=audio 20002 RTP/AVP 0 8 101\r\n"), "{offer}");
    assert_eq!(numbers(&side.formats), [8, 96]);
    let rtp = "192.0.2.2:49174".parse().unwrap();
    assert_eq!(side.remote, Some(Remote { rtp, rtcp: Rtcp::Mux }));
}

#[test]
fn payload_types_are_translated_by_meaning() {
    let one = [
        format(0, "PCMU", 8000, None),
        format(96, "opus", 48_000, Some("stereo=1")),
        format(97, "AMR", 8000, Some("octet-align=1")),
        format(98, "AMR", 8000, None),
        format(101, "telephone-event", 8000, Some("0-15")),
        format(102, "telephone-event", 48_000, None),
    ];
    let other = [
        format(111, "OPUS", 48_000, Some("useinbandfec=1")),
        format(0, "PCMU", 8000, None),
        format(112, "amr", 8000, Some("octet-align=0")),
        format(113, "amr", 8000, Some("mode-set=0,2; octet-align=1")),
        format(101, "telephone-event", 48_000, None),
        format(96, "telephone-event", 8000, Some("0-16")),
    ];

    let map = payload_map(&one, &other);

    let expected = vec![(96, 111), (97, 113), (98, 112), (101, 96), (102, 101)];
    assert_eq!(map, PayloadMap::Pairs(expected));
    assert_eq!(payload_map(&one, &one), PayloadMap::Same);
}

/// A caller's and a callee's leg.
struct Legs {
    alice: Origin,
    bob: Origin,
}

impl Legs {
    fn new() -> Self {
        Self { alice: Origin::new(4), bob: Origin::new(8) }
    }

    fn offer_to_bob(&mut self, offer: &str) -> Result<String, NegotiationError> {
        relay_offer(&parse(offer), bob_port(), &mut self.bob).map(|it| text(&it))
    }

    fn answer_to_alice(&mut self, offer: &str, answer: &str) -> Result<String, NegotiationError> {
        relay_answer(&parse(offer), &parse(answer), alice_port(), &mut self.alice)
            .map(|it| text(&it))
    }
}

const CODECS: [LocalCodec; 3] = [LocalCodec::PCMU, LocalCodec::PCMA, LocalCodec::TELEPHONE_EVENT];

const HEAD_ALICE: &str =
    "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

const HEAD_BOB: &str = "v=0\r\no=bob 7 7 IN IP4 192.0.2.2\r\ns=\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n";

/// Alice's offer of RFC 3264 section 10.1.
const ALICE: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\n\
    c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:97 iLBC/8000\r\nm=video 51372 RTP/AVP 31 32\r\n\
    a=rtpmap:31 H261/90000\r\na=rtpmap:32 MPV/90000\r\n";

/// Bob's answer, which takes PCMU and declines video.
const BOB: &str = "v=0\r\no=bob 2890844730 2890844730 IN IP4 host.example.com\r\ns=\r\n\
    c=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 49174 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n\
    m=video 0 RTP/AVP 32\r\n";

const ALICE_AUDIO: &str = "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=\r\nc=IN IP4 192.0.2.1\r\n\
    t=0 0\r\nm=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:97 iLBC/8000\r\n";

const BOB_AUDIO: &str = "v=0\r\no=bob 7 7 IN IP4 192.0.2.2\r\ns=\r\nc=IN IP4 192.0.2.2\r\n\
    t=0 0\r\nm=audio 49174 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

fn alice_port() -> SocketAddr {
    "203.0.113.1:20000".parse().unwrap()
}

fn bob_port() -> SocketAddr {
    "203.0.113.1:20002".parse().unwrap()
}

fn parse(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|found| found == line)
}

fn media_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("m=")).collect()
}

fn numbers(formats: &[Format]) -> Vec<u8> {
    formats.iter().map(|format| format.payload_type).collect()
}

fn format(payload_type: u8, encoding: &str, clock_rate: u32, fmtp: Option<&str>) -> Format {
    let (encoding, fmtp) = (encoding.to_owned(), fmtp.map(str::to_owned));
    Format { payload_type, encoding, clock_rate, channels: 1, fmtp }
}
