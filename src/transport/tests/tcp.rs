use super::*;
use std::net::IpAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn a_message_comes_in_and_its_answer_goes_back_over_either_ip_version() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0"), (Transport::Tcp, "[::1]:0")]);

    let mut flows = Vec::new();
    for listener in 0..2 {
        let mut phone = Phone::connect(house.address(listener)).await;
        phone.send(&options("a")).await;

        let (source, message, raw) = house.message().await;
        house.send(&source.into(), "answer");

        assert_eq!((source.transport, source.local), (Transport::Tcp, house.address(listener)));
        assert_eq!(source.remote, phone.address());
        assert_eq!((call_id(&message).as_str(), &raw[..]), ("a", options("a").as_bytes()));
        assert_eq!(phone.receive(6).await, "answer");
        flows.push(source.flow);
        drop(phone);
        assert_eq!(house.closed().await, source.flow);
    }
    assert_ne!(flows[0], flows[1]);
}

#[tokio::test]
async fn a_message_may_come_in_any_two_pieces_and_two_in_one() {
    let mut house = House::start_with(&[(Transport::Tcp, "127.0.0.1:0")], without_limits);
    let mut phone = Phone::connect(house.address(0)).await;
    let message = options("a");

    for split in 1..message.len() {
        let (head, tail) = message.split_at(split);
        phone.send(head).await;
        // The answer to a message of another connection shows that the head was read by then or
        // stands alone in the kernel's buffer.
        let mut other = Phone::connect(house.address(0)).await;
        other.send("\r\n\r\n").await;
        assert_eq!(other.receive(2).await, "\r\n");
        drop(other);
        house.closed().await;
        phone.send(tail).await;
        assert_eq!(house.message().await.2, message.as_bytes(), "split at {split}");
    }
    phone.send(&[options("b"), "\r\n\r\n".to_owned(), options("c")].concat()).await;
    assert_eq!([house.call_id().await, house.call_id().await], ["b", "c"]);
    assert_eq!(phone.receive(2).await, "\r\n");
}

#[tokio::test]
async fn a_ping_is_answered_with_a_pong() {
    let house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;

    for _ in 0..3 {
        phone.send("\r\n\r\n").await;
        assert_eq!(phone.receive(2).await, "\r\n");
    }
}

#[tokio::test]
async fn the_connection_that_a_peer_opened_is_used_to_reach_it() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;
    phone.send(&options("a")).await;
    house.message().await;

    house.send(&hop(Transport::Tcp, phone.address()), "by address");

    assert_eq!(phone.receive(10).await, "by address");
}

#[tokio::test]
async fn messages_to_one_peer_share_a_connection_and_wait_for_it_in_order() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let (peer, address) = peer("127.0.0.1:0").await;

    for text in ["one", "two", "six"] {
        house.send(&hop(Transport::Tcp, address), text);
    }
    let mut phone = Phone(soon(peer.accept()).await.unwrap().0);
    assert_eq!(phone.receive(9).await, "onetwosix");

    phone.send(&options("a")).await;
    let (source, ..) = house.message().await;
    assert_eq!((source.local, source.remote), (house.address(0), address));
    house.send(&source.into(), "back");
    assert_eq!(phone.receive(4).await, "back");
}

#[tokio::test]
async fn a_lost_connection_is_reported_and_opened_again_when_needed() {
    let mut house = House::start(&[(Transport::Tcp, "[::1]:0")]);
    let (peer, address) = peer("[::1]:0").await;
    house.send(&hop(Transport::Tcp, address), "first");
    let mut phone = Phone(soon(peer.accept()).await.unwrap().0);
    phone.receive(5).await;
    phone.send(&options("a")).await;
    let (source, ..) = house.message().await;

    drop(phone);
    assert_eq!(house.closed().await, source.flow);
    house.send(&source.into(), "second");

    let mut phone = Phone(soon(peer.accept()).await.unwrap().0);
    assert_eq!(phone.receive(6).await, "second");
}

#[tokio::test]
async fn everybody_who_waits_for_a_connection_hears_that_it_was_refused() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let (peer, address) = peer("127.0.0.1:0").await;
    drop(peer);

    for client in 1..=3 {
        house.send_for(client, &hop(Transport::Tcp, address), "anybody there?");
    }

    let mut failed = [house.failed().await, house.failed().await, house.failed().await];
    failed.sort();
    assert_eq!(failed, [1, 2, 3].map(ClientId));
}

