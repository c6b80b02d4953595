//! The server while it runs: obeys signals, reads again what can change, drains.

use super::{
    ConfigSource, Knowledge, figures, lines, outbound,
    shards::Shared,
    signals::{Order, Signals},
    wiring::sources_of_trunks,
};
use crate::{
    board::BoardHandle,
    config::{Config, Written},
    fetcher::Fetcher,
    http::{NotReady, Readiness},
    mediaserver::WorkerMetrics,
    signalling::{Figures, ShardHandle},
    store::{Store, cdr_spool::SpoolReader},
    subscriptions::DeskHandle,
    telemetry::{logs::LogControl, metrics},
    texts::OfficeHandle,
    transport::TransportHandle,
};
use arc_swap::ArcSwap;
use call::{Directory, Sounds};
use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

/// How often the drain looks whether the last call is over, and metrics are read off the shards.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How long hung-up calls may take to settle before the process ends without them.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// The server while it runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) config: ArcSwap<Config>,
    /// What `config` is made of.
    pub(super) written: ArcSwap<Written>,
    pub(super) source: ConfigSource,
    pub(super) store: Store,
    pub(super) fetcher: Fetcher,
    pub(super) shards: Vec<ShardHandle>,
    pub(super) board: BoardHandle,
    pub(super) desk: DeskHandle,
    pub(super) office: OfficeHandle,
    pub(super) transport: TransportHandle,
    /// What dialplans may name.
    pub(super) trunk_names: ArcSwap<BTreeSet<String>>,
    pub(super) sounds: ArcSwap<Sounds>,
    /// Held while something is read again and put in force, so that what was read last wins.
    pub(super) reloading: Mutex<()>,
    pub(super) logs: LogControl,
    pub(super) spool: SpoolReader,
    pub(super) media_workers: Vec<Arc<WorkerMetrics>>,
    pub(super) shared: Shared,
    pub(super) outbound_alarms: outbound::ToldAlarms,
    pub(super) is_draining: AtomicBool,
}

impl Running {
    /// Reloads when told to; returns when told to stop.
    pub(super) async fn obey(&self, signals: &mut Signals) {
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
    pub(super) async fn reload_all(&self) -> Result<String, String> {
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
    pub(super) async fn use_directory(
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
    pub(super) async fn drain(&self, config: &Config, signals: &mut Signals) {
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
    pub(super) async fn report_figures(self: Arc<Self>) {
        let mut trunks = metrics::TrunkGauges::default();
        loop {
            let mut figures = Vec::with_capacity(self.shards.len());
            for shard in &self.shards {
                figures.extend(shard.figures().await);
            }
            metrics::report_calls(figures.iter().map(|it| (it.counts, it.totals)));
            figures::report_media(&self.media_workers);
            trunks.report(&self.shared.trunks, &self.shared.occupancy);
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
