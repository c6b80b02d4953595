//! A server of a test and the far ends that talk to it.

use super::*;

/// A server with one worker, and its events.
pub(super) struct World {
    pub(super) server: MediaServer,
    pub(super) handle: MediaHandle,
    pub(super) events: mpsc::Receiver<MediaEvent>,
    pub(super) tape: TapeIn,
    next_media: std::cell::Cell<u64>,
    _ports: PortBlock,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut MediaConfig)) -> Self {
        Self::at(PortBlock::claim(), change)
    }

    pub(super) fn at(ports: PortBlock, change: impl FnOnce(&mut MediaConfig)) -> Self {
        let mut config = Self::config(&ports);
        change(&mut config);
        let (sender, events) = mpsc::sync_channel(100);
        let (out, tape) = tape(1);
        let server =
            MediaServer::start(&config, &[sink(sender)], &out, &mut Rng::from_number(1)).unwrap();
        let handle = server.handle(0);
        Self { server, handle, events, tape, next_media: std::cell::Cell::new(0), _ports: ports }
    }

    /// One worker on IPv4 loopback, with ports that no other test has.
    pub(super) fn config(ports: &PortBlock) -> MediaConfig {
        let localhost = Ipv4Addr::LOCALHOST.into();
        MediaConfig {
            workers: 1,
            v4: Some(MediaAddress { bind: localhost, advertised: localhost }),
            v6: None,
            ports: ports.rtp_range(),
            cool_down: Duration::ZERO,
        }
    }

    pub(super) fn send(&self, command: MediaCommand) {
        self.handle.send(0, command).unwrap();
    }

    pub(super) fn event(&self) -> MediaEvent {
        self.events.recv_timeout(DEADLINE).expect("an event within the deadline")
    }

    /// Waits until the worker has carried out all commands so far.
    pub(super) fn settle(&self) {
        assert_eq!(self.lease(Family::V4, 0), []);
    }

    pub(super) fn lease(&self, family: Family, count: u16) -> Vec<PortLease> {
        self.send(MediaCommand::Lease { family, count });
        let event = self.event();
        let MediaEvent::Leased { family: leased, leases, .. } = event else {
            panic!("{event:?} instead of leases");
        };
        assert_eq!(leased, family);
        leases
    }

    pub(super) fn wait_for_leases(&self, count: usize) -> Vec<PortLease> {
        let end = Instant::now() + DEADLINE;
        let mut leases = Vec::new();
        while leases.len() < count {
            assert!(Instant::now() < end, "only {leases:?} within the deadline");
            leases.extend(self.lease(Family::V4, (count - leases.len()) as u16));
        }
        leases
    }

    pub(super) fn phone(&self) -> Phone {
        self.open(self.lease(Family::V4, 1)[0])
    }

    pub(super) fn open(&self, lease: PortLease) -> Phone {
        self.open_for(lease, Phone::bind(Ipv4Addr::LOCALHOST.into()))
    }

    pub(super) fn open_for(&self, lease: PortLease, phone: Phone) -> Phone {
        self.next_media.set(self.next_media.get() + 1);
        let media = MediaId::new(0, self.next_media.get());
        self.send(MediaCommand::Open { media, lease });
        Phone { media, lease, ..phone }
    }

    pub(super) fn configure(
        &self,
        phone: &Phone,
        remote: Remote,
        direction: Direction,
        timeout: Option<Duration>,
    ) {
        self.send(configuration(phone.media, remote, direction, timeout));
    }

    pub(super) fn bridge(&self, a: &Phone, b: &Phone, map: PayloadMap) {
        let (a, b) = (a.media, b.media);
        self.send(MediaCommand::Bridge { a, b, a_to_b: map.clone(), b_to_a: map });
    }

    pub(super) fn bridged_pair(&self) -> (Phone, Phone) {
        let (a, b) = (self.phone(), self.phone());
        self.configure(&a, a.remote(), Direction::SendRecv, None);
        self.configure(&b, b.remote(), Direction::SendRecv, None);
        self.bridge(&a, &b, PayloadMap::Same);
        self.settle();
        (a, b)
    }

    pub(super) fn close(&self, media: MediaId) -> StreamStats {
        self.send(MediaCommand::Close { media });
        let event = self.event();
        let MediaEvent::Closed { media: closed, stats } = event else {
            panic!("{event:?} instead of the end of {media}");
        };
        assert_eq!(closed, media);
        stats
    }

    pub(super) fn metrics(&self) -> &WorkerMetrics {
        &self.server.metrics()[0]
    }
}