#[tokio::test]
async fn connections_that_bring_nothing_or_bring_it_too_slowly_are_closed() {
    let whole = options("a");
    for (sent, named) in [
        ("", "nothing at all"),
        (&whole[..50], "half of the first message"),
        (&whole, "nothing more"),
        (&[&whole, &whole[..50]].concat(), "half of the second message"),
    ] {
        let mut house = House::start_with(&[(Transport::Tcp, "127.0.0.1:0")], |config| {
            config.streams.first_message_timeout = MOMENT;
            config.streams.message_timeout = MOMENT;
            config.streams.idle_timeout = MOMENT;
        });
        let mut phone = Phone::connect(house.address(0)).await;
        phone.send(sent).await;

        assert_eq!(phone.rest().await, "", "{named}");

        if sent.len() >= whole.len() {
            house.message().await;
        }
        house.closed().await;
    }
}

#[tokio::test]
async fn a_connection_in_use_outlives_its_timers() {
    let mut house = House::start_with(&[(Transport::Tcp, "127.0.0.1:0")], |config| {
        config.streams.first_message_timeout = MOMENT;
        config.streams.message_timeout = MOMENT;
        config.streams.idle_timeout = MOMENT;
    });
    let mut phone = Phone::connect(house.address(0)).await;
    let end = Instant::now() + 4 * MOMENT;

    while Instant::now() < end {
        phone.send(&options("a")).await;
        house.message().await;
        phone.send("\r\n\r\n").await;
        assert_eq!(phone.receive(2).await, "\r\n");
    }
}

#[tokio::test]
async fn connections_are_capped_by_source_and_in_total() {
    for (per_source, total) in [(2, 100), (100, 2)] {
        let mut house = House::start_with(&[(Transport::Tcp, "127.0.0.1:0")], |config| {
            config.streams.connections_per_source_max = per_source;
            config.streams.connections_max = total;
        });
        let mut first = Phone::connect(house.address(0)).await;
        let mut second = Phone::connect(house.address(0)).await;
        for phone in [&mut first, &mut second] {
            phone.send("\r\n\r\n").await;
            phone.receive(2).await;
        }

        let mut third = Phone::connect(house.address(0)).await;
        assert_eq!(third.rest().await, "");

        drop(first);
        house.closed().await;
        let mut fourth = Phone::connect(house.address(0)).await;
        fourth.send("\r\n\r\n").await;
        assert_eq!(fourth.receive(2).await, "\r\n");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off_and_the_waiting_hear_of_it() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;
    phone.send(&options("a")).await;
    let (source, ..) = house.message().await;
    let big = "x".repeat(60_000);

    // The kernel takes some MB, then the queue fills up.
    let mut sent = 0;
    while house.inbox.is_empty() {
        house.send_for(sent, &source.into(), &big);
        sent += 1;
        assert!(sent < 10_000, "the queue is bounded");
        tokio::task::yield_now().await;
    }

    assert!(house.failed().await.0 < sent);
    loop {
        match house.event().await {
            TransportEvent::SendFailed { .. } => {}
            TransportEvent::FlowClosed { flow } => {
                assert_eq!(flow, source.flow);
                break;
            }
            TransportEvent::Received { .. } => panic!("nothing was sent"),
        }
    }
}

#[tokio::test]
async fn what_is_no_sip_is_answered_and_the_connection_closed() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;
    let huge = options("a").replace("Content-Length: 4", "Content-Length: 99999999");

    phone.send(&huge).await;

    let rest = phone.rest().await;
    assert!(rest.starts_with("SIP/2.0 513 "), "{rest}");
    house.closed().await;
}

#[tokio::test]
async fn a_malformed_message_is_refused_and_the_connection_goes_on() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;

    phone.send(&options("a").replace("CSeq: 1 OPTIONS", "CSeq: 1 BYE")).await;
    assert_eq!(phone.receive(12).await, "SIP/2.0 400 ");
    phone.send(&options("b")).await;

    assert_eq!(house.call_id().await, "b");
}

