//! Keeps how long was talked through trunks today, and tells administrators of caps that are reached.

use super::Running;
use crate::{
    clock,
    events::{Fact, Hub, Stamp, Topic},
    http::api::house::ToldAlarm,
    store::{Store, StoreError},
    telemetry::metrics,
};
use call::outbound::{OutboundAlarm, OutboundUse};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// How often it is kept: so much may be forgotten by a process that is killed.
const INTERVAL: Duration = Duration::from_secs(1);

impl Running {
    /// Keeps and tells until the server stops; what has changed by then is kept, too. To be awaited
    /// and never aborted: changes that are on their way to the database would be lost.
    pub(super) async fn watch_outbound_use(self: Arc<Self>, mut end: oneshot::Receiver<()>) {
        let (mut is_over, mut is_failing) = (false, false);
        while !is_over {
            is_over = timeout(INTERVAL, &mut end).await.is_ok();
            let kept = self.keep_outbound_use().await;
            match (&kept, is_failing) {
                (Err(error), false) => tracing::error!(
                    %error,
                    "the minutes talked through trunks are not kept, and will be once the database \
                     takes them; mend it"
                ),
                (Ok(()), true) => {
                    tracing::info!("the minutes talked through trunks are kept again");
                }
                (Err(_), true) | (Ok(()), false) => {}
            }
            is_failing = kept.is_err();
            for alarm in self.shared.outbound_use.take_alarms() {
                self.tell_of(&alarm);
            }
        }
    }

    /// Keeps what has changed.
    async fn keep_outbound_use(&self) -> Result<(), StoreError> {
        let changes = self.shared.outbound_use.take_changes(clock::now());
        if changes.is_empty() {
            return Ok(());
        }
        let kept = self.store.keep_outbound_use(&changes).await;
        if kept.is_err() {
            self.shared.outbound_use.put_back(&changes);
        }
        kept
    }

    fn tell_of(&self, alarm: &OutboundAlarm) {
        metrics::count_outbound_alarm(alarm);
        let OutboundAlarm { domain, line, class, number, limit } = alarm;
        tracing::error!(
            %domain,
            line,
            class,
            number,
            limit = limit.name(),
            "{alarm}: look at the calls of {line}; if they are right, change {} in the configuration \
             and reload it (SIGHUP), and if not, take the line's rights away with `tandem extension \
             rights`",
            limit.key(),
        );
        self.outbound_alarms.add(ToldAlarm { at: clock::unix_now(), alarm: alarm.clone() });
    }
}

/// The counts as they were when the process before this one ended.
pub(super) async fn restored(store: &Store) -> Result<OutboundUse, StoreError> {
    let counts = OutboundUse::default();
    counts.restore(store.outbound_use().await?);
    Ok(counts)
}

/// What administrators were told, for those who look later; panels that are open hear it at once.
#[derive(Debug)]
pub(super) struct ToldAlarms {
    hub: Hub,
    kept: Mutex<VecDeque<ToldAlarm>>,
}

impl ToldAlarms {
    /// Before any; they will be told to the panels of `hub`.
    pub(super) fn new(hub: Hub) -> Self {
        Self { hub, kept: Mutex::default() }
    }

    /// The latest first.
    pub(super) fn all(&self) -> Vec<ToldAlarm> {
        self.lock().iter().cloned().collect()
    }

    /// One domain that raises many does not push out those of others.
    fn add(&self, told: ToldAlarm) {
        let (at, domain) = (Stamp(told.at), told.alarm.domain);
        let OutboundAlarm { line, number, limit, .. } = told.alarm.clone();
        let fact = Fact::OutboundAlarm { line, number, limit: limit.name() };
        let mut alarms = self.lock();
        alarms.push_front(told);
        let mut own = alarms.iter().enumerate().filter(|(_, it)| it.alarm.domain == domain);
        if let Some((oldest, _)) = own.nth(ALARMS_KEPT) {
            alarms.remove(oldest);
        }
        drop(alarms);
        // Whoever hears of it and looks finds it.
        self.hub.publish(domain, Topic::Alarms, at, fact);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<ToldAlarm>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many alarms of a domain can be looked at later.
const ALARMS_KEPT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use base::{DomainId, Rng, UnixMillis};
    use call::outbound::Limit;

    #[test]
    fn a_domain_with_many_alarms_does_not_push_out_those_of_others() {
        let mut rng = Rng::from_number(1);
        let [quiet, loud] = [(); 2].map(|()| DomainId::new(UnixMillis(0), &mut rng));
        let told = ToldAlarms::new(Hub::new());
        let add = |domain, line: usize| {
            let alarm = OutboundAlarm {
                domain,
                line: line.to_string(),
                class: None,
                number: "+88212345".to_owned(),
                limit: Limit::Blocked,
            };
            told.add(ToldAlarm { at: clock::unix_now(), alarm });
        };

        add(quiet, 0);
        (0..ALARMS_KEPT + 50).for_each(|line| add(loud, line));

        let kept = told.all();
        let (own, others): (Vec<_>, Vec<_>) = kept.iter().partition(|it| it.alarm.domain == loud);
        assert_eq!((own.len(), others.len()), (ALARMS_KEPT, 1));
        assert_eq!(own.first().map(|it| it.alarm.line.as_str()), Some("249"), "the latest first");
        assert_eq!(own.last().map(|it| it.alarm.line.as_str()), Some("50"));
    }
}
