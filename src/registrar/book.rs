//! All bindings in memory, and what a batch of requests makes of them.

use super::Locations;
use base::UnixMillis;
use call::registration::{
    RegistrationFact, RegistrationOutcome, RegistrationReply, RegistrationRequest,
};
use sip::{
    FlowId,
    bindings::{self, Aor, Binding, BindingPolicy, Change},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The live bindings, mirrored into [`Locations`].
///
/// A batch is decided on a copy of the addresses of record that it touches, so that a commit that
/// fails leaves no trace.
#[derive(Debug)]
pub(super) struct Book {
    policy: BindingPolicy,
    bindings: HashMap<Aor, Vec<Binding>>,
    locations: Locations,
    /// The earliest end of each address of record.
    expiries: BTreeSet<(UnixMillis, Aor)>,
    /// Who came over which connection. Listeners of datagrams are not here: they never close.
    by_connection: HashMap<FlowId, BTreeSet<Aor>>,
    /// Expired, and still in the database.
    leftovers: Vec<Binding>,
    /// Who can be reached from now on or no longer, and has not been told of: at most one entry an
    /// address of record.
    untold: BTreeMap<Aor, bool>,
    /// Whose devices are others than was told: at most one entry an address of record.
    changed: BTreeSet<Aor>,
}

/// Decisions that wait for their commit.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// To delete, before the upserts.
    pub(super) removals: Vec<Binding>,
    /// To write.
    pub(super) upserts: Vec<Binding>,
    /// To send after the commit, each with the number of its shard.
    pub(super) replies: Vec<(u8, RegistrationReply)>,
    after: BTreeMap<Aor, Vec<Binding>>,
    leftovers: usize,
}

