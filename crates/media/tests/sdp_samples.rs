//! Descriptions as real phones and the torture RFCs write them.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use media::{
    Direction, Remote, Rtcp,
    sdp::{NegotiationError, Origin, RemoteSide, Sdp, SdpError, relay_offer, remote_side},
};
use std::{fs, net::SocketAddr, path::Path};

#[test]
fn baresip_names_its_codecs_and_its_rtcp_port() {
    let side = remote_side(&sample("baresip")).unwrap();

    assert_eq!(side.remote, Some(remote("192.0.2.10:10586", "192.0.2.10:10587")));
    assert_eq!(side.direction, Direction::SendRecv);
    assert_eq!(side.ptime_ms, Some(20));
    assert_eq!(
        codecs(&side),
        [
            "96 opus/48000/2",
            "0 PCMU/8000/1",
            "8 PCMA/8000/1",
            "9 G722/8000/1",
            "101 telephone-event/8000/1"
        ]
    );
    assert_eq!(side.formats[4].fmtp.as_deref(), Some("0-15"));
}

#[test]
fn linphone_leaves_static_types_unnamed_and_they_are_known() {
    let side = remote_side(&sample("linphone")).unwrap();

    assert_eq!(side.remote, Some(remote("192.0.2.20:7078", "192.0.2.20:7079")));
    assert!(codecs(&side).contains(&"18 G729/8000/1".to_owned()));
    assert!(codecs(&side).contains(&"99 telephone-event/16000/1".to_owned()));
}

#[test]
fn pjsip_receives_rtcp_at_an_address_of_its_own() {
    let side = remote_side(&sample("pjsip")).unwrap();

    assert_eq!(side.remote, Some(remote("192.0.2.30:4000", "192.0.2.31:4001")));
}

#[test]
fn sipp_ends_its_lines_with_lf_alone() {
    let side = remote_side(&sample("sipp")).unwrap();

    assert_eq!(side.remote, Some(remote("127.0.0.1:6000", "127.0.0.1:6001")));
    assert_eq!(codecs(&side), ["0 PCMU/8000/1"]);
}

#[test]
fn chromium_asks_for_a_profile_that_is_named_in_the_refusal() {
    let refusal = remote_side(&sample("chromium")).unwrap_err();

    assert_eq!(refusal, NegotiationError::UnsupportedProfile("UDP/TLS/RTP/SAVPF".to_owned()));
}

#[test]
fn of_a_secure_and_a_plain_stream_the_plain_one_is_taken() {
    let offer = sample("snom-best-effort-srtp");

    let side = remote_side(&offer).unwrap();
    let relayed = text(&relay_offer(&offer, local(), &mut Origin::new(4)).unwrap());

    assert_eq!(side.remote, Some(remote("192.0.2.40:52124", "192.0.2.40:52125")));
    assert_eq!(
        media_lines(&relayed),
        ["m=audio 0 RTP/SAVP 9 0 8 101", "m=audio 20000 RTP/AVP 9 0 8 101 127",]
    );
    assert!(!relayed.contains("crypto"), "keys never pass: {relayed}");
}

#[test]
fn a_change_to_fax_is_refused_since_audio_is_switched_off() {
    assert_eq!(remote_side(&sample("fax-reinvite")), Err(NegotiationError::AudioDeclined));
}

#[test]
fn an_unspecified_address_holds_the_old_way() {
    let side = remote_side(&sample("old-style-hold")).unwrap();

    assert_eq!(side.remote, None);
    assert_eq!(side.direction, Direction::RecvOnly);
}

#[test]
fn rfc5118_ipv6_has_no_brackets_in_and_out() {
    let offer = sample("rfc5118-ipv6-in-sdp");
    let local = "[2001:db8::9]:20000".parse().unwrap();

    let side = remote_side(&offer).unwrap();
    let relayed = text(&relay_offer(&offer, local, &mut Origin::new(4)).unwrap());

    assert_eq!(side.remote, Some(remote("[2001:db8::20]:6000", "[2001:db8::20]:6001")));
    assert!(relayed.contains("\r\nc=IN IP6 2001:db8::9\r\n"), "{relayed}");
    assert!(relayed.contains("\r\no=- 1 0 IN IP6 2001:db8::9\r\n"), "{relayed}");
    assert!(relayed.contains("\r\nt=3338481189 3370017201\r\n"), "{relayed}");
}

#[test]
fn rfc5118_each_stream_may_have_an_address_of_its_own() {
    let offer = sample("rfc5118-mult-ip-in-sdp");

    let side = remote_side(&offer).unwrap();
    let relayed = text(&relay_offer(&offer, local(), &mut Origin::new(4)).unwrap());

    assert_eq!(side.remote, Some(remote("192.0.2.1:22334", "192.0.2.1:22335")));
    assert!(relayed.contains("\r\ns=-\r\n"), "an empty name is not written: {relayed}");
    assert!(!relayed.contains("2001:db8::1"), "addresses of others do not pass: {relayed}");
}

