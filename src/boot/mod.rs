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
pub mod plans;
mod questions;
mod recents;
mod settings;
mod signals;
pub mod sounds;
mod wiring;

use crate::{
    board::{self, BoardHandle, Ears as BoardEars},
    clock::{self, Clock},
    config::{Config, ConfigError, Overrides, Written},
    events::Hub,
    fetcher::Fetcher,
    http::{
        self, HttpState, NotReady, Readiness,
        api::{self, ApiState, Live, Panels},
        control::ControlSocket,
    },
    mail::Mailer,
    mediaserver::{self, MediaServer, WorkerMetrics},
    recordings::{Recordings, RecordingsError},
    registrar::{self, Locations, Registrar},
    signalling::{EventLoop, Figures, Shard, ShardHandle, Wires},
    store::{
        CdrWriter, Journal, JournalSender, LoadedDirectory, OpenError, Store, StoreError,
        cdr_spool::SpoolReader,
    },
    subscriptions::{self, Desk, DeskHandle, DeskWires},
    telemetry::{
        logs::{self, LogControl},
        metrics,
    },
    texts::{self, Office, OfficeHandle},
    transport::{self, TransportEvent, TransportHandle, Transports},
    voicemail::{self, Voicemail, VoicemailError},
};
use arc_swap::ArcSwap;
use base::Rng;
use call::{
    Conversations, Directory, Occupancy, Parking, Queues, Recents, Rooms, Sounds, TrunkStates,
    World,
    dialplan::Plans,
    outbound::OutboundUse,
    subscriptions::{KeptSubscription, NUMBERS_AT_ONCE, WatchDesk, WatchOrder, WatchReply},
    texts::{TextOffice, TextOrder, TextReply},
};
use media::MediaEvent;
use plans::PlansError;
use signals::{Order, Signals};
use sip::{dialog::DialogRecord, transport::Listener};
use std::{
    collections::BTreeSet,
    fs, io,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};
use wiring::{by_shard, channels, entropy, raise_file_limit, sink, sources_of_trunks};

/// Events of media workers that may wait for a shard. A worker whose events find no room keeps
/// them and tries again.
const MEDIA_EVENTS_MAX: usize = 4096;

/// How often the drain looks whether the last call is over, and metrics are read off the shards.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How long hung-up calls may take to settle before the process ends without them.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// How long the journal may take to write what waits for it.
const JOURNAL_LIMIT: Duration = Duration::from_secs(5);

/// How long call detail records may take to reach the database; what is left stays in the spool.
const CDR_DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// How long recordings may take to be finished; what is left is finished at the next start.
const RECORDINGS_LIMIT: Duration = Duration::from_secs(10);

/// How long the keeper of mailboxes may take for what it was asked; what is left is delivered at the
/// next start.
const VOICEMAIL_LIMIT: Duration = Duration::from_secs(5);

/// How long panels may take to hear that the server stops.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// Name of the CDR spool in the data directory.
const SPOOL_NAME: &str = "cdr-spool";

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

