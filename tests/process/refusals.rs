//! What the server does not do for strangers, and what it does with nonsense.

use crate::harness::{Server, UdpPeer, header, request, status_of};

#[test]
fn request_for_a_foreign_domain_is_refused() {
    let server = Server::start();
    let stranger = UdpPeer::bind(0);

    for method in ["INVITE", "REGISTER", "MESSAGE"] {
        let request = request(&stranger, method, "sip:1002@elsewhere.example", "elsewhere.example");
        let response = stranger.ask(&request, server.sip()).expect("an answer is due");
        assert!((400..500).contains(&status_of(&response)), "{method}: {response}");
    }
}

#[test]
fn challenge_is_the_same_for_known_and_unknown_users() {
    let server = Server::start();
    let stranger = UdpPeer::bind(0);

    let statuses = ["1001", "7777777"].map(|user| {
        let request = request(&stranger, "REGISTER", "sip:127.0.0.1", "127.0.0.1")
            .replace("sip:1001@", &format!("sip:{user}@"));
        let response = stranger.ask(&request, server.sip()).expect("an answer is due");
        (status_of(&response), header(&response, "WWW-Authenticate").is_some())
    });

    assert_eq!(statuses, [(401, true), (401, true)]);
}

#[test]
fn nonsense_does_not_harm_the_server() {
    let server = Server::start();
    let stranger = UdpPeer::bind(0);

    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    for length in 0..600_usize {
        let datagram: Vec<u8> = (0..length).map(|_| next_byte(&mut seed)).collect();
        stranger.send(&datagram, server.sip());
    }
    let torn = request(&stranger, "INVITE", "sip:1002@127.0.0.1", "127.0.0.1");
    for length in 0..torn.len() {
        stranger.send(&torn.as_bytes()[..length], server.sip());
    }

    let options = request(&stranger, "OPTIONS", "sip:127.0.0.1", "127.0.0.1");
    stranger.ask(&options, server.sip()).expect("the server still answers");
    assert!(server.get("/readyz").is_some());
}

/// xorshift64.
fn next_byte(seed: &mut u64) -> u8 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed >> 32) as u8
}
