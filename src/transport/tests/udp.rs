use super::*;
use tokio::net::UdpSocket;

#[tokio::test]
async fn a_datagram_comes_in_and_its_answer_goes_back_over_either_ip_version() {
    let mut house = House::start(&[(Transport::Udp, "127.0.0.1:0"), (Transport::Udp, "[::1]:0")]);

    for (listener, bind) in ["127.0.0.1:0", "[::1]:0"].into_iter().enumerate() {
        let phone = Phone::new(bind).await;
        let ours = house.address(listener);
        phone.send(&options("a"), ours).await;

        let (source, message, raw) = house.message().await;
        house.send(&source.into(), "answer");

        assert_eq!((source.transport, source.local), (Transport::Udp, ours));
        assert_eq!(source.remote, phone.address());
        assert_eq!(Some(source.flow), house.listeners[listener].flow);
        assert_eq!((call_id(&message).as_str(), &raw[..]), ("a", options("a").as_bytes()));
        assert_eq!(phone.receive().await, ("answer".to_owned(), ours));
    }
}

#[tokio::test]
async fn keep_alives_are_no_messages_and_stun_is_answered() {
    let mut house = House::start(&[(Transport::Udp, "127.0.0.1:0")]);
    let phone = Phone::new("127.0.0.1:0").await;
    let ours = house.address(0);

    for keep_alive in ["", "\0", "\r\n", "\r\n\r\n", "\0\0\0\0"] {
        phone.send(keep_alive, ours).await;
    }
    let binding_request = "\0\x01\0\0\x21\x12\u{24}\x42abcdefghijkl".as_bytes();
    let mut stun = binding_request.to_vec();
    stun[6] = 0xA4;
    phone.0.send_to(&stun, ours).await.unwrap();
    phone.send(&options("a"), ours).await;

    assert_eq!(house.call_id().await, "a");
    let mut answer = [0; 64];
    let length = soon(phone.0.recv(&mut answer)).await.unwrap();
    let port = u16::from_be_bytes([answer[26] ^ 0x21, answer[27] ^ 0x12]);
    assert_eq!((length, &answer[..2], &answer[8..20]), (32, &[1, 1][..], &b"abcdefghijkl"[..]));
    assert_eq!(port, phone.address().port());
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_noise_is_dropped() {
    let mut house = House::start(&[(Transport::Udp, "127.0.0.1:0")]);
    let phone = Phone::new("127.0.0.1:0").await;

    phone.send("what is this?", house.address(0)).await;
    phone.send(&options("a").replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), house.address(0)).await;
    phone.send(&options("b"), house.address(0)).await;

    let (refusal, _) = phone.receive().await;
    assert!(refusal.starts_with("SIP/2.0 505 "), "{refusal}");
    assert_eq!(house.call_id().await, "b");
}

#[tokio::test]
async fn a_message_without_a_flow_leaves_from_the_listener_that_reaches_its_peer() {
    let house = House::start(&[(Transport::Udp, "[::1]:0"), (Transport::Udp, "127.0.0.1:0")]);
    let phone = Phone::new("127.0.0.1:0").await;
    let port = phone.address().port();

    let address = SocketAddr::new("::ffff:127.0.0.1".parse().unwrap(), port);
    let mapped = hop(Transport::Udp, address);
    let named =
        Destination { host: Host::Name(Bytes::from_static(b"localhost")), ..mapped.clone() };

    house.send(&mapped, "to a mapped address");
    assert_eq!(phone.receive().await, ("to a mapped address".to_owned(), house.address(1)));
    // Asked for, then remembered.
    for text in ["to a name", "to the name again"] {
        house.send(&named, text);
        assert_eq!(phone.receive().await, (text.to_owned(), house.address(1)));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_reported_to_its_transaction() {
    let mut house = House::start(&[(Transport::Udp, "127.0.0.1:0")]);
    let phone = Phone::new("127.0.0.1:0").await;
    let to = hop(Transport::Udp, phone.address());

    let no_datagram = "x".repeat(70_000);
    house.send_for(1, &to, &no_datagram);
    assert_eq!(house.failed().await, ClientId(1));

    house.send_for(2, &hop(Transport::Udp, "[::1]:5060".parse().unwrap()), "no listener");
    assert_eq!(house.failed().await, ClientId(2));

    house.send_for(3, &hop(Transport::Wss, phone.address()), "no such transport");
    assert_eq!(house.failed().await, ClientId(3));

    let name = Host::Name(Bytes::from_static(b"\xff"));
    house.send_for(4, &Destination { host: name, ..to }, "no name");
    assert_eq!(house.failed().await, ClientId(4));
}

#[tokio::test]
async fn a_full_shard_refuses_new_work_and_takes_what_belongs_to_a_dialog() {
    let mut house = House::start_with_inbox(&[(Transport::Udp, "127.0.0.1:0")], 4, |_| {});
    let phone = Phone::new("127.0.0.1:0").await;

    for call_id in ["a", "b", "c", "d"] {
        phone.send(&options(call_id), house.address(0)).await;
    }
    let (refusal, _) = phone.receive().await;
    phone.send(&request("BYE", "e", ";tag=2"), house.address(0)).await;

    assert!(refusal.starts_with("SIP/2.0 503 "), "{refusal}");
    for line in ["Call-ID: d", "Retry-After: 5", "CSeq: 1 OPTIONS", "To: <sip:1002@127.0.0.1>;tag="]
    {
        assert!(refusal.contains(line), "{line} in {refusal}");
    }
    for call_id in ["a", "b", "c", "e"] {
        assert_eq!(house.call_id().await, call_id);
    }
}

#[tokio::test]
async fn stopped_transports_read_no_more() {
    let house = House::start(&[(Transport::Udp, "127.0.0.1:0"), (Transport::Tcp, "[::1]:0")]);

    soon(house.handle.stop()).await;

    let House { mut inbox, handle, .. } = house;
    drop(handle);
    assert!(soon(inbox.recv()).await.is_none(), "nobody is left to send events");
}

pub(super) struct Phone(pub(super) UdpSocket);

impl Phone {
    pub(super) async fn new(bind: &str) -> Self {
        Self(UdpSocket::bind(bind).await.unwrap())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(super) async fn send(&self, text: &str, to: SocketAddr) {
        self.0.send_to(text.as_bytes(), to).await.unwrap();
    }

    async fn receive(&self) -> (String, SocketAddr) {
        let mut buffer = [0; 2048];
        let (length, from) = soon(self.0.recv_from(&mut buffer)).await.unwrap();
        (String::from_utf8(buffer[..length].to_vec()).unwrap(), from)
    }
}