/// The server while it runs.
#[derive(Debug)]
pub(crate) struct Running {
    config: ArcSwap<Config>,
    /// What `config` is made of.
    written: ArcSwap<Written>,
    source: ConfigSource,
    store: Store,
    fetcher: Fetcher,
    shards: Vec<ShardHandle>,
    board: BoardHandle,
    desk: DeskHandle,
    office: OfficeHandle,
    transport: TransportHandle,
    /// What dialplans may name.
    trunk_names: ArcSwap<BTreeSet<String>>,
    sounds: ArcSwap<Sounds>,
    /// Held while something is read again and put in force, so that what was read last wins.
    reloading: Mutex<()>,
    logs: LogControl,
    spool: SpoolReader,
    media_workers: Vec<Arc<WorkerMetrics>>,
    /// How the trunks stand, as the shards say.
    trunks: TrunkStates,
    occupancy: Occupancy,
    outbound_use: OutboundUse,
    outbound_alarms: outbound::ToldAlarms,
    is_draining: AtomicBool,
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
        trunks: parts.trunks.clone(),
        occupancy: parts.occupancy.clone(),
        outbound_use: parts.outbound_use.clone(),
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

/// Everything that handles calls.
struct Parts {
    event_loops: Vec<EventLoop>,
    shards: Vec<ShardHandle>,
    shard_tasks: Vec<JoinHandle<()>>,
    transport: TransportHandle,
    media: MediaServer,
    recordings: Recordings,
    voicemail: Voicemail,
    /// Until somebody sees to it.
    asked: Option<Asked>,
    journal: Journal,
    cdr_writer: CdrWriter,
    hub: Hub,
    board: BoardHandle,
    desk: DeskHandle,
    office: OfficeHandle,
    locations: Locations,
    rooms: Rooms,
    trunks: TrunkStates,
    occupancy: Occupancy,
    outbound_use: OutboundUse,
    panels: Panels,
}

/// What calls ask of the house.
struct Asked {
    /// What people want to become of calls to them.
    features: mpsc::Receiver<call::features::FeatureRequest>,
    /// What plans ask of web servers.
    questions: mpsc::Receiver<call::web::WebRequest>,
}

/// What each shard hears, by number.
struct Ears {
    transport: Vec<mpsc::Receiver<TransportEvent>>,
    media: Vec<mpsc::Receiver<MediaEvent>>,
    registrations: Vec<mpsc::Receiver<call::registration::RegistrationReply>>,
    voicemail: Vec<mpsc::Receiver<call::voicemail::VoicemailReply>>,
    watches: Vec<mpsc::Receiver<WatchReply>>,
    texts: Vec<mpsc::Receiver<TextReply>>,
}

impl Parts {
    async fn start(
        config: &Config,
        store: &Store,
        knowledge: Knowledge,
        mailer: Option<Mailer>,
    ) -> Result<Self, BootError> {
        let mut rng = entropy()?;
        let shards = u8::try_from(config.signalling.shards.get()).unwrap_or(u8::MAX);
        settings::warn_of_shards(shards);
        let (transport_inboxes, transport_ears) = channels(shards, config.signalling.inbox_max);
        let (media_inboxes, media_ears) = channels(shards, MEDIA_EVENTS_MAX);
        let (reply_inboxes, reply_ears) = channels(shards, registrar::REPLIES_MAX);
        let (mail_inboxes, mail_ears) = channels(shards, voicemail::REPLIES_MAX);
        let (watch_inboxes, watch_ears) = channels(shards, subscriptions::REPLIES_MAX);
        let (text_inboxes, text_ears) = channels(shards, texts::REPLIES_MAX);
        let ears = Ears {
            transport: transport_ears,
            media: media_ears,
            registrations: reply_ears,
            voicemail: mail_ears,
            watches: watch_ears,
            texts: text_ears,
        };

        let sinks: Vec<_> = media_inboxes.into_iter().map(sink).collect();
        let media_config = settings::media(config);
        let (finished, finished_ear) = mpsc::channel(voicemail::FINISHED_MAX);
        let (mail_changes, mail_changed) = mpsc::channel(subscriptions::FACTS_MAX);
        let (voicemail, mailboxes) = Voicemail::start(
            &config.voicemail,
            mailer,
            store.clone(),
            finished_ear,
            mail_inboxes,
            mail_changes,
        )
        .await?;
        let (recordings, tape) =
            Recordings::start(config, store.clone(), media_config.workers, finished)?;
        let media = MediaServer::start(&media_config, &sinks, &tape, &mut rng)?;
        let (tellings, told) = mpsc::channel(board::TELLINGS_MAX);
        let (facts, registrations) = mpsc::channel(registrar::FACTS_MAX);
        let (logged, logged_ear) = mpsc::channel(board::LOGGED_MAX);
        let hub = Hub::new();
        tokio::spawn(hub.clone().run());
        let (watches, watches_ear) = mpsc::channel(subscriptions::WATCHES_MAX);
        let (lines, lines_ear) = mpsc::channel(subscriptions::FACTS_MAX);
        let board_ears = BoardEars {
            tellings: told,
            registrations,
            logged: logged_ear,
            watches: watches_ear,
            lines,
        };
        let (board, _) = board::start(hub.clone(), board_ears);
        board.directory(knowledge.directory.clone()).await.map_err(system)?;
        let spool = config.server.data_dir.join(SPOOL_NAME);
        let (cdr_writer, cdrs) =
            CdrWriter::start_telling(store.clone(), &config.cdr, &spool, logged)
                .map_err(BootError::Spool)?;
        let (journal, journal_sender, left) =
            Journal::start(&config.journal, cdrs).map_err(BootError::Journal)?;
        if left.legs > 0 {
            tracing::warn!(legs = left.legs, "the last server was killed; its calls are ended now");
        }
        let cut_off = by_shard(left.dialogs, shards, |it| it);
        let (registrar, locations) = Registrar::load(
            store.clone(),
            registrar::policy(&config.registrar),
            clock::unix_now(),
            reply_inboxes,
            facts,
        )
        .await?;
        let (registrar_inbox, registrar_ear) = mpsc::channel(registrar::INBOX_MAX);
        let (changes, changed) = mpsc::channel(subscriptions::FACTS_MAX);
        let (text_changes, texts_changed) = mpsc::channel(texts::FACTS_MAX);
        let registrar = registrar.telling_changes(changes).telling_changes(text_changes);
        tokio::spawn(registrar.run(registrar_ear));
        let kept = store.resume_subscriptions(clock::unix_now(), NUMBERS_AT_ONCE).await?;
        tracing::info!(subscriptions = kept.len(), "subscriptions are restored");
        let kept = by_shard(kept, shards, |it| &it.dialog);
        let mut watch_desk =
            WatchDesk::new(knowledge.directory.clone(), Box::new(locations.clone()));
        watch_desk.restore((0..).zip(&kept).flat_map(|(n, it)| it.iter().map(move |it| (n, it))));
        let (watch_orders, orders) = mpsc::channel(subscriptions::ORDERS_MAX);
        let desk_wires = DeskWires {
            orders,
            lines: lines_ear,
            registrations: changed,
            mailboxes: mail_changed,
            shards: watch_inboxes,
            watches,
        };
        let desk = Desk::start(store.clone(), watch_desk, desk_wires);
        let (text_orders, orders) = mpsc::channel(texts::ORDERS_MAX);
        let workplaces = knowledge.directory.workplaces.clone();
        let office = TextOffice::new(shards, Box::new(locations.clone()), workplaces);
        let office =
            Office::start(store.clone(), office, orders, texts_changed, text_inboxes).await?;
        let event_loops = (0..shards)
            .map(EventLoop::start)
            .collect::<io::Result<Vec<_>>>()
            .map_err(|error| BootError::System(error.to_string()))?;
        let udp_readers: Vec<_> = event_loops.iter().map(|it| it.handle().clone()).collect();
        let (transport, listeners) =
            Transports::start(settings::transport(config), transport_inboxes, &udp_readers)?;
        transport.trust(sources_of_trunks(&knowledge.directory));
        for listener in &listeners {
            tracing::info!(transport = %listener.transport, address = %listener.advertised, "SIP listens");
        }
        let (features, features_ear) = mpsc::channel(features::INBOX_MAX);
        let (questions, questions_ear) = mpsc::channel(questions::INBOX_MAX);
        let start = ShardStart {
            config,
            event_loops: &event_loops,
            listeners,
            knowledge,
            locations: locations.clone(),
            transport: transport.clone(),
            media: &media,
            registrar: registrar_inbox,
            voicemail: mailboxes,
            features,
            questions,
            watch_orders,
            text_orders,
            kept,
            cut_off,
            journal: journal_sender,
            tellings,
            rooms: Rooms::default(),
            trunks: TrunkStates::default(),
            occupancy: Occupancy::default(),
            recents: recents::load(store).await?,
            outbound_use: outbound::restored(store).await?,
        };
        let rooms = start.rooms.clone();
        let (trunks, occupancy) = (start.trunks.clone(), start.occupancy.clone());
        let outbound_use = start.outbound_use.clone();
        let (shards, shard_tasks) = start.all(ears, &mut rng);
        Ok(Self {
            event_loops,
            shards,
            shard_tasks,
            transport,
            media,
            recordings,
            voicemail,
            asked: Some(Asked { features: features_ear, questions: questions_ear }),
            journal,
            cdr_writer,
            hub,
            board,
            desk,
            office,
            locations,
            rooms,
            trunks,
            occupancy,
            outbound_use,
            panels: Panels::default(),
        })
    }