#[tokio::test]
async fn a_full_shard_slows_a_stream_down_and_loses_nothing_of_its_dialogs() {
    let mut house = House::start_with_inbox(&[(Transport::Tcp, "127.0.0.1:0")], 4, |_| {});
    let mut phone = Phone::connect(house.address(0)).await;

    for n in 0..20 {
        phone.send(&request("INFO", &n.to_string(), ";tag=2")).await;
    }

    for n in 0..20 {
        assert_eq!(house.call_id().await, n.to_string());
    }
}

#[tokio::test]
async fn a_failure_is_told_to_the_shard_that_asked_and_a_closed_flow_to_all() {
    let (first, mut first_inbox) = mpsc::channel(INBOX);
    let (second, mut second_inbox) = mpsc::channel(INBOX);
    let config = TransportConfig {
        listen: vec![listen(Transport::Tcp, "127.0.0.1:0")],
        ..TransportConfig::default()
    };
    let (handle, listeners) = Transports::start(config, vec![first, second], &[]).unwrap();
    let (peer, nobody) = peer("127.0.0.1:0").await;
    drop(peer);

    handle.send(&hop(Transport::Tcp, nobody), Bytes::new(), Some(ClientId(7)), 1);
    let failed = soon(second_inbox.recv()).await;
    let mut phone = Phone::connect(listeners[0].advertised).await;
    phone.send("\r\n\r\n").await;
    phone.receive(2).await;
    drop(phone);

    assert!(matches!(failed, Some(TransportEvent::SendFailed { client: ClientId(7) })));
    for inbox in [&mut first_inbox, &mut second_inbox] {
        let closed = soon(inbox.recv()).await;
        assert!(matches!(closed, Some(TransportEvent::FlowClosed { .. })), "{closed:?}");
    }
}

#[tokio::test]
async fn stopping_writes_what_is_queued_and_closes() {
    let mut house = House::start(&[(Transport::Tcp, "127.0.0.1:0")]);
    let mut phone = Phone::connect(house.address(0)).await;
    phone.send(&options("a")).await;
    let (source, ..) = house.message().await;

    for _ in 0..500 {
        house.send(&source.into(), "0123456789");
    }
    let (rest, ()) = tokio::join!(phone.rest(), soon(house.handle.stop()));

    assert_eq!(rest.len(), 5_000);
    assert_eq!(house.closed().await, source.flow);
    TcpStream::connect(house.address(0)).await.unwrap_err();
    house.send_for(1, &source.into(), "too late");
    assert_eq!(house.failed().await, ClientId(1));
}

#[tokio::test]
async fn a_banned_source_is_disconnected_and_may_not_connect() {
    let mut house = House::start_with(&[(Transport::Tcp, "127.0.0.1:0")], |config| {
        config.sources.offences_max = 3;
    });
    let mut phone = Phone::connect(house.address(0)).await;
    phone.send(&options("a")).await;
    house.message().await;

    for _ in 0..3 {
        house.handle.report_offence(IpAddr::from([127, 0, 0, 1]));
    }
    phone.send(&options("b")).await;

    assert_eq!(phone.rest().await, "");
    house.closed().await;
    assert_eq!(Phone::connect(house.address(0)).await.rest().await, "");
}

fn without_limits(config: &mut TransportConfig) {
    config.sources.exempt = vec!["127.0.0.0/8".parse().unwrap()];
}

async fn peer(bind: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(bind).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

struct Phone(TcpStream);

impl Phone {
    async fn connect(to: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(to)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    async fn send(&mut self, text: &str) {
        soon(self.0.write_all(text.as_bytes())).await.unwrap();
    }

    async fn receive(&mut self, length: usize) -> String {
        let mut buffer = vec![0; length];
        soon(self.0.read_exact(&mut buffer)).await.unwrap();
        String::from_utf8(buffer).unwrap()
    }

    /// Everything until the far end closes. A reset closes, too: unread bytes may cause one.
    async fn rest(&mut self) -> String {
        let mut buffer = Vec::new();
        let _ = soon(self.0.read_to_end(&mut buffer)).await;
        String::from_utf8(buffer).unwrap()
    }
}

const MOMENT: Duration = Duration::from_millis(200);
