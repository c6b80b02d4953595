//! What the API may ask of the running server.

use super::{Running, plans, plans::PlansError};
use crate::{
    config::{Config, Written},
    http::api::house::{Done, House, PlanTrouble, ToldAlarm, Vitals},
};
use call::dialplan::Plans;
use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

impl House for Running {
    fn reload_directory(&self) -> Done<'_> {
        Box::pin(async move {
            let _one_at_a_time = self.reloading.lock().await;
            let config = self.config.load_full();
            let loaded = self.store.load_directory(&config).await;
            let loaded = loaded.map_err(|error| error.to_string())?;
            for trunk in &loaded.left_out {
                tracing::warn!("{trunk}");
            }
            self.use_directory(Arc::new(loaded.directory), loaded.trunk_names).await
        })
    }

    fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    fn written_config(&self) -> Arc<Written> {
        self.written.load_full()
    }

    fn use_plans(&self, plans: Arc<Plans>) -> Done<'_> {
        Box::pin(async move {
            let _one_at_a_time = self.reloading.lock().await;
            let sounds = self.sounds.load_full();
            for shard in &self.shards {
                let told = shard.plans(plans.clone(), sounds.clone()).await;
                told.map_err(|error| error.to_string())?;
            }
            Ok(())
        })
    }

    fn dialplans_dir(&self) -> PathBuf {
        self.config.load().server.dialplans_dir.clone()
    }

    fn load_plans(&self, changed: Option<(&str, &str)>) -> Result<Arc<Plans>, PlanTrouble> {
        let (config, sounds) = (self.config.load(), self.sounds.load());
        let trunks = self.trunk_names.load_full();
        plans::load_with(&config, &sounds, trunks.iter().cloned(), changed).map_err(trouble)
    }

    fn music(&self) -> Vec<String> {
        let mut names: Vec<_> = self.sounds.load().music.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    fn outbound_alarms(&self) -> Vec<ToldAlarm> {
        self.outbound_alarms.all()
    }

    fn vitals(&self) -> Pin<Box<dyn Future<Output = Vitals> + Send + '_>> {
        Box::pin(async move {
            let mut vitals = Vitals {
                is_ready: !self.is_draining.load(Ordering::Relaxed),
                shards: self.shards.len() as u64,
                spool_bytes: self.spool.bytes(),
                ..Vitals::default()
            };
            for shard in &self.shards {
                if let Ok(figures) = shard.figures().await {
                    vitals.calls += figures.counts.calls as u64;
                    vitals.legs += figures.counts.legs as u64;
                    vitals.media_sessions += figures.counts.media_sessions as u64;
                }
            }
            vitals
        })
    }
}

/// For whoever edits the plans.
pub fn trouble(error: PlansError) -> PlanTrouble {
    match error {
        PlansError::Mistakes(errors) => PlanTrouble::Mistakes(errors),
        PlansError::Unreadable { .. } => PlanTrouble::Files(error.to_string()),
        PlansError::Prompt { .. } => PlanTrouble::Files(error.to_string()),
    }
}