    /// What the API shows of them.
    fn live(&self) -> Live {
        Live {
            hub: self.hub.clone(),
            board: self.board.clone(),
            shards: self.shards.clone(),
            locations: self.locations.clone(),
            rooms: self.rooms.clone(),
            trunks: self.trunks.clone(),
            occupancy: self.occupancy.clone(),
            figures: self.media.figures().clone(),
            panels: self.panels.clone(),
        }
    }

    async fn stop(mut self) {
        self.transport.stop().await;
        for task in &self.shard_tasks {
            task.abort();
        }
        drop(self.event_loops);
        self.media.stop();
        self.recordings.stop(RECORDINGS_LIMIT).await;
        self.voicemail.stop(VOICEMAIL_LIMIT).await;
        let journal = self.journal;
        // It may wait for the disk.
        let _ = tokio::task::spawn_blocking(move || journal.stop(JOURNAL_LIMIT)).await;
        let left = self.cdr_writer.drain(CDR_DRAIN_LIMIT).await;
        if left > 0 {
            tracing::warn!(
                bytes = left,
                "call detail records wait in the spool for the next start"
            );
        }
    }
}

/// What all shards are made of.
struct ShardStart<'a> {
    config: &'a Config,
    event_loops: &'a [EventLoop],
    listeners: Vec<Listener>,
    knowledge: Knowledge,
    locations: Locations,
    transport: TransportHandle,
    media: &'a MediaServer,
    registrar: mpsc::Sender<call::registration::RegistrarCommand>,
    voicemail: mpsc::Sender<call::voicemail::VoicemailRequest>,
    features: mpsc::Sender<call::features::FeatureRequest>,
    questions: mpsc::Sender<call::web::WebRequest>,
    watch_orders: mpsc::Sender<WatchOrder>,
    text_orders: mpsc::Sender<TextOrder>,
    /// Subscriptions of an earlier process, by shard.
    kept: Vec<Vec<KeptSubscription>>,
    /// Dialogs that a crash cut off, by shard.
    cut_off: Vec<Vec<DialogRecord>>,
    journal: JournalSender,
    tellings: mpsc::Sender<(u8, call::facts::Telling)>,
    rooms: Rooms,
    trunks: TrunkStates,
    occupancy: Occupancy,
    recents: Recents,
    outbound_use: OutboundUse,
}

