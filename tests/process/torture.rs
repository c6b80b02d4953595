//! The torture messages of RFC 4475 and 5118, and worse, at the server's real ports.

use crate::harness::{
    Server, TcpPeer, UdpPeer, repository, request, request_over, status_of, wait_for,
};
use std::{fs, time::Duration};

#[test]
fn torture_messages_do_no_harm_over_udp_and_tcp_and_leave_nothing_behind() {
    let server = Server::start();
    let trunk = UdpPeer::trunk(&server);
    let stranger = UdpPeer::bind(0);

    for message in torture_messages() {
        trunk.send(&message, server.sip());
        stranger.send(&message, server.sip());
        // Whether the server keeps or closes the connection is its own business.
        TcpPeer::connect(server.sip()).send(&message);
    }
    stranger.send(&vec![b'A'; 65_000], server.sip());
    let huge = request(&stranger, "OPTIONS", "sip:127.0.0.1", "127.0.0.1")
        .replace("Max-Forwards", &format!("X-Long: {}\r\nMax-Forwards", "x".repeat(60_000)));
    stranger.send(huge.as_bytes(), server.sip());

    let options = request(&stranger, "OPTIONS", "sip:127.0.0.1", "127.0.0.1");
    stranger.ask(&options, server.sip()).expect("the server still answers");
    let mut connection = TcpPeer::connect(server.sip());
    let address = connection.address();
    let options = request_over("TCP", address, "OPTIONS", "sip:127.0.0.1", "127.0.0.1", "1001");
    assert!(connection.send(options.as_bytes()));
    assert!(status_of(&connection.expect("SIP/2.0 ")) >= 200);
    server.wait_until_quiet();
    assert_eq!(server.metric("tandem_call_panics_total"), 0);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn oversized_message_over_tcp_is_refused_and_the_connection_closed() {
    let server = Server::start();
    let mut connection = TcpPeer::connect(server.sip());
    let address = connection.address();
    let options = request_over("TCP", address, "OPTIONS", "sip:127.0.0.1", "127.0.0.1", "1001")
        .replace("Content-Length: 0", "Content-Length: 99999999");

    connection.send(options.as_bytes());

    let response = connection.receive(Duration::from_secs(10));
    assert!(response.is_none_or(|it| (400..600).contains(&status_of(&it))));
    wait_for("the connection's end", Duration::from_secs(20), || {
        (!connection.send(b"\r\n\r\n")).then_some(())
    });
}

fn torture_messages() -> Vec<Vec<u8>> {
    let folder = repository("crates/sip/tests/torture");
    let messages: Vec<_> = ["rfc4475", "rfc5118"]
        .iter()
        .flat_map(|rfc| fs::read_dir(folder.join(rfc)).expect("the folder is there"))
        .map(|file| fs::read(file.expect("a file").path()).expect("a message"))
        .collect();
    assert!(messages.len() > 50, "both RFCs are there");
    messages
}
