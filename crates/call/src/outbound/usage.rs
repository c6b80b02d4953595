//! How much of each class is called now and today: the one count that all shards share.
//!
//! A call out holds a [`Permit`] from before its INVITE until its leg ends, however that comes about,
//! and each permit counts for its line and for its domain. Minutes count from the answer to the end,
//! while calls go on too: a call that reaches a cap is ended.

use super::{
    Allowed, OutboundClass,
    caps::{Caps, Limit, Scope},
};
use crate::dialplan::Zone;
use base::{DomainId, ExtensionId, Now};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts calls out. Cloning shares the counts.
#[derive(Clone, Debug, Default)]
pub struct OutboundUse(Arc<Mutex<Counts>>);

/// What is counted together.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct UseKey {
    /// The domain.
    pub domain: DomainId,
    /// One line of it; `None` for all together.
    pub line: Option<ExtensionId>,
    /// Name of the class.
    pub class: String,
}

/// What was talked on one day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DayUse {
    /// By whom, with whom.
    pub key: UseKey,
    /// Which day, as days since 1970 where the class has its clock.
    pub day: i64,
    /// How long, all calls together.
    pub talked: Duration,
}

/// A cap was reached, or somebody tried what nobody may: an administrator should look at it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutboundAlarm {
    /// The domain.
    pub domain: DomainId,
    /// Number of the line that calls.
    pub line: String,
    /// Name of the class; `None` for a number of the black list.
    pub class: Option<String>,
    /// The number that is called.
    pub number: String,
    /// What stands in the way.
    pub limit: Limit,
}

impl fmt::Display for OutboundAlarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, number, limit, .. } = self;
        let class = self.class.as_deref().unwrap_or_default();
        match limit {
            Limit::Calls(Scope::Line) | Limit::Rate(Scope::Line) | Limit::Minutes(Scope::Line) => {
                write!(f, "{line} {limit}: class {class}")
            }
            Limit::Calls(Scope::Domain)
            | Limit::Rate(Scope::Domain)
            | Limit::Minutes(Scope::Domain) => write!(f, "The domain {limit}: class {class}"),
            Limit::Hours => write!(f, "Class {class} {limit}"),
            Limit::Blocked => write!(f, "{number} {limit}"),
        }
    }
}

/// A call that is counted; dropping it counts it off.
#[derive(Debug)]
pub(crate) struct Permit {
    counts: OutboundUse,
    shares: [Share; 2],
    /// Tells it from others.
    number: u64,
    alarm: OutboundAlarm,
    /// When it is to be looked whether the call may go on; `None` for never.
    due: Option<Instant>,
}

/// What a permit counts in.
#[derive(Clone, Debug)]
struct Share {
    key: UseKey,
    caps: Caps,
    scope: Scope,
}

#[derive(Debug, Default)]
struct Counts {
    by_key: HashMap<UseKey, Count>,
    /// At most [`ALARMS_MAX`]; further ones are forgotten.
    alarms: VecDeque<OutboundAlarm>,
    /// When each was told last, for [`ALARM_INTERVAL`].
    told: HashMap<AlarmKey, Instant>,
    permits: u64,
    /// The latest moment that anybody spoke of.
    latest: Option<Instant>,
}

/// Alarms that are the same: of one line or, where a limit of the domain is reached, of all of them.
type AlarmKey = (DomainId, Option<String>, Limit);

#[derive(Debug, Default)]
struct Count {
    calls: u32,
    /// When calls began in the last minute, as far as it takes to know whether one more may.
    recent: VecDeque<Instant>,
    /// Whose clock says which day it is.
    zone: Zone,
    day: i64,
    /// On that day, without the calls that go on.
    talked: Duration,
    /// Calls that go on, and since when on that day.
    running: HashMap<u64, Instant>,
    is_changed: bool,
    /// Whether there is a cap of minutes, so that they are to be kept.
    is_capped: bool,
}

impl OutboundUse {
    /// Takes in what was talked before this process began.
    pub fn restore(&self, days: impl IntoIterator<Item = DayUse>) {
        let mut counts = self.lock();
        for DayUse { key, day, talked } in days {
            let count = counts.by_key.entry(key).or_default();
            (count.day, count.talked) = (day, talked);
        }
    }

