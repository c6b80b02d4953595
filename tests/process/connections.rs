//! Phones behind a TCP connection that only they can open.

use crate::harness::{Server, Sipp, TcpPeer, Transport, header, request_over, signed, status_of};

#[test]
fn phone_is_reached_over_the_connection_of_its_registration() {
    let server = Server::start();
    let mut phone = registered_phone(&server);

    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).start();
    let invite = phone.expect("INVITE ");
    let contact = format!("Contact: <sip:1002@{};transport=tcp>\r\n", phone.address());
    phone.answer(&invite, "180 Ringing", &contact, "");
    phone.answer(&invite, "200 OK", &contact, SDP);
    phone.expect("ACK ");
    let bye = phone.expect("BYE ");
    phone.answer(&bye, "200 OK", "", "");

    caller.succeed();
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 200), "{rows:?}");
}

#[test]
fn call_to_a_phone_whose_connection_is_gone_fails_at_once_with_480() {
    let server = Server::start();
    drop(registered_phone(&server));

    Sipp::caller(&server, 0, "uac-offline.xml", "1001", "1002").run();
}

#[test]
fn sipp_registers_over_tcp_and_unregisters() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Tcp);

    let trace = Sipp::registration(&server, 1, "register.xml", "1002", "demo-1002")
        .with(&["-key", "expires", "0"])
        .over(Transport::Tcp)
        .run();

    let last = trace.last().expect("a registration has messages");
    assert!(header(&last.message, "Contact").is_none(), "nothing is left: {}", last.message);
}

/// 1002, whose contact is an address at which nobody listens.
fn registered_phone(server: &Server) -> TcpPeer {
    let mut phone = TcpPeer::connect(server.sip());
    let register =
        request_over("TCP", phone.address(), "REGISTER", "sip:127.0.0.1", "127.0.0.1", "1002");
    assert!(phone.send(register.as_bytes()));
    let challenge = phone.expect("SIP/2.0 401");
    assert!(phone.send(signed(&register, &challenge, "1002").as_bytes()));
    let response = phone.expect("SIP/2.0 2");
    assert_eq!(status_of(&response), 200);
    phone
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
