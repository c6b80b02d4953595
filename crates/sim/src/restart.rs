//! What happens to the city when the process of the switch dies and another one starts.

use crate::City;
use base::UnixMillis;
use call::{Conversations, Occupancy, Queues, Rooms};
use sip::shard::shard_of_dialog;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

impl City {
    /// `kill -9`, and a new process after `pause` on what was written: it writes the rows of legs that
    /// were cut off, and ends their dialogs.
    pub fn kill_and_restart(&mut self, pause: Duration) {
        let died_at = self.now().unix;
        self.forget_live_state();
        self.is_down = true;
        self.wait(pause);
        self.is_down = false;
        let shards = self.plot.shards;
        let chances = (0..shards).map(|_| self.rng.split()).collect();
        self.start_switch(chances);
        let (now, registrar) = (self.now(), self.registrar.clone());
        let workplaces = self.directory.workplaces.clone();
        self.texts.restart(now.instant, shards, registrar.clone(), workplaces);
        let kept = self.desk.restart(now.unix, Arc::clone(&self.directory), registrar, |it| {
            let dialog = &it.dialog;
            shard_of_dialog(dialog.local_tag.as_bytes(), &dialog.call_id, shards)
        });
        for (n, shard) in (0..).zip(&mut self.shards) {
            let own: Vec<_> =
                kept.iter().filter(|it| it.0 == n).map(|(_, it)| it.clone()).collect();
            shard.restore_subscriptions(now, &own);
        }
        self.bury(died_at);
        self.settle_step();
    }

    fn forget_live_state(&mut self) {
        self.former_links.extend(self.links.drain(..).map(|(_, it)| it));
        self.back_office.clear();
        self.shards.clear();
        self.workers.clear();
        self.board.iter_mut().for_each(BTreeMap::clear);
        self.occupancy = Occupancy::default();
        self.rooms = Rooms::default();
        self.conversations = Conversations::default();
        self.queues = Queues::default();
    }

    fn bury(&mut self, died_at: UnixMillis) {
        let now = self.now();
        for leg in self.journal.take_unfinished() {
            self.cdrs.push(leg.row_of_crash(died_at));
            let Some(dialog) = leg.dialog else { continue };
            let tag = dialog.local_tag.as_bytes();
            let shard = shard_of_dialog(tag, &dialog.call_id, self.plot.shards);
            self.shards[usize::from(shard)].bury(now, &[dialog]);
        }
    }
}