pub(super) fn configuration(
    media: MediaId,
    remote: Remote,
    direction: Direction,
    timeout: Option<Duration>,
) -> MediaCommand {
    let formats = vec![Format {
        payload_type: 8,
        encoding: "PCMA".to_owned(),
        clock_rate: 8000,
        channels: 1,
        fmtp: None,
    }];
    MediaCommand::Configure { media, remote, direction, formats, packet_ms: 20, timeout }
}

/// A far end: a socket, and the session that it talks to.
pub(super) struct Phone {
    pub(super) socket: UdpSocket,
    pub(super) media: MediaId,
    pub(super) lease: PortLease,
}

impl Phone {
    pub(super) fn bind(ip: IpAddr) -> Self {
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        let nowhere = PortLease { worker: 0, address: socket.local_addr().unwrap() };
        Self { socket, media: MediaId(0), lease: nowhere }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(super) fn remote(&self) -> Remote {
        Remote { rtp: self.address(), rtcp: Rtcp::Mux }
    }

    pub(super) fn send(&self, packet: &[u8]) {
        self.send_to(packet, self.lease.address);
    }

    pub(super) fn send_to(&self, packet: &[u8], to: SocketAddr) {
        self.socket.send_to(packet, to).unwrap();
    }

    pub(super) fn receive(&self) -> Vec<u8> {
        self.socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut buffer = [0; 2000];
        let len = self.socket.recv(&mut buffer).expect("a packet within the deadline");
        buffer[..len].to_vec()
    }

    /// Nothing waits, and nothing comes for a while.
    pub(super) fn hears_nothing(&self) {
        self.socket.set_read_timeout(Some(Duration::from_millis(60))).unwrap();
        let mut buffer = [0; 2000];
        let heard = self.socket.recv(&mut buffer);
        assert!(heard.is_err(), "{:?}", Header::parse(&buffer));
    }

    /// The A-law samples of the next packets, which follow each other; a marker tells where the
    /// worker had to wait for a busy machine.
    pub(super) fn listen(&self, packets: usize) -> Vec<f64> {
        let heard: Vec<_> = (0..packets).map(|_| self.receive()).collect();
        let headers: Vec<_> = heard.iter().map(|it| Header::parse(it).unwrap()).collect();
        assert!(headers[0].0.marker);
        for (n, (header, payload_len)) in headers.iter().enumerate() {
            assert_eq!((header.payload_type, *payload_len), (8, 160));
            assert_eq!(header.ssrc, headers[0].0.ssrc);
            assert_eq!(header.sequence, headers[0].0.sequence.wrapping_add(n as u16));
            if !header.marker {
                let before = headers[n - 1].0.timestamp;
                assert_eq!(header.timestamp, before.wrapping_add(160));
            }
        }
        heard
            .iter()
            .flat_map(|it| &it[HEADER_LEN..])
            .map(|byte| f64::from(Law::A.decode(*byte)))
            .collect()
    }
}

pub(super) fn sink(sender: mpsc::SyncSender<MediaEvent>) -> EventSink {
    Arc::new(move |event| {
        sender.try_send(event).map_err(|error| match error {
            mpsc::TrySendError::Full(event) | mpsc::TrySendError::Disconnected(event) => event,
        })
    })
}
