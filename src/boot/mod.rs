//! Puts the house together: the one place that knows everybody.
//!
//! [`serve`] starts the parts from the bottom up, so that nothing answers before what it needs is
//! there, and stops them from the top down, so that nothing accepted is lost.

mod audio_file;
mod control;
mod features;
mod figures;
pub mod house;
mod outbound;
mod parts;
pub mod plans;
mod questions;
mod recents;
mod running;
mod settings;
mod shards;
mod signals;
pub mod sounds;
mod wiring;

use crate::{
    clock::Clock,
    config::{Config, ConfigError, Overrides, Written},
    fetcher::Fetcher,
    http::{
        self, HttpState,
        api::{self, ApiState},
        control::ControlSocket,
    },
    mail::Mailer,
    mediaserver,
    recordings::RecordingsError,
    store::{LoadedDirectory, OpenError, Store, StoreError},
    telemetry::{logs, metrics},
    transport,
    voicemail::VoicemailError,
};
use arc_swap::ArcSwap;
use call::{Directory, Sounds, dialplan::Plans};
use parts::{Asked, Parts};
use plans::PlansError;
use running::Running;
use signals::Signals;
use std::{
    collections::BTreeSet,
    fs, io,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::sync::{Mutex, oneshot, watch};
use wiring::raise_file_limit;

/// How long panels may take to hear that the server stops.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// Why the server does not start. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The configuration has mistakes.
    #[error("{}", lines(.0))]
    Config(Vec<ConfigError>),
    /// The data directory cannot be made.
    #[error("cannot make the data directory {}: {error}; choose another with --data", .path.display())]
    DataDirectory {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The database is not there.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database is there and fails.
    #[error("the database fails: {0}; mend it and start again")]
    Store(#[from] StoreError),
    /// Dialplans or sounds.
    #[error(transparent)]
    Plans(#[from] PlansError),
    /// A SIP port is in use.
    #[error(transparent)]
    Transport(#[from] transport::StartError),
    /// No media ports.
    #[error(transparent)]
    Media(#[from] mediaserver::StartError),
    /// No place for recordings.
    #[error(transparent)]
    Recordings(#[from] RecordingsError),
    /// No place for messages.
    #[error(transparent)]
    Voicemail(#[from] VoicemailError),
    /// The HTTP port is in use.
    #[error(transparent)]
    Http(#[from] http::BindError),
    /// Another server runs on this data.
    #[error(transparent)]
    Control(#[from] http::control::ControlBindError),
    /// The journal cannot be opened.
    #[error("cannot open the journal of calls: {0}; is its directory writable?")]
    Journal(io::Error),
    /// The spool cannot be opened.
    #[error("cannot open the CDR spool: {0}; is the data directory writable?")]
    Spool(io::Error),
    /// The operating system gives no entropy, signals or the like.
    #[error("the operating system refuses: {0}")]
    System(String),
}

/// Where the configuration came from, for reading it again.
#[derive(Clone, Debug)]
pub struct ConfigSource {
    /// The file; `None` for the defaults.
    pub file: Option<PathBuf>,
    /// What the command line says.
    pub overrides: Overrides,
}

impl ConfigSource {
    /// Reads and checks it.
    pub fn load(&self) -> Result<(Written, Config), BootError> {
        let written =
            Written::load(self.file.as_deref(), &self.overrides).map_err(BootError::Config)?;
        let config = written.check().map_err(BootError::Config)?;
        Ok((written, config))
    }
}

/// Runs the server until SIGTERM or SIGINT and everything is put away.
pub async fn serve(source: ConfigSource) -> Result<(), BootError> {
    let (written, config) = source.load()?;
    let logs = logs::start(&config.log).map_err(|error| BootError::System(error.to_string()))?;
    let recorder = metrics::install().map_err(|error| BootError::System(error.to_string()))?;
    raise_file_limit();
    let path = &config.server.data_dir;
    fs::create_dir_all(path)
        .map_err(|error| BootError::DataDirectory { path: path.clone(), error })?;
    let control = ControlSocket::bind(path).await?;
    let store = Store::open(&config.store).await?;
    let knowledge = Knowledge::load(&config, &store).await?;
    let (trunk_names, sounds) = (knowledge.trunk_names.clone(), knowledge.sounds.clone());
    if let Some(advice) = first_steps(&store).await? {
        tracing::warn!("{advice}");
    }

    let mut signals = Signals::listen()?;
    let mailer = config.mail.as_ref().and_then(Mailer::new);
    let mut parts = Parts::start(&config, &store, knowledge, mailer.clone()).await?;
    let running = Arc::new(Running {
        config: ArcSwap::from_pointee(config.clone()),
        written: ArcSwap::from_pointee(written),
        source,
        store: store.clone(),
        fetcher: Fetcher::new(&config.fetcher).map_err(system)?,
        shards: parts.shards.clone(),
        board: parts.board.clone(),
        desk: parts.desk.clone(),
        office: parts.office.clone(),
        transport: parts.transport.clone(),
        trunk_names: ArcSwap::from_pointee(trunk_names),
        sounds: ArcSwap::new(sounds),
        reloading: Mutex::const_new(()),
        logs,
        spool: parts.cdr_writer.spool().clone(),
        media_workers: parts.media.metrics().to_vec(),
        shared: parts.shared.clone(),
        outbound_alarms: outbound::ToldAlarms::new(parts.hub.clone()),
        is_draining: AtomicBool::new(false),
    });

    let (stop, stopping) = watch::channel(false);
    let api = ApiState::new(store.clone(), Arc::new(config.clone()), mailer, Clock::system())
        .with_live(parts.live())
        .with_house(running.clone());
    tokio::spawn(api::tell_changes(api.clone()));
    let keeping_house = tokio::spawn(api.clone().keep_house(stopping.clone()));
    let render = move || recorder.render();
    let state = HttpState { readiness: running.clone(), metrics: Arc::new(render) };
    let mut servers = Vec::new();
    for address in &config.http.listen {
        let listener = http::bind(*address).await?;
        let bound = listener.local_addr().map_err(|error| BootError::System(error.to_string()))?;
        tracing::info!(address = %bound, "HTTP listens");
        let router = http::router(state.clone(), api.clone());
        servers.push(tokio::spawn(http::serve(listener, router, stopping.clone())));
    }
    servers.push(tokio::spawn(control.serve(running.clone(), stopping)));
    if let Some(Asked { features, questions }) = parts.asked.take() {
        tokio::spawn(running.clone().change_features(features));
        tokio::spawn(running.clone().ask_web_servers(questions));
    }
    let watching = tokio::spawn(running.clone().report_figures());
    let (end_counting, counting_ends) = oneshot::channel();
    let counting = tokio::spawn(running.clone().watch_outbound_use(counting_ends));
    tracing::info!("ready");

    running.obey(&mut signals).await;
    running.drain(&config, &mut signals).await;
    watching.abort();
    let _ = end_counting.send(());
    let _ = counting.await;
    parts.panels.close(GOODBYE_LIMIT).await;
    parts.stop().await;
    let _ = stop.send(true);
    for server in servers {
        // A server that failed has said so; the process ends either way.
        let _ = server.await;
    }
    let _ = keeping_house.await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// What calls are routed by.
#[derive(Debug)]
struct Knowledge {
    directory: Arc<Directory>,
    /// What dialplans may name.
    trunk_names: BTreeSet<String>,
    plans: Arc<Plans>,
    sounds: Arc<Sounds>,
}

impl Knowledge {
    async fn load(config: &Config, store: &Store) -> Result<Self, BootError> {
        let LoadedDirectory { directory, trunk_names, left_out } =
            store.load_directory(config).await?;
        for trunk in left_out {
            tracing::warn!("{trunk}");
        }
        let sounds = sounds::load_for(config).await?.told();
        let plans = plans::load(config, &sounds, trunk_names.iter().cloned())?;
        Ok(Self { directory: Arc::new(directory), trunk_names, plans, sounds: Arc::new(sounds) })
    }
}

/// What whoever starts a server on a fresh database should do next; `None` once somebody can sign
/// in. Without domains, users and extensions the server refuses everything.
pub async fn first_steps(store: &Store) -> Result<Option<&'static str>, StoreError> {
    Ok(store.list_users().await?.is_empty().then_some(
        "nobody can sign in yet: make the first administrator with `tandem domain add DOMAIN` and \
         `tandem user add LOGIN --domain DOMAIN --role admin`, phones with `tandem extension add \
         NUMBER --domain DOMAIN`; or try `tandem demo`",
    ))
}

fn system(error: impl std::fmt::Display) -> BootError {
    BootError::System(error.to_string())
}

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
