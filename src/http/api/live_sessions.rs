//! Sessions whose end somebody waits for: a WebSocket must close within seconds when its session is
//! over, whoever ended it and however, another process included.

use super::ApiState;
use crate::telemetry::metrics::SESSIONS;
use base::SessionId;
use metrics::gauge;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// All sessions that are watched.
#[derive(Clone, Debug, Default)]
pub struct LiveSessions(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watched: Mutex<HashMap<SessionId, Watched>>,
    look: Notify,
}

#[derive(Debug)]
struct Watched {
    watchers: usize,
    is_over: watch::Sender<bool>,
}

/// An eye on one session. While there is one, the session counts as in use.
#[derive(Debug)]
pub struct SessionWatch {
    all: LiveSessions,
    id: SessionId,
    is_over: watch::Receiver<bool>,
}

impl LiveSessions {
    /// Watches a session.
    pub fn watch(&self, id: SessionId) -> SessionWatch {
        let mut watched = self.watched();
        let entry = watched
            .entry(id)
            .or_insert_with(|| Watched { watchers: 0, is_over: watch::Sender::new(false) });
        entry.watchers += 1;
        SessionWatch { all: self.clone(), id, is_over: entry.is_over.subscribe() }
    }

    /// How many sessions are watched.
    pub fn len(&self) -> usize {
        self.watched().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.watched().is_empty()
    }

    /// Has the sessions looked at now: one may just have been ended.
    pub fn look(&self) {
        self.0.look.notify_one();
    }

    /// Compares the watched sessions with the database when told to look and every
    /// [`LOOK_INTERVAL`], until `stop` turns true. A database that is away ends no session.
    pub(super) async fn keep(self, api: ApiState, mut stop: watch::Receiver<bool>) {
        let mut next_touch = Instant::now() + TOUCH_INTERVAL;
        let mut next_look = Instant::now() + LOOK_INTERVAL;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.0.look.notified() => {}
                () = sleep_until(next_look) => {}
            }
            next_look = Instant::now() + LOOK_INTERVAL;
            self.end_those_that_are_over(&api).await;
            if next_touch <= Instant::now() {
                next_touch = Instant::now() + TOUCH_INTERVAL;
                self.touch(&api).await;
            }
        }
    }

    async fn end_those_that_are_over(&self, api: &ApiState) {
        let watched = self.ids();
        if watched.is_empty() {
            return;
        }
        let good = api.store.good_sessions(api.clock.now().unix, api.session_limits()).await;
        let good: HashSet<_> = match good {
            Ok(good) => good.into_iter().collect(),
            Err(error) => return tracing::warn!(%error, "sessions cannot be looked at"),
        };
        let all = self.watched();
        for id in watched.iter().filter(|it| !good.contains(it)) {
            if let Some(session) = all.get(id) {
                session.is_over.send_replace(true);
            }
        }
    }

    async fn touch(&self, api: &ApiState) {
        let now = api.clock.now().unix;
        for id in self.ids() {
            if let Err(error) = api.store.touch_session(now, id).await {
                return tracing::warn!(%error, "sessions cannot be kept alive");
            }
        }
        if let Err(error) = api.store.forget_old_sessions(now, api.session_limits()).await {
            return tracing::warn!(%error, "old sessions cannot be forgotten");
        }
        match api.store.good_sessions(now, api.session_limits()).await {
            Ok(good) => gauge!(SESSIONS).set(good.len() as f64),
            Err(error) => tracing::warn!(%error, "sessions cannot be counted"),
        }
    }

    fn ids(&self) -> Vec<SessionId> {
        self.watched().keys().copied().collect()
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<SessionId, Watched>> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionWatch {
    /// Resolves when the session is over.
    pub async fn ended(&mut self) {
        // The sender lives as long as this watch.
        let _ = self.is_over.wait_for(|is_over| *is_over).await;
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        *self.is_over.borrow()
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut all = self.all.watched();
        if let Some(session) = all.get_mut(&self.id) {
            session.watchers -= 1;
            if session.watchers == 0 {
                all.remove(&self.id);
            }
        }
    }
}

/// How late an end that another process brought about is noticed; one of our own is at once.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// How often watched sessions are noted as in use, old ones forgotten and good ones counted.
const TOUCH_INTERVAL: Duration = Duration::from_secs(60);