#[test]
fn a_host_name_a_group_and_no_address_at_all_are_refused() {
    let unusable = |address: &str| Err(NegotiationError::UnusableAddress(address.to_owned()));

    assert_eq!(at("c=IN IP4 media.example.com\n"), unusable("media.example.com"));
    assert_eq!(at("c=IN IP4 224.2.1.1/127\n"), unusable("224.2.1.1/127"));
    assert_eq!(at("c=IN IP4 255.255.255.255\n"), unusable("255.255.255.255"));
    assert_eq!(at("c=IN IP4\n"), unusable("IN IP4"));
    assert_eq!(at(""), Err(NegotiationError::NoAddress));
}

#[test]
fn what_is_no_description_is_refused_with_the_line() {
    let refusal = |text: &str| Sdp::parse(text.as_bytes()).unwrap_err();

    assert_eq!(refusal(""), SdpError::NotVersionZero);
    assert_eq!(refusal("v=1\n"), SdpError::NotVersionZero);
    assert_eq!(refusal("o=- 1 1 IN IP4 192.0.2.1\nv=0\n"), SdpError::NotVersionZero);
    assert_eq!(refusal("v=0\ngarbage\n"), SdpError::MalformedLine { line: 2 });
    assert_eq!(refusal("v=0\n\ns=a\rb\n"), SdpError::ForbiddenByte { line: 3 });
    assert_eq!(refusal("v=0\ns=a\ns=b\n"), SdpError::Repeated { line: 3, kind: 's' });
    assert_eq!(refusal("v=0\nm=audio\n"), SdpError::MalformedMedia { line: 2 });
    assert_eq!(refusal("v=0\nm=audio 70000 RTP/AVP 0\n"), SdpError::MalformedMedia { line: 2 });
    assert_eq!(refusal("v=0\nm=audio 4000 RTP/AVP\n"), SdpError::MalformedMedia { line: 2 });
}

#[test]
fn every_limit_is_kept_and_may_be_reached() {
    let media = |count| format!("v=0\n{}", "m=audio 0 RTP/AVP 0\n".repeat(count));
    let formats = |count| format!("v=0\nm=audio 4000 RTP/AVP{}\n", " 0".repeat(count));
    let lines = |count: usize| format!("v=0\n{}", "a=x\n".repeat(count - 1));
    let bytes = |count: usize| format!("v=0\na={}", "x".repeat(count - 6));
    let parse = |text: String| Sdp::parse(text.as_bytes()).map(|_| ());

    assert_eq!(parse(media(16)), Ok(()));
    assert_eq!(parse(media(17)), Err(SdpError::TooManyMedia));
    assert_eq!(parse(formats(64)), Ok(()));
    assert_eq!(parse(formats(65)), Err(SdpError::TooManyFormats { line: 2 }));
    assert_eq!(parse(lines(1024)), Ok(()));
    assert_eq!(parse(lines(1025)), Err(SdpError::TooManyLines));
    assert_eq!(parse(bytes(32_768)), Ok(()));
    assert_eq!(parse(bytes(32_769)), Err(SdpError::TooLong { bytes: 32_769 }));
}

#[test]
fn what_is_not_understood_is_kept_when_written_again() {
    let sdp =
        Sdp::parse(b"v=0\ns=-\nq=new\na=x:\xff\xfe\nt=0 0\no=- 1 1 IN IP4 192.0.2.1").unwrap();

    let written = sdp.encode();

    let expected: &[u8] =
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=x:\xff\xfe\r\nq=new\r\n";
    assert_eq!(&written[..], expected);
}

#[test]
fn every_sample_and_every_corpus_file_survives_all_that_we_do_with_it() {
    let folders = ["tests/sdp", "../../fuzz/corpus/sdp"];
    let files = folders.iter().flat_map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
    });

    let mut parsed = 0;
    for file in files {
        let text = fs::read(file.unwrap().path()).unwrap();
        let Ok(sdp) = Sdp::parse(&text) else { continue };
        parsed += 1;
        let written = Sdp::parse(&sdp.encode()).unwrap();
        assert_eq!(written.encode(), sdp.encode());
        if let Ok(relayed) = relay_offer(&sdp, local(), &mut Origin::new(4)) {
            let relayed = Sdp::parse(&relayed).unwrap();
            assert_eq!(relayed.media().len(), sdp.media().len());
        }
    }
    assert!(parsed >= 10, "only {parsed} files are descriptions");
}

fn sample(name: &str) -> Sdp {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sdp/{name}.sdp"));
    Sdp::parse(&fs::read(path).unwrap()).unwrap()
}

fn at(connection: &str) -> Result<RemoteSide, NegotiationError> {
    let text = format!("v=0\n{connection}m=audio 4000 RTP/AVP 0\n");
    remote_side(&Sdp::parse(text.as_bytes()).unwrap())
}

fn local() -> SocketAddr {
    "203.0.113.1:20000".parse().unwrap()
}

fn remote(rtp: &str, rtcp: &str) -> Remote {
    Remote { rtp: rtp.parse().unwrap(), rtcp: Rtcp::At(rtcp.parse().unwrap()) }
}

fn codecs(side: &RemoteSide) -> Vec<String> {
    let codec = |it: &media::Format| {
        format!("{} {}/{}/{}", it.payload_type, it.encoding, it.clock_rate, it.channels)
    };
    side.formats.iter().map(codec).collect()
}

fn media_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("m=")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
