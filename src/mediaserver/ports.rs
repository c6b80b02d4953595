//! The RTP ports of one worker: bound, leased, used, rested and leased again.
//!
//! A pair is an even port for RTP and the odd one above it for RTCP. The even one is bound when
//! the pair is first needed and stays bound, which holds the pair against other programs that
//! follow the same rule. The odd one is tried at that moment too, but bound for good only when a
//! session is described whose RTCP is not muxed. Sockets stay in the epoll set all their life, so
//! that a call costs no system call for its ports; what reaches a port without a session is read
//! and thrown away.

use super::{MediaAddress, MediaConfig};
use media::{Channel, Family, PortLease, Slot};
use rustix::{
    event::epoll,
    fd::OwnedFd,
    net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt},
};
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// All pairs of a worker, and the epoll set that they are in.
#[derive(Debug)]
pub(super) struct Ports {
    worker: u8,
    cool_down: Duration,
    epoll: OwnedFd,
    /// By slot.
    pairs: Vec<Pair>,
    by_address: HashMap<SocketAddr, Slot>,
    v4: Option<Pool>,
    v6: Option<Pool>,
    leased: usize,
}

#[derive(Debug)]
struct Pair {
    rtp: OwnedFd,
    rtcp: Option<OwnedFd>,
    bound: SocketAddr,
    lease: PortLease,
    use_: Use,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Use {
    Resting,
    Leased,
    Open,
}

/// What may be leased of one family.
#[derive(Debug)]
struct Pool {
    address: MediaAddress,
    /// Even ports never bound so far; those in use by others come again at the end.
    unbound: VecDeque<u16>,
    /// Bound pairs and when their rest is over, earliest first.
    resting: VecDeque<(Instant, Slot)>,
}

impl Ports {
    /// The share of worker `number` of the configured range.
    pub(super) fn new(config: &MediaConfig, number: u8) -> io::Result<Self> {
        let pool = |address: Option<MediaAddress>| {
            let share = pairs(&config.ports).skip(usize::from(number));
            let unbound = share.step_by(usize::from(config.workers)).collect();
            address.map(|address| Pool { address, unbound, resting: VecDeque::new() })
        };
        Ok(Self {
            worker: number,
            cool_down: config.cool_down,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            pairs: Vec::new(),
            by_address: HashMap::new(),
            v4: pool(config.v4),
            v6: pool(config.v6),
            leased: 0,
        })
    }

    /// The set that all sockets are in; the data of an event is read by [`event_source`].
    pub(super) fn epoll(&self) -> &OwnedFd {
        &self.epoll
    }

    /// Whose ports these are.
    pub(super) fn worker(&self) -> u8 {
        self.worker
    }

    /// One pair to use; `None` when the range is used up.
    pub(super) fn lease(&mut self, now: Instant, family: Family) -> Option<PortLease> {
        let slot = match self.take_rested(now, family) {
            Some(slot) => slot,
            None => self.bind_another(family)?,
        };
        let pair = &mut self.pairs[slot.0 as usize];
        pair.use_ = Use::Leased;
        self.leased += 1;
        Some(pair.lease)
    }

    /// Takes a leased pair into use. Until now the worker has read its sockets and dropped what
    /// came; what waits in them at this moment came after the command to open, so it is this call's.
    pub(super) fn open(&mut self, lease: &PortLease) -> Option<Slot> {
        let slot = *self.by_address.get(&lease.address)?;
        let pair = &mut self.pairs[slot.0 as usize];
        if pair.use_ != Use::Leased {
            return None;
        }
        pair.use_ = Use::Open;
        Some(slot)
    }

    /// Makes sure that the odd port of a pair is bound.
    pub(super) fn open_rtcp(&mut self, slot: Slot) -> io::Result<()> {
        let pair = &mut self.pairs[slot.0 as usize];
        if pair.rtcp.is_none() {
            let rtcp = bind(above(pair.bound))?;
            watch(&self.epoll, &rtcp, slot, Channel::Rtcp)?;
            pair.rtcp = Some(rtcp);
        }
        Ok(())
    }

    /// Takes a pair back; it rests before it is leased again.
    pub(super) fn give_back(&mut self, now: Instant, slot: Slot) {
        let pair = &mut self.pairs[slot.0 as usize];
        if pair.use_ == Use::Resting {
            return;
        }
        pair.use_ = Use::Resting;
        self.leased -= 1;
        let family = Family::of(pair.bound);
        let rested_at = now + self.cool_down;
        if let Some(pool) = self.pool(family) {
            pool.resting.push_back((rested_at, slot));
        }
    }

