//! TCP: accepting, connecting, and finding the connection that a message takes.

use super::{
    config::StreamLimits,
    connection::Connection,
    flows::{Flow, Flows, Outgoing, Population, PushError, Seat, ToPeer, Waiting},
    intake::Intake,
    listener::{self, Place},
};
use sip::{FlowId, Source, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Handle,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

/// How long accepting rests when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a silent peer is left alone before the kernel asks whether it lives.
const KEEP_ALIVE_AFTER: Duration = Duration::from_mins(1);

/// How long the kernel waits between its questions.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Flows tried for one message: the one it names, the peer's, a new one.
const TRIES: usize = 3;

/// All TCP connections.
pub(super) struct Streams {
    pub(super) flows: Arc<Flows>,
    pub(super) population: Arc<Population>,
    pub(super) limits: StreamLimits,
    pub(super) intake: Arc<Intake>,
    /// Where we listen.
    pub(super) places: Vec<Place>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) runtime: Handle,
}

impl Streams {
    /// Accepts connections until told to stop.
    pub(super) async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        place: Place,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok((stream, remote)) => self.welcome(stream, remote, &place, &stop),
                Err(error) => {
                    tracing::warn!(listener = %place.bound, %error, "cannot accept connections");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Sends over the flow named, else over one that leads to the peer, else over a new one.
    pub(super) fn send(
        self: &Arc<Self>,
        flow: Option<FlowId>,
        local: Option<SocketAddr>,
        remote: SocketAddr,
        mut outgoing: Outgoing,
    ) {
        let mut flow = flow.and_then(|it| self.flows.by_id(it));
        for _ in 0..TRIES {
            let known = match flow.take() {
                Some(flow) => flow,
                None => match self.flows.to_peer(Transport::Tcp, remote) {
                    ToPeer::Known(flow) => flow,
                    ToPeer::New(flow, queue) => {
                        self.open(flow.clone(), queue, local);
                        flow
                    }
                },
            };
            match known.push(outgoing) {
                Ok(()) => return,
                Err(PushError::Full(refused)) => return self.fail(refused.waiting),
                Err(PushError::Closed(refused)) => outgoing = refused,
            }
        }
        self.fail(outgoing.waiting);
    }

    fn fail(&self, waiting: Waiting) {
        self.intake.meters.send_failures.increment(1);
        waiting.report(&self.intake.inboxes);
    }

    fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        remote: SocketAddr,
        place: &Place,
        stop: &watch::Receiver<bool>,
    ) {
        let ip = remote.ip();
        let sources = &self.intake.sources;
        let source_max = self.limits.connections_per_source_max;
        let capped = (!sources.is_exempt(ip)).then_some((ip, source_max));
        let is_banned = sources.is_banned(Instant::now(), ip.into());
        let seat = self.population.admit(self.limits.connections_max, capped);
        let (false, Some(seat)) = (is_banned, seat) else {
            self.intake.meters.connections_refused.increment(1);
            return;
        };
        let Ok(local) = stream.local_addr() else { return };
        let (flow, queue) = self.flows.accept(Transport::Tcp, remote);
        let talk = self.clone().talk(stream, flow, place.seen_at(local), queue, stop.clone());
        tokio::spawn(with_seat(seat, talk));
    }

    /// Connects in the background; what is sent meanwhile waits in the flow's queue.
    fn open(
        self: &Arc<Self>,
        flow: Arc<Flow>,
        queue: mpsc::Receiver<Outgoing>,
        local: Option<SocketAddr>,
    ) {
        let streams = self.clone();
        let stop = self.stop.subscribe();
        self.runtime.spawn(async move {
            match streams.connect(&flow, local, &stop).await {
                Ok((seat, stream, seen)) => {
                    with_seat(seat, streams.talk(stream, flow, seen, queue, stop)).await;
                }
                Err(error) => {
                    tracing::debug!(remote = %flow.remote, %error, "cannot connect");
                    streams.give_up(&flow, queue).await;
                }
            }
        });
    }

    async fn connect(
        &self,
        flow: &Flow,
        local: Option<SocketAddr>,
        stop: &watch::Receiver<bool>,
    ) -> io::Result<(Seat, TcpStream, SocketAddr)> {
        if *stop.borrow() {
            return Err(io::Error::other("stopping"));
        }
        let seat = self
            .population
            .admit(self.limits.connections_max, None)
            .ok_or_else(|| io::Error::other("too many connections"))?;
        let remote = flow.remote;
        let place = listener::choose(&self.places, |it| it, flow.transport, local, remote.ip());
        let socket = if remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(place) = place.filter(|it| it.reaches(remote.ip())) {
            // The peer should see the address that our Via names. The port is any.
            socket.bind(SocketAddr::new(place.bound.ip(), 0))?;
        }
        let stream = timeout(self.limits.connect_timeout, socket.connect(remote)).await??;
        let own = stream.local_addr()?;
        Ok((seat, stream, place.map_or(own, |it| it.seen_at(own))))
    }

    async fn give_up(&self, flow: &Flow, mut queue: mpsc::Receiver<Outgoing>) {
        self.flows.remove(flow);
        queue.close();
        while let Some(outgoing) = queue.recv().await {
            self.fail(outgoing.waiting);
        }
    }

    async fn talk(
        self: Arc<Self>,
        mut stream: TcpStream,
        flow: Arc<Flow>,
        local: SocketAddr,
        queue: mpsc::Receiver<Outgoing>,
        stop: watch::Receiver<bool>,
    ) {
        prepare(&stream);
        self.intake.meters.connections.increment(1);
        let id = flow.id;
        let source = Source { transport: flow.transport, flow: id, local, remote: flow.remote };
        let connection = Connection {
            flow,
            source,
            limits: self.limits,
            flows: self.flows.clone(),
            intake: self.intake.clone(),
        };
        let (reader, writer) = stream.split();
        connection.run(reader, writer, queue, stop).await;
        drop(stream);
        self.intake.meters.connections.decrement(1);
        self.intake.inboxes.report_closed(id).await;
    }
}

/// Keeps the seat until the connection is over.
async fn with_seat(seat: Seat, talk: impl Future<Output = ()>) {
    talk.await;
    drop(seat);
}

fn prepare(stream: &TcpStream) {
    let keep_alive =
        TcpKeepalive::new().with_time(KEEP_ALIVE_AFTER).with_interval(KEEP_ALIVE_INTERVAL);
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keep_alive));
    if let Err(error) = prepared {
        // The peer has hung up already, which reading will show.
        tracing::debug!(%error, "cannot set up a connection");
    }
}
