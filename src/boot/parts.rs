//! Starts everything that handles calls, from the bottom up, and stops it from the top down.

use super::{
    BootError, Knowledge, features, questions, settings,
    shards::{Ears, ShardStart, Shared},
    system,
    wiring::{by_shard, entropy, sink, sources_of_trunks},
};
use crate::{
    board::{self, BoardHandle, Ears as BoardEars},
    clock,
    config::Config,
    events::Hub,
    http::api::{Live, Panels},
    mail::Mailer,
    mediaserver::MediaServer,
    recordings::Recordings,
    registrar::{self, Locations, Registrar},
    signalling::{EventLoop, ShardHandle},
    store::{CdrWriter, Journal, Store},
    subscriptions::{self, Desk, DeskHandle, DeskWires},
    texts::{self, Office, OfficeHandle},
    transport::{TransportHandle, Transports},
    voicemail::{self, Voicemail},
};
use call::{
    features::FeatureRequest,
    subscriptions::{NUMBERS_AT_ONCE, WatchDesk},
    texts::TextOffice,
    web::WebRequest,
};
use std::{io, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle};

/// How long the journal may take to write what waits for it.
const JOURNAL_LIMIT: Duration = Duration::from_secs(5);

/// How long call detail records may take to reach the database; what is left stays in the spool.
const CDR_DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// How long recordings may take to be finished; what is left is finished at the next start.
const RECORDINGS_LIMIT: Duration = Duration::from_secs(10);

/// How long the keeper of mailboxes may take for what it was asked; what is left is delivered at the
/// next start.
const VOICEMAIL_LIMIT: Duration = Duration::from_secs(5);

/// Name of the CDR spool in the data directory.
const SPOOL_NAME: &str = "cdr-spool";

/// Everything that handles calls.
pub(super) struct Parts {
    event_loops: Vec<EventLoop>,
    pub(super) shards: Vec<ShardHandle>,
    shard_tasks: Vec<JoinHandle<()>>,
    pub(super) transport: TransportHandle,
    pub(super) media: MediaServer,
    recordings: Recordings,
    voicemail: Voicemail,
    /// Until somebody sees to it.
    pub(super) asked: Option<Asked>,
    journal: Journal,
    pub(super) cdr_writer: CdrWriter,
    pub(super) hub: Hub,
    pub(super) board: BoardHandle,
    pub(super) desk: DeskHandle,
    pub(super) office: OfficeHandle,
    locations: Locations,
    pub(super) shared: Shared,
    pub(super) panels: Panels,
}

/// What calls ask of the house.
pub(super) struct Asked {
    /// What people want to become of calls to them.
    pub(super) features: mpsc::Receiver<FeatureRequest>,
    /// What plans ask of web servers.
    pub(super) questions: mpsc::Receiver<WebRequest>,
}

impl Parts {
    pub(super) async fn start(
        config: &Config,
        store: &Store,
        knowledge: Knowledge,
        mailer: Option<Mailer>,
    ) -> Result<Self, BootError> {
        let mut rng = entropy()?;
        let shards = u8::try_from(config.signalling.shards.get()).unwrap_or(u8::MAX);
        settings::warn_of_shards(shards);
        let (inboxes, ears) = Ears::of_all(shards, config.signalling.inbox_max);
        let sinks: Vec<_> = inboxes.media.into_iter().map(sink).collect();
        let media_config = settings::media(config);
        let (finished, finished_ear) = mpsc::channel(voicemail::FINISHED_MAX);
        let (mail_changes, mail_changed) = mpsc::channel(subscriptions::FACTS_MAX);
        let (voicemail, mailboxes) = Voicemail::start(
            &config.voicemail,
            mailer,
            store.clone(),
            finished_ear,
            inboxes.voicemail,
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
            inboxes.registrations,
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
            shards: inboxes.watches,
            watches,
        };
        let desk = Desk::start(store.clone(), watch_desk, desk_wires);
        let (text_orders, orders) = mpsc::channel(texts::ORDERS_MAX);
        let workplaces = knowledge.directory.workplaces.clone();
        let office = TextOffice::new(shards, Box::new(locations.clone()), workplaces);
        let office =
            Office::start(store.clone(), office, orders, texts_changed, inboxes.texts).await?;
        let event_loops = (0..shards)
            .map(EventLoop::start)
            .collect::<io::Result<Vec<_>>>()
            .map_err(|error| BootError::System(error.to_string()))?;
        let udp_readers: Vec<_> = event_loops.iter().map(|it| it.handle().clone()).collect();
        let (transport, listeners) =
            Transports::start(settings::transport(config), inboxes.transport, &udp_readers)?;
        transport.trust(sources_of_trunks(&knowledge.directory));
        for listener in &listeners {
            tracing::info!(transport = %listener.transport, address = %listener.advertised, "SIP listens");
        }
        let (features, features_ear) = mpsc::channel(features::INBOX_MAX);
        let (questions, questions_ear) = mpsc::channel(questions::INBOX_MAX);
        let shared = Shared::load(store).await?;
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
            shared: shared.clone(),
        };
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
            shared,
            panels: Panels::default(),
        })
    }

    /// What the API shows of them.
    pub(super) fn live(&self) -> Live {
        Live {
            hub: self.hub.clone(),
            board: self.board.clone(),
            shards: self.shards.clone(),
            locations: self.locations.clone(),
            rooms: self.shared.rooms.clone(),
            trunks: self.shared.trunks.clone(),
            occupancy: self.shared.occupancy.clone(),
            figures: self.media.figures().clone(),
            panels: self.panels.clone(),
        }
    }

    pub(super) async fn stop(mut self) {
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
