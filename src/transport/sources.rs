//! Who may send: rate limits, offences and bans by source address, before anything is parsed.

use super::{
    config::SourceLimits,
    limiter::Limiter,
    network::{Network, SourceKey},
};
use arc_swap::ArcSwap;
use dashmap::DashMap;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Most sources whose offences are remembered and most that are banned at a time. Past it further
/// offenders are held by the rate limit alone.
const TRACKED_MAX: usize = 8 * 1024;

/// How often a full table is searched for entries that are over.
const PURGE_INTERVAL: Duration = Duration::from_secs(1);

/// All that is known about sources; bounded whatever they do.
pub(super) struct Sources {
    limits: SourceLimits,
    /// Without limits as well, for as long as they are carriers'.
    trusted: ArcSwap<Vec<IpAddr>>,
    limiter: Limiter,
    /// Until when; looked at only while `banned` is not 0.
    bans: DashMap<SourceKey, Instant>,
    banned: AtomicUsize,
    /// Off the hot path: locked only for what is over a limit.
    offences: Mutex<Offences>,
}

/// What to do with bytes from a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Look at them.
    Pass,
    /// Drop them: too many.
    Limited,
    /// Drop them: from a banned source.
    Banned,
}

impl Sources {
    pub(super) fn new(now: Instant, limits: SourceLimits) -> Self {
        Self {
            limiter: Limiter::new(now, limits.messages_per_second, limits.burst),
            limits,
            trusted: ArcSwap::default(),
            bans: DashMap::new(),
            banned: AtomicUsize::new(0),
            offences: Mutex::new(Offences { by_source: HashMap::new(), purged_at: now }),
        }
    }

    /// Charges one message to the source.
    pub(super) fn admit(&self, now: Instant, ip: IpAddr) -> Verdict {
        if self.is_exempt(ip) {
            return Verdict::Pass;
        }
        let source = SourceKey::from(ip);
        if self.is_banned(now, source) {
            return Verdict::Banned;
        }
        if self.limiter.admit(now, source) {
            return Verdict::Pass;
        }
        self.report_offence(now, ip);
        Verdict::Limited
    }

    /// Whether the source has no limits.
    pub(super) fn is_exempt(&self, ip: IpAddr) -> bool {
        self.limits.exempt.iter().any(|it: &Network| it.contains(ip))
            || self.trusted.load().contains(&ip.to_canonical())
    }

    /// Lifts the limits of these addresses, and of no others that the configuration does not exempt.
    pub(super) fn trust(&self, addresses: Vec<IpAddr>) {
        self.trusted.store(Arc::new(addresses));
    }

    /// Whether the source may not even connect.
    pub(super) fn is_banned(&self, now: Instant, source: SourceKey) -> bool {
        if self.banned.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let Some(until) = self.bans.get(&source).map(|it| *it) else { return false };
        if now < until {
            return true;
        }
        if self.bans.remove_if(&source, |_, until| *until <= now).is_some() {
            self.banned.fetch_sub(1, Ordering::Relaxed);
        }
        false
    }

    /// Counts an offence; true if it was the one that earned a ban.
    pub(super) fn report_offence(&self, now: Instant, ip: IpAddr) -> bool {
        if self.limits.offences_max == 0 || self.is_exempt(ip) {
            return false;
        }
        let source = SourceKey::from(ip);
        let enough = self.offences.lock().unwrap_or_else(PoisonError::into_inner).add(
            now,
            source,
            &self.limits,
        );
        enough && self.ban(now, source, ip)
    }

    fn ban(&self, now: Instant, source: SourceKey, ip: IpAddr) -> bool {
        // Called at most once an `offences_max` offences, so that purging here is cheap enough.
        if self.bans.len() >= TRACKED_MAX {
            self.bans.retain(|_, until| *until > now);
            self.banned.store(self.bans.len(), Ordering::Relaxed);
        }
        if self.bans.len() >= TRACKED_MAX {
            return false;
        }
        if self.bans.insert(source, now + self.limits.ban).is_none() {
            self.banned.fetch_add(1, Ordering::Relaxed);
        }
        tracing::info!(%ip, seconds = self.limits.ban.as_secs(), "source banned");
        metrics::counter!("tandem_sip_bans_total").increment(1);
        true
    }
}

struct Offences {
    by_source: HashMap<SourceKey, Offence>,
    purged_at: Instant,
}

struct Offence {
    since: Instant,
    count: u32,
}

