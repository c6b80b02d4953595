//! A leg's media session: leased port, description of ours, life on its worker.

use super::LegError;
use crate::{
    context::{Context, Handle, LegRef},
    output::Output,
};
use base::MediaId;
use media::{
    Direction, Family, MediaCommand, Playout, PortLease, Remote, StreamStats,
    sdp::{Origin, RemoteSide},
};
use sip::Destination;
use std::net::SocketAddr;

/// How far the session is.
#[derive(Debug)]
pub(super) enum Media {
    /// Never opened.
    None,
    /// Lives on a worker.
    Open(Session),
    /// Told to close; its figures are on their way.
    Closing { media: MediaId, worker: u8 },
    /// Gone.
    Closed(StreamStats),
}

/// A session on its worker.
#[derive(Debug)]
pub(super) struct Session {
    media: MediaId,
    lease: PortLease,
    origin: Origin,
    /// Where the far end said last that it receives.
    remote: Option<Remote>,
    /// What flows, seen from us.
    direction: Direction,
    /// What was agreed with the far end last.
    side: Option<RemoteSide>,
}

impl Media {
    /// The open session.
    pub(super) fn session(&self) -> Result<&Session, LegError> {
        match self {
            Self::Open(session) => Ok(session),
            Self::None | Self::Closing { .. } | Self::Closed(_) => Err(LegError::NoMedia),
        }
    }

    /// The open session, to describe us or to change it.
    pub(super) fn session_mut(&mut self) -> Result<&mut Session, LegError> {
        match self {
            Self::Open(session) => Ok(session),
            Self::None | Self::Closing { .. } | Self::Closed(_) => Err(LegError::NoMedia),
        }
    }

    /// Tells the worker to end the session.
    pub(super) fn close(&mut self, ctx: &mut Context<'_>) {
        if let Self::Open(session) = self {
            let (media, worker) = (session.media, session.lease.worker);
            ctx.outputs.push_back(Output::Media { worker, command: MediaCommand::Close { media } });
            *self = Self::Closing { media, worker };
        }
    }

    /// The session is gone; these are its figures.
    pub(super) fn closed(&mut self, ctx: &mut Context<'_>, stats: StreamStats) {
        if let Self::Closing { media, worker } = *self {
            ctx.handles.remove(Handle::Media(media));
            ctx.ports.session_closed(worker, ctx.outputs);
        }
        *self = Self::Closed(stats);
    }

    /// Whether the worker owes us the figures.
    pub(super) fn is_closing(&self) -> bool {
        matches!(self, Self::Closing { .. })
    }

    /// Whether the far end asked not to be sent anything.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Open(session) if !session.direction.sends())
    }

    /// Whether nothing more comes from a worker.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::None | Self::Closed(_))
    }

    /// Takes the figures.
    pub(super) fn take_stats(&mut self) -> StreamStats {
        match self {
            Self::Closed(stats) => std::mem::take(stats),
            Self::None | Self::Open(_) | Self::Closing { .. } => StreamStats::default(),
        }
    }

    /// The session's name, as long as its worker may tell of it.
    pub(super) fn id(&self) -> Option<MediaId> {
        match self {
            Self::Open(Session { media, .. }) | Self::Closing { media, .. } => Some(*media),
            Self::None | Self::Closed(_) => None,
        }
    }

    /// Takes the session's name out of the index.
    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        if let Self::Open(Session { media, .. }) | Self::Closing { media, .. } = self {
            ctx.handles.remove(Handle::Media(*media));
        }
    }
}

impl Session {
    /// Opens a session on a leased port.
    pub(super) fn open(
        ctx: &mut Context<'_>,
        leg: LegRef,
        worker: u8,
        family: Family,
    ) -> Result<Self, LegError> {
        let (media, lease) = ctx.ports.take(worker, family, ctx.outputs).ok_or(LegError::NoPort)?;
        ctx.handles.insert(Handle::Media(media), leg);
        ctx.outputs
            .push_back(Output::Media { worker, command: MediaCommand::Open { media, lease } });
        let origin = Origin::new(ctx.rng.u64());
        let direction = Direction::SendRecv;
        Ok(Self { media, lease, origin, remote: None, direction, side: None })
    }

    /// The same on another worker, with a new port, which the far end has to be told of; until it
    /// is, it hears us from there.
    pub(super) fn on_worker(
        &self,
        ctx: &mut Context<'_>,
        leg: LegRef,
        worker: u8,
    ) -> Result<Self, LegError> {
        let mut moved = Self::open(ctx, leg, worker, Family::of(self.lease.address))?;
        moved.origin = self.origin.clone();
        moved.remote = self.remote;
        if let Some(side) = self.side.clone() {
            moved.configure(ctx, side);
        }
        Ok(moved)
    }

    /// Its name.
    pub(super) fn id(&self) -> MediaId {
        self.media
    }

    /// Where it lives.
    pub(super) fn worker(&self) -> u8 {
        self.lease.worker
    }

    /// What was agreed with the far end last.
    pub(super) fn side(&self) -> Option<&RemoteSide> {
        self.side.as_ref()
    }

    /// Lets `write` describe us with our address and the `o=` line of this leg.
    pub(super) fn describe<T>(&mut self, write: impl FnOnce(SocketAddr, &mut Origin) -> T) -> T {
        write(self.lease.address, &mut self.origin)
    }

    /// Tells the worker what the far end's description says. Without an address to send to (an old
    /// way to hold), nothing flows until the next description.
    pub(super) fn configure(&mut self, ctx: &mut Context<'_>, side: RemoteSide) {
        self.side = Some(side.clone());
        let Some(remote) = side.remote.or(self.remote) else { return };
        let direction = match side.remote {
            Some(_) => side.direction,
            None => Direction::Inactive,
        };
        self.remote = Some(remote);
        self.direction = direction;
        // Phones that hold may well send nothing, even if they say that they do.
        let timeout = ctx.settings.rtp_timeout.filter(|_| direction == Direction::SendRecv);
        let (media, packet_ms, formats) = (self.media, side.packet_ms(), side.formats);
        let command =
            MediaCommand::Configure { media, remote, direction, formats, packet_ms, timeout };
        ctx.outputs.push_back(Output::Media { worker: self.lease.worker, command });
    }

    /// Plays to the far end.
    pub(super) fn play(&self, ctx: &mut Context<'_>, playout: Playout) {
        self.tell(ctx, |media| MediaCommand::Play { media, playout });
    }

    /// Tells its worker something about it.
    pub(super) fn tell(
        &self,
        ctx: &mut Context<'_>,
        command: impl FnOnce(MediaId) -> MediaCommand,
    ) {
        let command = command(self.media);
        ctx.outputs.push_back(Output::Media { worker: self.lease.worker, command });
    }
}

/// The family in which the far end is likely to hear us: that of the way to it.
pub(super) fn family_towards(hop: &Destination, ctx: &Context<'_>) -> Family {
    let address = hop.host.ip().or_else(|| hop.local.map(|it| it.ip()));
    match address {
        Some(ip) => Family::of(SocketAddr::new(ip, 0)),
        None => ctx.settings.families.first().copied().unwrap_or(Family::V4),
    }
}
