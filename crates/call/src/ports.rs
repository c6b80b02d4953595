//! Media ports leased ahead of the calls that will use them, and the names of media sessions.

use crate::{output::Output, settings::Settings};
use base::MediaId;
use media::{Family, MediaCommand, PortLease};
use std::collections::VecDeque;

/// The leases of one shard, by worker and family.
#[derive(Debug)]
pub(crate) struct Ports {
    shard: u8,
    /// How many are asked for at a time, and below how many left.
    batch: u16,
    sessions_named: u64,
    families: Vec<Family>,
    workers: Vec<Worker>,
}

#[derive(Debug, Default)]
struct Worker {
    v4: Pool,
    v6: Pool,
    sessions: usize,
}

#[derive(Debug, Default)]
struct Pool {
    free: Vec<PortLease>,
    is_asked: bool,
}

impl Ports {
    /// No leases; asks each worker for its first ones of each family.
    pub(crate) fn new(settings: &Settings, outputs: &mut VecDeque<Output>) -> Self {
        let workers = settings.media_workers;
        let mut ports = Self {
            shard: settings.shard,
            batch: settings.lease_batch,
            sessions_named: 0,
            families: settings.families.clone(),
            workers: (0..workers).map(|_| Worker::default()).collect(),
        };
        for worker in 0..workers {
            for family in &settings.families {
                ports.ask(worker, *family, outputs);
            }
        }
        ports
    }

    /// The worker with the fewest sessions of ours: where the next call should live.
    pub(crate) fn idlest_worker(&self) -> u8 {
        let idlest = self.workers.iter().enumerate().min_by_key(|(_, it)| it.sessions);
        idlest.map_or(0, |(n, _)| u8::try_from(n).expect("workers are counted in a u8"))
    }

    /// Takes a lease and names a session for it; `None` when none is left.
    pub(crate) fn take(
        &mut self,
        worker: u8,
        family: Family,
        outputs: &mut VecDeque<Output>,
    ) -> Option<(MediaId, PortLease)> {
        let lease = self.pool(worker, family)?.free.pop();
        self.ask_if_low(worker, family, outputs);
        let lease = lease?;
        self.workers.get_mut(usize::from(worker))?.sessions += 1;
        self.sessions_named += 1;
        Some((MediaId::new(self.shard, self.sessions_named), lease))
    }

    /// A session on `worker` is gone. Its port went back to the worker, and a shard that had used
    /// up all of them must not wait for the next call to find that out.
    pub(crate) fn session_closed(&mut self, worker: u8, outputs: &mut VecDeque<Output>) {
        if let Some(worker) = self.workers.get_mut(usize::from(worker)) {
            worker.sessions = worker.sessions.saturating_sub(1);
        }
        for n in 0..self.families.len() {
            self.ask_if_low(worker, self.families[n], outputs);
        }
    }

    /// The answer to an earlier ask.
    pub(crate) fn add(&mut self, worker: u8, family: Family, leases: Vec<PortLease>) {
        if let Some(pool) = self.pool(worker, family) {
            pool.is_asked = false;
            pool.free.extend(leases);
        }
    }

    /// Leases waiting for a call.
    pub(crate) fn free(&self) -> usize {
        self.workers.iter().map(|it| it.v4.free.len() + it.v6.free.len()).sum()
    }

    /// Sessions that are open or closing.
    pub(crate) fn sessions(&self) -> usize {
        self.workers.iter().map(|it| it.sessions).sum()
    }

    fn ask_if_low(&mut self, worker: u8, family: Family, outputs: &mut VecDeque<Output>) {
        let low_water = usize::from(self.batch);
        if self.pool(worker, family).is_some_and(|it| it.free.len() < low_water) {
            self.ask(worker, family, outputs);
        }
    }

    fn ask(&mut self, worker: u8, family: Family, outputs: &mut VecDeque<Output>) {
        let count = self.batch;
        let Some(pool) = self.pool(worker, family) else { return };
        if pool.is_asked {
            return;
        }
        pool.is_asked = true;
        let command = MediaCommand::Lease { family, count };
        outputs.push_back(Output::Media { worker, command });
    }

    fn pool(&mut self, worker: u8, family: Family) -> Option<&mut Pool> {
        let worker = self.workers.get_mut(usize::from(worker))?;
        Some(match family {
            Family::V4 => &mut worker.v4,
            Family::V6 => &mut worker.v6,
        })
    }
}