impl ShardStart<'_> {
    fn all(self, ears: Ears, rng: &mut Rng) -> (Vec<ShardHandle>, Vec<JoinHandle<()>>) {
        let shards = u8::try_from(ears.transport.len()).unwrap_or(u8::MAX);
        let (conversations, parking) = (Conversations::default(), Parking::default());
        let queues = Queues::default();
        let loop_secret = rng.u64();
        let events = ears.watches.into_iter().zip(ears.texts);
        let answers = ears.registrations.into_iter().zip(ears.voicemail).zip(events);
        let ears = ears.transport.into_iter().zip(ears.media).zip(answers);
        (0..shards)
            .zip(self.event_loops)
            .zip(ears)
            .map(|((number, event_loop), ((transport_events, media_events), answers))| {
                let ((registrations, voicemail_replies), events) = answers;
                let (watch_replies, text_replies) = events;
                let settings =
                    settings::shard(self.config, &self.listeners, number, shards, loop_secret);
                let world = World {
                    directory: self.knowledge.directory.clone(),
                    plans: self.knowledge.plans.clone(),
                    sounds: self.knowledge.sounds.clone(),
                    locator: Box::new(self.locations.clone()),
                    occupancy: self.occupancy.clone(),
                    outbound_use: self.outbound_use.clone(),
                    rooms: self.rooms.clone(),
                    conversations: conversations.clone(),
                    parking: parking.clone(),
                    queues: queues.clone(),
                    recents: self.recents.clone(),
                    trunks: self.trunks.clone(),
                };
                let wires = Wires {
                    transport_events,
                    media_events,
                    registrations,
                    transport: self.transport.clone(),
                    media: self.media.handle(number),
                    registrar: self.registrar.clone(),
                    voicemail: self.voicemail.clone(),
                    voicemail_replies,
                    features: self.features.clone(),
                    questions: self.questions.clone(),
                    watch_orders: self.watch_orders.clone(),
                    watch_replies,
                    text_orders: self.text_orders.clone(),
                    text_replies,
                    kept: self.kept.get(usize::from(number)).cloned().unwrap_or_default(),
                    cut_off: self.cut_off.get(usize::from(number)).cloned().unwrap_or_default(),
                    journal: self.journal.clone(),
                    tellings: self.tellings.clone(),
                };
                let trace = settings::trace(self.config, shards);
                Shard::start(event_loop, settings, world, trace, wires, rng.split())
            })
            .unzip()
    }
}

impl Running {
    /// Reloads when told to; returns when told to stop.
    async fn obey(&self, signals: &mut Signals) {
        while signals.next().await == Order::Reload {
            match self.reload_all().await {
                Ok(done) => tracing::info!("{done}"),
                Err(problem) => tracing::error!("nothing was reloaded: {problem}"),
            }
        }
    }