    /// What was talked, of those with a cap of minutes whose sum has changed since the last time; with
    /// calls that go on.
    pub fn take_changes(&self, now: Now) -> Vec<DayUse> {
        let mut counts = self.lock();
        counts.told.retain(|_, at| *at + ALARM_INTERVAL > now.instant);
        let mut changes = Vec::new();
        for (key, count) in &mut counts.by_key {
            if !count.is_capped || (!count.is_changed && count.running.is_empty()) {
                continue;
            }
            count.roll(now);
            count.is_changed = false;
            let talked = count.talked_by(now.instant);
            changes.push(DayUse { key: key.clone(), day: count.day, talked });
        }
        changes
    }

    /// These changes could not be kept: they are to be told again.
    pub fn put_back(&self, changes: &[DayUse]) {
        let mut counts = self.lock();
        for change in changes {
            if let Some(count) = counts.by_key.get_mut(&change.key) {
                count.is_changed = true;
            }
        }
    }

    /// What an administrator should look at, oldest first. The same is told once in ten minutes.
    pub fn take_alarms(&self) -> Vec<OutboundAlarm> {
        self.lock().alarms.drain(..).collect()
    }

    /// Calls that are counted now.
    pub fn calls(&self, key: &UseKey) -> u32 {
        self.lock().by_key.get(key).map_or(0, |it| it.calls)
    }

    /// What was talked today, calls that go on among it.
    pub fn talked(&self, now: Now, key: &UseKey) -> Duration {
        self.lock().by_key.get_mut(key).map_or(Duration::ZERO, |count| {
            count.roll(now);
            count.talked_by(now.instant)
        })
    }

    /// Whether no call is counted.
    pub fn is_idle(&self) -> bool {
        self.lock().by_key.values().all(|it| it.calls == 0 && it.running.is_empty())
    }

    /// Counts a call that is allowed, unless a limit of its class is reached; `None` for one that is
    /// not counted.
    pub(crate) fn take(
        &self,
        now: Now,
        allowed: Allowed<'_>,
        number: &str,
    ) -> Result<Option<Permit>, OutboundAlarm> {
        let Allowed::Right { line, class } = allowed else { return Ok(None) };
        let alarm = |limit| OutboundAlarm {
            domain: line.domain,
            line: line.number.clone(),
            class: Some(class.name.clone()),
            number: number.to_owned(),
            limit,
        };
        let shares = Share::of(line.domain, line.id, class);
        let mut counts = self.lock();
        let reached = if class.is_open(now.unix) {
            shares.iter().find_map(|it| counts.reached(now, it, class.zone))
        } else {
            Some(Limit::Hours)
        };
        if let Some(limit) = reached {
            let alarm = alarm(limit);
            counts.raise(now.instant, alarm.clone());
            return Err(alarm);
        }
        for share in &shares {
            counts.begin(now, share);
        }
        counts.permits += 1;
        let (number, alarm) = (counts.permits, alarm(Limit::Minutes(Scope::Line)));
        Ok(Some(Permit { counts: self.clone(), shares, number, alarm, due: None }))
    }

    /// Somebody tried what nobody may.
    pub(crate) fn raise(&self, now: Instant, alarm: OutboundAlarm) {
        self.lock().raise(now, alarm);
    }

    /// A panic elsewhere cannot leave a half-made count: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The call is answered: minutes count from now on.
    pub(crate) fn answered(&mut self, now: Now) {
        let mut counts = self.counts.lock();
        for share in &self.shares {
            if let Some(count) = counts.by_key.get_mut(&share.key) {
                count.roll(now);
                count.running.insert(self.number, now.instant);
            }
        }
        drop(counts);
        let left = self.left(now).map(|(left, _)| left);
        self.due = left.map(|it| now.instant + it.min(CHECK_INTERVAL));
    }

    /// The call is over.
    pub(crate) fn ended(self, now: Now) {
        self.counts.lock().latest = Some(now.instant);
        drop(self);
    }

    /// When [`Self::check`] wants to be called.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the call has to end; else it is to be asked again later.
    pub(crate) fn check(&mut self, now: Now) -> Result<(), OutboundAlarm> {
        match self.left(now) {
            Some((Duration::ZERO, scope)) => {
                self.due = None;
                let alarm = OutboundAlarm { limit: Limit::Minutes(scope), ..self.alarm.clone() };
                self.counts.raise(now.instant, alarm.clone());
                Err(alarm)
            }
            left => {
                self.due = left.map(|(left, _)| now.instant + left.min(CHECK_INTERVAL));
                Ok(())
            }
        }
    }

