//! What holds for every description.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use media::{
    Format,
    sdp::{
        LocalCodec, Origin, Sdp, agree, answer_locally, payload_map, relay_answer, relay_offer,
        remote_side,
    },
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{fmt::Write, net::SocketAddr};

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..512)) {
        drop(Sdp::parse(&bytes));
    }

    #[test]
    fn no_lines_make_anything_panic(lines in vec(line(), 0..24)) {
        let text = format!("v=0\n{}", lines.concat());
        if let Ok(sdp) = Sdp::parse(text.as_bytes()) {
            negotiate(&sdp);
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same(description in description()) {
        let sdp = Sdp::parse(description.as_bytes()).unwrap();

        let written = sdp.encode();

        prop_assert_eq!(&written[..], description.as_bytes());
        prop_assert_eq!(Sdp::parse(&written).unwrap(), sdp);
    }

    #[test]
    fn relayed_offers_and_answers_have_the_streams_codecs_and_direction_of_the_source(
        offer in description(),
    ) {
        let offer = Sdp::parse(offer.as_bytes()).unwrap();
        let Ok(side) = remote_side(&offer) else { return Ok(()) };

        let relayed = relay_offer(&offer, local(), &mut Origin::new(4)).unwrap();
        let relayed = Sdp::parse(&relayed).unwrap();
        let relayed_side = remote_side(&relayed).unwrap();

        let (passed, added) = relayed_side.formats.split_at(side.formats.len());
        prop_assert_eq!(passed, &side.formats);
        for (n, format) in added.iter().enumerate() {
            let same_number = |it: &&Format| it.payload_type == format.payload_type;
            prop_assert!(passed.iter().chain(&added[..n]).find(same_number).is_none());
        }
        prop_assert_eq!(relayed_side.direction, side.direction);
        prop_assert_eq!(relayed_side.ptime_ms, side.ptime_ms);
        prop_assert_eq!(relayed_side.remote.unwrap().rtp, local());
        let kinds = |sdp: &Sdp| sdp.media().map(|it| it.kind().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(kinds(&relayed), kinds(&offer));
        prop_assert_eq!(relayed.media().filter(|it| it.port() != 0).count(), 1);
    }
}

fn negotiate(sdp: &Sdp) {
    let written = Sdp::parse(&sdp.encode()).expect("what we write can be read");
    assert_eq!(written.encode(), sdp.encode());
    let mut origin = Origin::new(4);
    let relayed = relay_offer(sdp, local(), &mut origin);
    drop(relay_answer(sdp, sdp, local(), &mut origin));
    drop(agree(sdp, sdp));
    drop(answer_locally(sdp, local(), &mut origin, &LocalCodec::TELEPHONY));
    if let (Ok(relayed), Ok(side)) = (relayed, remote_side(sdp)) {
        let relayed = Sdp::parse(&relayed).expect("what we write can be read");
        let relayed = remote_side(&relayed).expect("what we offer is good");
        payload_map(&side.formats, &relayed.formats);
    }
}

/// One line, seldom a good one.
fn line() -> impl Strategy<Value = String> {
    let meant = select(vec![
        "c=IN IP4 192.0.2.1\n",
        "c=IN IP4 0.0.0.0\n",
        "c=IN IP6 ::1\r\n",
        "c=\n",
        "t=0 0\n",
        "m=audio 4000 RTP/AVP 0 96\n",
        "m=audio 0 RTP/AVP\n",
        "m=video 9 RTP/SAVPF x\n",
        "m=audio 65535/2 RTP/AVP 0 0 128\n",
        "a=rtpmap:96 opus/48000/2\n",
        "a=rtpmap:0 x\n",
        "a=fmtp:96\n",
        "a=fmtp:96 a=b;;=;c\n",
        "a=sendonly\n",
        "a=rtcp:0\n",
        "a=rtcp:7 IN\n",
        "a=rtcp-mux\n",
        "a=ptime:70000\n",
        "o=x\n",
        "s=\n",
        "z=1\n",
        "\n",
    ]);
    prop_oneof![
        4 => meant.prop_map(str::to_owned),
        1 => "[a-zA-Z]=[ -~é\t]{0,20}\r?\n",
        1 => "m=(audio|video) [0-9]{1,6}(/[0-9])? RTP/S?AVPF?( [0-9]{1,3}){0,40}\n",
    ]
}

prop_compose! {
    /// A good description, in the order of the grammar.
    fn description()(
        session_id in any::<u64>(),
        name in "[!-~]{1,12}",
        address in address(),
        attributes in vec(attribute(), 0..4),
        media in vec(media(), 0..5),
    ) -> String {
        format!(
            "v=0\r\no=- {session_id} 1 {address}\r\ns={name}\r\nc={address}\r\nt=0 0\r\n{}{}",
            attributes.concat(),
            media.concat(),
        )
    }
}

prop_compose! {
    fn media()(
        kind in select(vec!["audio", "audio", "video", "application"]),
        port in prop_oneof![Just(0_u16), 1024_u16..],
        protocol in select(vec!["RTP/AVP", "RTP/AVP", "RTP/AVPF", "RTP/SAVP"]),
        formats in vec(0_u8..128, 1..12),
        address in proptest::option::of(address()),
        attributes in vec(attribute(), 0..6),
    ) -> String {
        let address = address.map_or_else(String::new, |it| format!("c={it}\r\n"));
        let (mut numbers, mut maps) = (String::new(), String::new());
        for number in formats {
            write!(numbers, " {number}").unwrap();
            if number >= 96 {
                write!(maps, "a=rtpmap:{number} codec{number}/8000\r\n").unwrap();
            }
        }
        format!("m={kind} {port} {protocol}{numbers}\r\n{address}{maps}{}", attributes.concat())
    }
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<[u8; 3]>().prop_map(|[a, b, c]| format!("IN IP4 10.{a}.{b}.{c}")),
        any::<u16>().prop_map(|host| format!("IN IP6 2001:db8::{host:x}")),
    ]
}

fn attribute() -> impl Strategy<Value = String> {
    let meant =
        select(vec!["sendrecv", "sendonly", "recvonly", "inactive", "rtcp-mux", "ptime:30"]);
    prop_oneof![
        meant.prop_map(|it| format!("a={it}\r\n")),
        "x-[a-z]{1,8}(:[ -~]{0,16})?".prop_map(|it| format!("a={it}\r\n")),
    ]
}

fn local() -> SocketAddr {
    "203.0.113.1:20000".parse().unwrap()
}