    /// Reads again what can change while calls go on: users and numbers, trunks, dialplans,
    /// sounds, the log level. All or nothing; says what is in force, or what is wrong. Other keys
    /// of the file must make sense too, and wait for the next start.
    async fn reload_all(&self) -> Result<String, String> {
        let _one_at_a_time = self.reloading.lock().await;
        let (newer, _) = self.source.load().map_err(|error| error.to_string())?;
        let written = self.written.load().reloaded(&newer);
        let config = written.check().map_err(|errors| lines(&errors))?;
        let knowledge =
            Knowledge::load(&config, &self.store).await.map_err(|error| error.to_string())?;
        self.logs.set_level(&config.log.level).map_err(|error| error.to_string())?;
        let (domains, extensions) =
            (knowledge.directory.domains.len(), knowledge.directory.extensions.len());
        let trunks = knowledge.directory.trunks.len();
        self.use_directory(knowledge.directory, knowledge.trunk_names).await?;
        for shard in &self.shards {
            let told = shard.plans(knowledge.plans.clone(), knowledge.sounds.clone()).await;
            told.map_err(|error| error.to_string())?;
        }
        self.sounds.store(knowledge.sounds);
        self.config.store(Arc::new(config));
        self.written.store(Arc::new(written));
        Ok(format!(
            "reloaded: {domains} domains, {extensions} extensions, {trunks} trunks, dialplans, \
             sounds and the log level; other settings need a restart"
        ))
    }

    /// Lets everybody who goes by the directory go by this one.
    async fn use_directory(
        &self,
        directory: Arc<Directory>,
        trunk_names: BTreeSet<String>,
    ) -> Result<(), String> {
        self.trunk_names.store(Arc::new(trunk_names));
        self.transport.trust(sources_of_trunks(&directory));
        for shard in &self.shards {
            let told = shard.directory(directory.clone()).await;
            told.map_err(|error| error.to_string())?;
        }
        self.desk.directory(directory.clone()).await;
        self.office.directory(directory.clone()).await;
        self.board.directory(directory).await.map_err(|error| error.to_string())
    }

    /// Takes no new calls and waits for the last to end; past the limit, or at a second signal,
    /// hangs up what is left.
    async fn drain(&self, config: &Config, signals: &mut Signals) {
        self.is_draining.store(true, Ordering::Relaxed);
        for shard in &self.shards {
            let _ = shard.drain().await;
        }
        let limit = config.server.drain_limit;
        tracing::info!(limit_s = limit.as_secs(), "draining: new calls are refused");
        tokio::select! {
            () = self.wait_until_idle(limit) => {}
            () = self.obey(signals) => tracing::warn!("a second signal: hanging up"),
        }
        for shard in &self.shards {
            let _ = shard.hang_up_all().await;
        }
        self.wait_until_settled(SETTLE_LIMIT).await;
    }

    async fn wait_until_idle(&self, limit: Duration) {
        self.wait_until(limit, |figures| figures.is_idle).await;
    }

    async fn wait_until_settled(&self, limit: Duration) {
        let is_settled = |it: &Figures| it.counts.calls == 0 && !it.is_leaving_trunks;
        self.wait_until(limit, is_settled).await;
    }

    async fn wait_until(&self, limit: Duration, is_reached: fn(&Figures) -> bool) {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            let mut is_done = true;
            for shard in &self.shards {
                if let Ok(figures) = shard.figures().await {
                    is_done &= is_reached(&figures);
                }
            }
            if is_done {
                return;
            }
            sleep(WATCH_INTERVAL).await;
        }
    }

    /// Brings the shards' figures to the metrics.
    async fn report_figures(self: Arc<Self>) {
        let mut trunks = metrics::TrunkGauges::default();
        loop {
            let mut figures = Vec::with_capacity(self.shards.len());
            for shard in &self.shards {
                figures.extend(shard.figures().await);
            }
            metrics::report_calls(figures.iter().map(|it| (it.counts, it.totals)));
            figures::report_media(&self.media_workers);
            trunks.report(&self.trunks, &self.occupancy);
            sleep(WATCH_INTERVAL).await;
        }
    }
}

impl Readiness for Running {
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
        Box::pin(async {
            if self.is_draining.load(Ordering::Relaxed) {
                return Err(NotReady::Draining);
            }
            self.store.ping().await.map_err(|_| NotReady::Database)
        })
    }
}

fn system(error: impl std::fmt::Display) -> BootError {
    BootError::System(error.to_string())
}

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
