//! What all handlers share.

use super::{
    Act, Live, Problem, Session,
    attempts::Attempts,
    house::HouseHandle,
    idempotency::Answers,
    live_sessions::{LiveSessions, SessionWatch},
    mail::Mailer,
};
use crate::{
    clock::Clock,
    config::Config,
    mail,
    store::{AuditEntry, SessionLimits, Store},
};
use base::{DomainId, SessionId};
use std::{fmt, sync::Arc, time::Instant};
use tokio::sync::{Semaphore, broadcast, watch};

/// What all handlers share; clones are handles on the same.
#[derive(Clone)]
pub struct ApiState {
    /// The database.
    pub store: Store,
    /// The configuration in force at the start.
    pub config: Arc<Config>,
    /// The time, which tests inject.
    pub clock: Clock,
    /// Tells of every change of an object that people edit. A listener that falls more than
    /// [`CHANGES_MAX`] behind loses the oldest, is told so, and must read again.
    pub changes: broadcast::Sender<Changed>,
    /// Sessions that somebody must be told the end of.
    pub sessions: LiveSessions,
    /// What goes on now; `None` where nothing does.
    pub live: Option<Live>,
    /// When the process began, for its uptime.
    pub(super) started: Instant,
    /// The running server; without it changes wait for the next start.
    pub house: Option<HouseHandle>,
    pub(super) attempts: Arc<Attempts>,
    /// Letters that were asked for; each counts as a failure does.
    pub(super) recoveries: Arc<Attempts>,
    /// Letters on their way.
    pub(super) letters: Arc<Semaphore>,
    /// `None` where no letters are sent.
    pub(super) mailer: Option<Mailer>,
    pub(super) answers: Arc<Answers>,
    /// How many passwords are hashed at a time.
    pub(super) hashing: Arc<Semaphore>,
}

/// An object that people edit has changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// Of which domain.
    pub domain: DomainId,
    /// `user`, `role`, `line`, …
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// Which version it has; `None` once it is removed.
    pub version: Option<i64>,
    /// Login of who did it.
    pub by: String,
}

impl ApiState {
    /// With nobody signed in; without a mailer no letters are sent. Live handles are given to it by the
    /// `with_…` methods.
    pub fn new(
        store: Store,
        config: Arc<Config>,
        mailer: Option<mail::Mailer>,
        clock: Clock,
    ) -> Self {
        Self {
            mailer: mailer.and_then(|it| Mailer::new(it, &config)),
            store,
            config,
            clock,
            changes: broadcast::Sender::new(CHANGES_MAX),
            sessions: LiveSessions::default(),
            live: None,
            started: Instant::now(),
            house: None,
            attempts: Arc::default(),
            recoveries: Arc::default(),
            letters: Arc::new(Semaphore::new(LETTERS_MAX)),
            answers: Arc::default(),
            hashing: Arc::new(Semaphore::new(HASHED_AT_A_TIME)),
        }
    }

    /// With what goes on now.
    #[must_use]
    pub fn with_live(self, live: Live) -> Self {
        Self { live: Some(live), ..self }
    }

    /// What goes on now.
    pub(super) fn live(&self) -> Result<&Live, Problem> {
        self.live.as_ref().ok_or_else(Problem::busy)
    }

    /// With the running server.
    #[must_use]
    pub fn with_house(self, house: HouseHandle) -> Self {
        Self { house: Some(house), ..self }
    }

    /// The configuration with what a reload has changed since the start.
    pub(super) fn config_in_force(&self) -> Arc<Config> {
        self.house.as_ref().map_or_else(|| self.config.clone(), |it| it.config())
    }

    /// Lets calls go by what the database has of domains, extensions and trunks. The change is
    /// committed: if the server cannot take it over, that is logged, and a reload does it.
    pub async fn directory_changed(&self) {
        if let Some(house) = &self.house
            && let Err(problem) = house.reload_directory().await
        {
            tracing::error!(%problem, "a change waits for `tandem` to reload");
        }
    }

    /// How long sessions last.
    pub fn session_limits(&self) -> SessionLimits {
        let http = &self.config.http;
        SessionLimits { idle: http.session_idle, absolute: http.session_max }
    }

    /// Tells those who listen that an object has changed, once that is committed; `None` as the
    /// version says that it is gone.
    pub fn changed(
        &self,
        session: &Session,
        object: &'static str,
        id: impl ToString,
        version: impl Into<Option<i64>>,
    ) {
        let changed = Changed {
            domain: session.domain.id,
            object,
            id: id.to_string(),
            version: version.into(),
            by: session.login().to_owned(),
        };
        // Nobody may be listening.
        let _ = self.changes.send(changed);
    }

    /// Has the panels of some sessions begin anew, see [`Panels::renew`](super::Panels).
    pub(super) fn renew_panels(&self, is_meant: impl Fn(&Session) -> bool) {
        if let Some(live) = &self.live {
            live.panels.renew(is_meant);
        }
    }

    /// Writes down what a session did.
    pub async fn audit(&self, session: &Session, act: Act) -> Result<(), Problem> {
        let entry = AuditEntry {
            domain: session.domain.id,
            at: self.clock.now().unix,
            user: session.user_id(),
            who: session.login().to_owned(),
            address: session.address.clone(),
            what: act.what.as_str().to_owned(),
            object: act.object.as_str().to_owned(),
            object_id: act.object_id,
            before: act.before.map(|it| it.to_string()),
            after: act.after.map(|it| it.to_string()),
        };
        Ok(self.store.add_audit(entry).await?)
    }

    /// Keeps an eye on a session: resolves when it is over.
    pub fn watch_session(&self, id: SessionId) -> SessionWatch {
        self.sessions.watch(id)
    }

    /// Looks after sessions until `stop` turns true.
    pub async fn keep_house(self, stop: watch::Receiver<bool>) {
        self.sessions.clone().keep(self, stop).await;
    }
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").finish_non_exhaustive()
    }
}

/// Changes that a listener may be behind.
pub const CHANGES_MAX: usize = 1024;

/// Each takes 19 MiB and a core for tens of milliseconds.
const HASHED_AT_A_TIME: usize = 4;

/// Letters on their way at a time; one more is left out, and the log says so.
const LETTERS_MAX: usize = 16;