    /// How long the call may go on if nobody else comes or goes, and whose cap ends it; `None` for as
    /// long as it likes.
    fn left(&self, now: Now) -> Option<(Duration, Scope)> {
        let mut counts = self.counts.lock();
        let left = self.shares.iter().filter_map(|share| {
            let most = minutes(share.caps.minutes_a_day?);
            let count = counts.by_key.get_mut(&share.key)?;
            count.roll(now);
            let left = most.saturating_sub(count.talked_by(now.instant));
            let callers = u32::try_from(count.running.len()).unwrap_or(u32::MAX).max(1);
            // What is less than the clock can tell is nothing.
            let share_of_it = left.checked_div(callers).unwrap_or_default();
            let share_of_it = if share_of_it < RESOLUTION { Duration::ZERO } else { share_of_it };
            Some((share_of_it, share.scope))
        });
        left.min_by_key(|it| it.0)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        let latest = counts.latest;
        for share in &self.shares {
            if let Some(count) = counts.by_key.get_mut(&share.key) {
                count.end(self.number, latest);
            }
        }
    }
}

impl Share {
    fn of(domain: DomainId, line: ExtensionId, class: &OutboundClass) -> [Self; 2] {
        let of = |line, caps, scope| {
            let key = UseKey { domain, line, class: class.name.clone() };
            Self { key, caps, scope }
        };
        [of(Some(line), class.line, Scope::Line), of(None, class.domain, Scope::Domain)]
    }
}

impl Counts {
    /// The limit that one more call would break.
    fn reached(&mut self, now: Now, share: &Share, zone: Zone) -> Option<Limit> {
        let Share { key, caps, scope } = share;
        let count = self.by_key.entry(key.clone()).or_default();
        count.zone = zone;
        count.is_capped = caps.minutes_a_day.is_some();
        count.roll(now);
        while count.recent.front().is_some_and(|it| *it + MINUTE <= now.instant) {
            count.recent.pop_front();
        }
        let recent = u32::try_from(count.recent.len()).unwrap_or(u32::MAX);
        if caps.calls_max.is_some_and(|max| count.calls >= max) {
            Some(Limit::Calls(*scope))
        } else if caps.calls_a_minute.is_some_and(|max| recent >= max) {
            Some(Limit::Rate(*scope))
        } else if caps.minutes_a_day.is_some_and(|max| count.talked_by(now.instant) >= minutes(max))
        {
            Some(Limit::Minutes(*scope))
        } else {
            None
        }
    }

    fn begin(&mut self, now: Now, share: &Share) {
        self.latest = Some(now.instant);
        let count = self.by_key.entry(share.key.clone()).or_default();
        count.calls += 1;
        if share.caps.calls_a_minute.is_some() {
            count.recent.push_back(now.instant);
        }
    }

    fn raise(&mut self, now: Instant, alarm: OutboundAlarm) {
        let line = (!alarm.limit.is_of_domain()).then(|| alarm.line.clone());
        let key = (alarm.domain, line, alarm.limit);
        if self.told.get(&key).is_some_and(|at| *at + ALARM_INTERVAL > now) {
            return;
        }
        self.told.insert(key, now);
        if self.alarms.len() < ALARMS_MAX {
            self.alarms.push_back(alarm);
        }
    }
}

impl Count {
    /// Begins another day, if it is one. A clock that is set back over midnight begins none: what was
    /// talked today would be forgotten. One that is set back by days was wrong before, and nobody is to
    /// wait for the day that it showed.
    fn roll(&mut self, now: Now) {
        let today = self.zone.day(now.unix);
        if today == self.day || today + 1 == self.day {
            return;
        }
        (self.day, self.talked, self.is_changed) = (today, Duration::ZERO, true);
        for since in self.running.values_mut() {
            *since = now.instant;
        }
    }

    fn talked_by(&self, now: Instant) -> Duration {
        let running = self.running.values().map(|it| now.saturating_duration_since(*it));
        self.talked + running.sum::<Duration>()
    }

    fn end(&mut self, permit: u64, latest: Option<Instant>) {
        self.calls = self.calls.saturating_sub(1);
        let Some(since) = self.running.remove(&permit) else { return };
        self.talked += latest.map_or(Duration::ZERO, |it| it.saturating_duration_since(since));
        self.is_changed = true;
    }
}

fn minutes(count: u32) -> Duration {
    MINUTE * count
}

const MINUTE: Duration = Duration::from_secs(60);
/// How often it is looked at the latest whether a call may go on: others come in meanwhile, which use
/// up what is left.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// What deadlines are exact to.
const RESOLUTION: Duration = Duration::from_millis(1);
/// How long the same alarm is not told again.
const ALARM_INTERVAL: Duration = Duration::from_secs(600);
/// Most alarms that wait for somebody who tells them.
const ALARMS_MAX: usize = 1_000;

#[cfg(test)]
mod tests;