impl Offences {
    /// Whether the source has reached the number that bans; it then starts anew.
    fn add(&mut self, now: Instant, source: SourceKey, limits: &SourceLimits) -> bool {
        let window = limits.offence_window;
        if self.by_source.len() >= TRACKED_MAX && now >= self.purged_at + PURGE_INTERVAL {
            self.purged_at = now;
            self.by_source.retain(|_, it| now < it.since + window);
        }
        if self.by_source.len() >= TRACKED_MAX && !self.by_source.contains_key(&source) {
            return false;
        }
        let offence = self.by_source.entry(source).or_insert(Offence { since: now, count: 0 });
        if now >= offence.since + window {
            *offence = Offence { since: now, count: 0 };
        }
        offence.count += 1;
        let enough = offence.count >= limits.offences_max;
        if enough {
            self.by_source.remove(&source);
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offences_within_the_window_earn_a_ban_that_ends() {
        let start = Instant::now();
        let sources = Sources::new(start, limits());
        let (offender, other) = (ip("192.0.2.1"), ip("192.0.2.2"));

        let banned: Vec<_> = (0..3).map(|_| sources.report_offence(start, offender)).collect();

        assert_eq!(banned, [false, false, true]);
        assert_eq!(sources.admit(start, offender), Verdict::Banned);
        assert_eq!(sources.admit(start, other), Verdict::Pass);
        let over = start + Duration::from_mins(1);
        assert_eq!(sources.admit(over, offender), Verdict::Pass);
        assert_eq!(sources.banned.load(Ordering::Relaxed), 0);
        assert!(!sources.report_offence(over, offender), "old offences are forgotten");
    }

    #[test]
    fn offences_far_apart_are_forgiven() {
        let start = Instant::now();
        let sources = Sources::new(start, limits());

        for n in 0..10 {
            let now = start + n * Duration::from_secs(6);
            assert!(!sources.report_offence(now, ip("192.0.2.1")));
        }
    }

    #[test]
    fn a_flood_is_limited_then_banned_and_an_exempt_source_is_neither() {
        let now = Instant::now();
        let sources = Sources::new(now, limits());

        let verdicts: Vec<_> = (0..7).map(|_| sources.admit(now, ip("2001:db8::1"))).collect();

        let expected =
            [[Verdict::Pass; 2].as_slice(), &[Verdict::Limited; 3], &[Verdict::Banned; 2]];
        assert_eq!(verdicts, expected.concat());
        assert_eq!(sources.admit(now, ip("2001:db8::2")), Verdict::Banned, "the same /64");
        assert!((0..100).all(|_| sources.admit(now, ip("10.1.2.3")) == Verdict::Pass));
    }

    #[test]
    fn an_address_has_no_limits_while_it_is_trusted() {
        let now = Instant::now();
        let sources = Sources::new(now, limits());
        let carrier = ip("192.0.2.1");
        let flood = || (0..100).map(|_| sources.admit(now, carrier)).collect::<Vec<_>>();

        sources.trust(vec![carrier]);
        let trusted = flood();
        let mapped = sources.is_exempt(ip("::ffff:192.0.2.1"));
        sources.trust(Vec::new());
        let not_trusted = flood();

        assert!(trusted.iter().all(|it| *it == Verdict::Pass) && mapped);
        assert_eq!(not_trusted.last(), Some(&Verdict::Banned));
    }

    #[test]
    fn offenders_without_end_are_tracked_within_the_bound() {
        let now = Instant::now();
        let sources = Sources::new(now, limits());

        for n in 0..3 * TRACKED_MAX as u32 {
            for _ in 0..4 {
                sources.report_offence(now, IpAddr::from((0xC000_0000 + n).to_be_bytes()));
            }
        }

        assert_eq!(sources.offences.lock().unwrap().by_source.len(), TRACKED_MAX);
        assert!(sources.bans.len() <= TRACKED_MAX);
        let later = now + Duration::from_secs(100);
        for _ in 0..3 {
            sources.report_offence(later, ip("192.0.2.1"));
        }
        assert_eq!(sources.admit(later, ip("192.0.2.1")), Verdict::Banned, "old ones made room");
    }

    fn limits() -> SourceLimits {
        SourceLimits {
            messages_per_second: 1,
            burst: 2,
            offences_max: 3,
            offence_window: Duration::from_secs(10),
            ban: Duration::from_mins(1),
            exempt: vec!["10.0.0.0/8".parse().unwrap()],
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