    /// Takes back a lease that was never opened.
    pub(super) fn give_back_lease(&mut self, now: Instant, lease: &PortLease) {
        if let Some(slot) = self.by_address.get(&lease.address).copied()
            && self.pairs[slot.0 as usize].use_ == Use::Leased
        {
            self.give_back(now, slot);
        }
    }

    /// A socket of a pair; `None` for an RTCP port that is not bound.
    pub(super) fn socket(&self, slot: Slot, channel: Channel) -> Option<&OwnedFd> {
        let pair = self.pairs.get(slot.0 as usize)?;
        match channel {
            Channel::Rtp => Some(&pair.rtp),
            Channel::Rtcp => pair.rtcp.as_ref(),
        }
    }

    /// Pairs leased or open.
    pub(super) fn leased(&self) -> usize {
        self.leased
    }

    /// Pairs that can still be leased, some after their rest.
    pub(super) fn free(&self) -> usize {
        let pools = [&self.v4, &self.v6].into_iter().flatten();
        pools.map(|it| it.unbound.len() + it.resting.len()).sum()
    }

    fn take_rested(&mut self, now: Instant, family: Family) -> Option<Slot> {
        let pool = self.pool(family)?;
        let (rested_at, slot) = *pool.resting.front()?;
        if rested_at > now {
            return None;
        }
        pool.resting.pop_front();
        Some(slot)
    }

    fn bind_another(&mut self, family: Family) -> Option<Slot> {
        let pool = self.pool(family)?;
        let address = pool.address;
        for _ in 0..pool.unbound.len() {
            let port = self.pool(family)?.unbound.pop_front()?;
            match self.bind_pair(address, port) {
                Ok(slot) => return Some(slot),
                Err(error) => {
                    self.pool(family)?.unbound.push_back(port);
                    if error.kind() != io::ErrorKind::AddrInUse {
                        tracing::warn!(%error, port, "cannot bind an RTP port; raise the limit of open files");
                        return None;
                    }
                }
            }
        }
        None
    }

    fn bind_pair(&mut self, address: MediaAddress, port: u16) -> io::Result<Slot> {
        let bound = SocketAddr::new(address.bind, port);
        let rtp = bind(bound)?;
        // Only asks whether the odd port is free.
        drop(bind(above(bound))?);
        let slot = Slot(self.pairs.len() as u32);
        watch(&self.epoll, &rtp, slot, Channel::Rtp)?;
        let advertised = SocketAddr::new(address.advertised, port);
        let lease = PortLease { worker: self.worker, address: advertised };
        self.by_address.insert(advertised, slot);
        self.pairs.push(Pair { rtp, rtcp: None, bound, lease, use_: Use::Resting });
        Ok(slot)
    }

    fn pool(&mut self, family: Family) -> Option<&mut Pool> {
        match family {
            Family::V4 => self.v4.as_mut(),
            Family::V6 => self.v6.as_mut(),
        }
    }
}

/// The even ports of a range whose odd ones are in it too.
pub(super) fn pairs(ports: &RangeInclusive<u16>) -> impl Iterator<Item = u16> + use<> {
    let (start, end) = (*ports.start(), *ports.end());
    (start..end).filter(|port| port % 2 == 0)
}

/// A non-blocking UDP socket, marked for expedited forwarding.
pub(super) fn bind(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::DGRAM, flags, None)?;
    // The mark is a wish to routers: a kernel that refuses it costs no call.
    let _ = match address {
        SocketAddr::V4(_) => sockopt::set_ip_tos(&socket, EXPEDITED_FORWARDING),
        SocketAddr::V6(_) => {
            sockopt::set_ipv6_v6only(&socket, true)?;
            sockopt::set_ipv6_tclass(&socket, u32::from(EXPEDITED_FORWARDING))
        }
    };
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

/// Which socket an event is about; `None` for the bell.
pub(super) fn event_source(data: epoll::EventData) -> Option<(Slot, Channel)> {
    let channel = match data.u64() & 1 {
        0 => Channel::Rtp,
        _ => Channel::Rtcp,
    };
    (data.u64() != BELL).then(|| (Slot((data.u64() >> 1) as u32), channel))
}

/// The event data of the bell.
pub(super) const BELL: u64 = u64::MAX;

fn watch(epoll: &OwnedFd, socket: &OwnedFd, slot: Slot, channel: Channel) -> io::Result<()> {
    let data = epoll::EventData::new_u64(u64::from(slot.0) << 1 | channel as u64);
    Ok(epoll::add(epoll, socket, data, epoll::EventFlags::IN)?)
}

fn above(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() + 1)
}

/// DSCP 46 (RFC 3246), in the upper six bits of the byte.
const EXPEDITED_FORWARDING: u8 = 0xb8;