impl Book {
    pub(super) fn new(policy: BindingPolicy, locations: Locations) -> Self {
        Self {
            policy,
            bindings: HashMap::new(),
            locations,
            expiries: BTreeSet::new(),
            by_connection: HashMap::new(),
            leftovers: Vec::new(),
            untold: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Takes in what the database remembers.
    pub(super) fn restore(&mut self, now: UnixMillis, stored: Vec<Binding>) {
        let mut by_aor = BTreeMap::<Aor, Vec<Binding>>::new();
        for binding in stored {
            if binding.is_expired(now) {
                self.leftovers.push(binding);
            } else {
                by_aor.entry(binding.aor.clone()).or_default().push(binding);
            }
        }
        for (aor, mut bindings) in by_aor {
            bindings.sort_by_key(|it| std::cmp::Reverse(it.q_per_mille));
            self.replace(aor, bindings);
        }
    }

    /// Applies requests in order, each to what the one before left, without touching the book.
    pub(super) fn decide(&self, now: UnixMillis, requests: &[RegistrationRequest]) -> Batch {
        let mut batch = Batch::default();
        for RegistrationRequest { shard, ticket, aor, register } in requests {
            #[cfg(test)]
            super::tests::panic_if_poisoned(&aor.user);
            let before = batch.after.get(aor).map_or_else(|| self.of(aor), Vec::as_slice);
            let decision = bindings::apply(before, aor, register, &self.policy, now);
            let outcome = match decision {
                Ok(Change { bound, .. }) => {
                    let headers = bindings::reply_headers(&bound, register, now);
                    batch.after.insert(aor.clone(), bound);
                    RegistrationOutcome::Bound { headers }
                }
                Err(refusal) => RegistrationOutcome::Refused(refusal),
            };
            batch.replies.push((*shard, RegistrationReply { ticket: *ticket, outcome }));
        }
        self.finish(&mut batch);
        batch
    }

    /// Decides only to delete what expired.
    pub(super) fn clean_up(&self) -> Batch {
        let mut batch = Batch::default();
        self.finish(&mut batch);
        batch
    }

    /// What must be committed for `batch.after`, all requests of the batch taken together.
    fn finish(&self, batch: &mut Batch) {
        batch.leftovers = self.leftovers.len();
        batch.removals.extend_from_slice(&self.leftovers);
        for (aor, after) in &batch.after {
            let before = self.of(aor);
            let is_unchanged = |it: &&Binding| before.contains(it);
            batch.upserts.extend(after.iter().filter(|it| !is_unchanged(it)).cloned());
            let keys: Vec<_> = after.iter().map(Binding::key).collect();
            let is_gone = |it: &&Binding| !keys.contains(&it.key());
            batch.removals.extend(before.iter().filter(is_gone).cloned());
        }
    }

    /// Makes a committed batch true; what is left of it are the replies.
    pub(super) fn accept(&mut self, batch: Batch) -> Vec<(u8, RegistrationReply)> {
        self.leftovers.drain(..batch.leftovers);
        for (aor, bindings) in batch.after {
            self.replace(aor, bindings);
        }
        batch.replies
    }

    /// Takes bindings out that are over.
    pub(super) fn expire(&mut self, now: UnixMillis) {
        while let Some((_, aor)) = self.expiries.first().filter(|(at, _)| *at <= now).cloned() {
            let (over, live) =
                self.of(&aor).iter().cloned().partition::<Vec<_>, _>(|it| it.is_expired(now));
            self.leftovers.extend(over);
            self.replace(aor, live);
        }
    }

    /// A connection is closed: what came over it has lost its way back.
    pub(super) fn close_flow(&mut self, flow: FlowId) {
        for aor in self.by_connection.remove(&flow).unwrap_or_default() {
            let mut bindings = self.of(&aor).to_vec();
            for binding in bindings.iter_mut().filter(|it| it.received.flow == Some(flow)) {
                binding.received.flow = None;
            }
            self.replace(aor, bindings);
        }
    }

    /// After a panic: what hangs on the bindings is derived anew. What the panic was about, `touched`, may
    /// have lost its bindings here; its phone's next REGISTER writes them again.
    pub(super) fn mend<'a>(&mut self, touched: impl IntoIterator<Item = &'a Aor>) {
        self.expiries.clear();
        self.by_connection.clear();
        for aor in touched {
            self.locations.publish(aor, self.of(aor));
        }
        for (aor, bindings) in &self.bindings {
            if let Some(end) = bindings.iter().map(|it| it.expires_at).min() {
                self.expiries.insert((end, aor.clone()));
            }
            for connection in connections(bindings) {
                self.by_connection.entry(connection).or_default().insert(aor.clone());
            }
        }
    }

    /// The same where taking out what is over panicked: that is dropped as it is.
    pub(super) fn drop_expired(&mut self, now: UnixMillis) {
        let is_over = |it: &Vec<Binding>| it.iter().any(|it| it.is_expired(now));
        let over: Vec<_> = self
            .bindings
            .iter()
            .filter(|(_, it)| is_over(it))
            .map(|(aor, _)| aor.clone())
            .collect();
        for aor in &over {
            self.bindings.remove(aor);
        }
        self.mend(&over);
    }

    /// When the next binding ends.
    pub(super) fn next_expiry(&self) -> Option<UnixMillis> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// Whether expired bindings are still in the database.
    pub(super) fn has_leftovers(&self) -> bool {
        !self.leftovers.is_empty()
    }

    /// How many addresses of record have a binding.
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    fn of(&self, aor: &Aor) -> &[Binding] {
        self.bindings.get(aor).map_or(&[], Vec::as_slice)
    }

    /// Tells who came and went since the last time to `listener`, which takes what it can and says
    /// whether it did; the rest waits.
    pub(super) fn tell(&mut self, mut listener: impl FnMut(RegistrationFact) -> bool) {
        while let Some((aor, is_registered)) = self.untold.pop_first() {
            if !listener(RegistrationFact { aor: aor.clone(), is_registered }) {
                self.untold.insert(aor, is_registered);
                return;
            }
        }
    }

    /// Tells whose devices are others than the last time, in the same way.
    pub(super) fn tell_changed(&mut self, mut listener: impl FnMut(Aor) -> bool) {
        while let Some(aor) = self.changed.pop_first() {
            if !listener(aor.clone()) {
                self.changed.insert(aor);
                return;
            }
        }
    }

    /// Whether somebody has not been told of.
    pub(super) fn has_untold(&self) -> bool {
        !self.untold.is_empty() || !self.changed.is_empty()
    }

    /// Puts `bindings` in the place of what `aor` had, everywhere.
    fn replace(&mut self, aor: Aor, bindings: Vec<Binding>) {
        self.locations.publish(&aor, &bindings);
        let is_registered = is_reachable(&bindings);
        if is_registered != is_reachable(self.of(&aor)) {
            self.untold.insert(aor.clone(), is_registered);
        }
        if !is_same_devices(&bindings, self.of(&aor)) {
            self.changed.insert(aor.clone());
        }
        if let Some(old) = self.bindings.remove(&aor) {
            self.forget(&aor, &old);
        }
        let Some(end) = bindings.iter().map(|it| it.expires_at).min() else { return };
        self.expiries.insert((end, aor.clone()));
        for connection in connections(&bindings) {
            self.by_connection.entry(connection).or_default().insert(aor.clone());
        }
        self.bindings.insert(aor, bindings);
    }

    fn forget(&mut self, aor: &Aor, old: &[Binding]) {
        if let Some(end) = old.iter().map(|it| it.expires_at).min() {
            self.expiries.remove(&(end, aor.clone()));
        }
        for connection in connections(old) {
            let Some(aors) = self.by_connection.get_mut(&connection) else { continue };
            aors.remove(aor);
            if aors.is_empty() {
                self.by_connection.remove(&connection);
            }
        }
    }
}

impl Batch {
    /// Whether nothing is to be committed.
    pub(super) fn is_read_only(&self) -> bool {
        self.removals.is_empty() && self.upserts.is_empty()
    }

    /// The replies when the commit failed: who would have been bound must try again.
    pub(super) fn failed(self, retry_after_s: u32) -> Vec<(u8, RegistrationReply)> {
        let mut replies = self.replies;
        for (_, reply) in &mut replies {
            if let RegistrationOutcome::Bound { .. } = reply.outcome {
                reply.outcome = RegistrationOutcome::Unavailable { retry_after_s };
            }
        }
        replies
    }
}

fn is_reachable(bindings: &[Binding]) -> bool {
    bindings.iter().any(|it| it.destination().is_some())
}

/// Whether the same devices are reached, or not, in the same order; a refresh changes nothing.
fn is_same_devices(a: &[Binding], b: &[Binding]) -> bool {
    let is_same = |(a, b): (&Binding, &Binding)| {
        a.key() == b.key() && a.destination().is_some() == b.destination().is_some()
    };
    a.len() == b.len() && a.iter().zip(b).all(is_same)
}

fn connections(bindings: &[Binding]) -> impl Iterator<Item = FlowId> {
    bindings
        .iter()
        .filter(|it| it.received.transport.is_reliable())
        .filter_map(|it| it.received.flow)
}
