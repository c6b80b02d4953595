//! Session descriptions: whatever is parsed can be written, read back, relayed and answered.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::sdp::{
    LocalCodec, Origin, Sdp, answer_locally, payload_map, relay_answer, relay_offer, remote_side,
};
use std::net::SocketAddr;

fuzz_target!(|bytes: &[u8]| {
    let Ok(sdp) = Sdp::parse(bytes) else { return };

    let written = sdp.encode();
    let read_back = Sdp::parse(&written).expect("what we write can be read");
    assert_eq!(read_back.encode(), written);

    let local = SocketAddr::from(([203, 0, 113, 1], 20_000));
    let mut origin = Origin::new(4);
    let _ = answer_locally(&sdp, local, &mut Origin::new(4), &LocalCodec::TELEPHONY);
    let _ = relay_answer(&sdp, &sdp, local, &mut Origin::new(4));
    if let Ok(offer) = relay_offer(&sdp, local, &mut origin) {
        let offer = Sdp::parse(&offer).expect("what we offer can be read");
        let ours = remote_side(&offer).expect("what we offer is good");
        let theirs = remote_side(&sdp).expect("what we relay is good");
        assert_eq!(ours.formats, theirs.formats);
        assert_eq!(ours.direction, theirs.direction);
        payload_map(&theirs.formats, &ours.formats);
        relay_offer(&sdp, local, &mut origin).expect("the same offer again");
    }
});
