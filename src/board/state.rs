//! What the board knows, and what it publishes when that changes.

use super::{AWAITED_MAX, Found, LineView, line::Line, live::Live, watched::WatchedLines};
use crate::events::{ActiveCall, Fact, Hub, LineState, Stamp, Topic};
use base::{CallId, DomainId, ExtensionId, UserId};
use call::{
    CallFact, CallView, Directory, Extension, LegView,
    facts::Telling,
    registration::RegistrationFact,
    subscriptions::{LineFact, LineWatch},
};
use sip::bindings::Aor;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// The board without its task.
#[derive(Debug)]
pub(super) struct Board {
    hub: Hub,
    lines: HashMap<ExtensionId, Line>,
    /// Where somebody can be reached, known numbers or not.
    registered: HashSet<Aor>,
    /// Who exists, and is signed in at whose phones.
    directory: Arc<Directory>,
    calls: HashMap<CallId, Live>,
    /// Ended calls whose rows are on their way to the call log.
    awaited: HashMap<CallId, Awaited>,
    /// The same, oldest first.
    awaited_order: VecDeque<CallId>,
    watched: WatchedLines,
}

/// An ended call.
#[derive(Debug)]
struct Awaited {
    domain: DomainId,
    users: Vec<UserId>,
    /// Rows that are not in the call log yet.
    missing: usize,
}

impl Board {
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            hub,
            lines: HashMap::new(),
            registered: HashSet::new(),
            directory: Arc::default(),
            calls: HashMap::new(),
            awaited: HashMap::new(),
            awaited_order: VecDeque::new(),
            watched: WatchedLines::default(),
        }
    }

    // === Inputs ===

    /// Who exists from now on.
    pub(super) fn handle_directory(&mut self, now: Stamp, directory: Arc<Directory>) {
        self.directory = Arc::clone(&directory);
        let mut before = std::mem::take(&mut self.lines);
        for extension in directory.extensions.values() {
            let (id, old) = (extension.id, before.remove(&extension.id));
            let is_new = old.as_ref().is_none_or(|it| is_other_line(it, extension));
            let place = directory.workplaces.place_of(extension.domain, &extension.number);
            let is_shown_anew = old.as_ref().is_none_or(|it| {
                it.view.name != extension.display_name || it.view.workplace.as_deref() != place
            });
            let line = self.line(now, extension.clone(), old);
            self.lines.insert(id, line);
            self.derive_line(now, id, is_new);
            if is_new || is_shown_anew {
                self.tell_line(now, id);
            }
        }
        for line in before.into_values() {
            let LineView { id, number, user, .. } = line.view;
            let fact = Fact::LineRemoved { id, number };
            self.hub.tell(line.domain, user.as_slice(), now, &fact);
            self.hub.publish(line.domain, Topic::Lines, now, fact);
        }
        for live in self.calls.values_mut() {
            live.users = live.owners(&self.lines, false);
            live.ever.extend(live.owners(&self.lines, true));
            live.ever.sort_unstable();
            live.ever.dedup();
        }
        self.watched.handle_lines(&self.lines);
    }

    fn line(&self, now: Stamp, extension: Extension, old: Option<Line>) -> Line {
        let aor = Aor { domain: extension.domain, user: extension.number.clone() };
        let workplace =
            self.directory.workplaces.place_of(aor.domain, &aor.user).map(str::to_owned);
        let (status, since, legs) = match old {
            Some(old) => (old.view.status, old.view.since, old.legs),
            None => (LineState::Unregistered, now, self.legs_of(extension.id)),
        };
        Line {
            domain: extension.domain,
            is_registered: self.is_reached(&aor),
            legs,
            view: LineView {
                id: extension.id,
                number: extension.number,
                name: extension.display_name,
                user: extension.user,
                workplace,
                status,
                since,
            },
        }
    }

    /// Somebody came or went.
    pub(super) fn handle_registration(&mut self, now: Stamp, fact: RegistrationFact) {
        let RegistrationFact { aor, is_registered } = fact;
        let is_news = if is_registered {
            self.registered.insert(aor.clone())
        } else {
            self.registered.remove(&aor)
        };
        if !is_news {
            return;
        }
        let number = aor.user.clone();
        let fact = Fact::Registration { number, registered: is_registered };
        self.hub.publish(aor.domain, Topic::Registrations, now, fact);
        let visitor =
            self.directory.workplaces.visitor_at(aor.domain, &aor.user).map(str::to_owned);
        for number in [aor.user].into_iter().chain(visitor) {
            self.note_reached(now, &Aor { domain: aor.domain, user: number });
        }
    }

    /// Whether a line can be reached may be otherwise than before.
    fn note_reached(&mut self, now: Stamp, aor: &Aor) {
        let is_reached = self.is_reached(aor);
        let extension = self.directory.extension(aor.domain, &aor.user);
        if let Some(line) = extension.and_then(|it| self.lines.get_mut(&it.id)) {
            line.is_registered = is_reached;
            let id = line.view.id;
            self.derive_line(now, id, false);
        }
    }

    /// Whether a line can be reached: at its own phones, or where it is signed in.
    fn is_reached(&self, aor: &Aor) -> bool {
        let place = self.directory.workplaces.place_of(aor.domain, &aor.user);
        let place = place.map(|it| Aor { domain: aor.domain, user: it.to_owned() });
        self.registered.contains(aor) || place.is_some_and(|it| self.registered.contains(&it))
    }

    /// What a shard tells.
    pub(super) fn handle_telling(&mut self, now: Stamp, shard: u8, telling: Telling) {
        match telling {
            Telling::Fact(CallFact::Began(view)) => self.begin(now, shard, *view),
            Telling::Fact(CallFact::Changed(change)) => {
                if let Some(live) = self.calls.get_mut(&change.call) {
                    let known = live.view.legs.len();
                    live.view.apply(&change);
                    self.note_legs(change.call, known, &change.added);
                    self.show(Stamp(change.at), change.call);
                }
            }
            Telling::Fact(CallFact::Over(call)) => self.forget(now, call),
            Telling::Fact(CallFact::Merged { call, .. }) => self.forget_merged(now, call),
            Telling::All(views) => self.handle_all(now, shard, views),
        }
    }

    /// These are the calls of a shard, and there are no others.
    fn handle_all(&mut self, now: Stamp, shard: u8, views: Vec<CallView>) {
        let kept: HashSet<_> = views.iter().map(|it| it.id).collect();
        let is_gone = |id: &CallId, live: &Live| live.shard == shard && !kept.contains(id);
        let gone: Vec<_> =
            self.calls.iter().filter(|(id, it)| is_gone(id, it)).map(|(id, _)| *id).collect();
        for call in gone {
            self.forget(now, call);
        }
        for view in views {
            match self.calls.get_mut(&view.id) {
                Some(live) => {
                    let id = view.id;
                    live.view = view;
                    self.show(now, id);
                }
                None => self.begin(now, shard, view),
            }
        }
    }

    /// These rows are in the call log now, each by its call.
    pub(super) fn handle_logged(&mut self, now: Stamp, rows: &[CallId]) {
        for call in rows {
            if let Some(live) = self.calls.get_mut(call) {
                live.rows += 1;
            } else if let Some(awaited) = self.awaited.get_mut(call) {
                awaited.missing = awaited.missing.saturating_sub(1);
                self.tell_if_logged(now, *call);
            }
        }
    }

    /// Whether somebody watches a line.
    pub(super) fn handle_watch(&mut self, watch: LineWatch) {
        self.watched.handle(watch, &self.lines);
    }

    /// Tells how lines that are watched stand to `listener`, which takes what it can and says
    /// whether it did; the rest waits.
    pub(super) fn tell_watched(&mut self, listener: impl FnMut(LineFact) -> bool) {
        self.watched.tell(&self.lines, &self.calls, listener);
    }

    /// Whether something waits to be told.
    pub(super) fn has_untold(&self) -> bool {
        self.watched.has_untold()
    }

    // === Getters ===

    /// The lines of a domain, or of one of its users, by number.
    pub(super) fn lines(&self, domain: DomainId, user: Option<UserId>) -> Vec<LineView> {
        let is_meant = |it: &&Line| it.domain == domain && (user.is_none() || it.view.user == user);
        let mut views: Vec<_> =
            self.lines.values().filter(is_meant).map(|it| it.view.clone()).collect();
        views.sort_by(|a, b| (a.number.len(), &a.number).cmp(&(b.number.len(), &b.number)));
        views
    }

    /// The live calls of a domain, or of one of its users, oldest first.
    pub(super) fn calls(&self, domain: DomainId, user: Option<UserId>) -> Vec<Arc<ActiveCall>> {
        let is_meant = |it: &&Live| {
            it.view.domain == domain && user.is_none_or(|user| it.users.contains(&user))
        };
        let mut calls: Vec<_> =
            self.calls.values().filter(is_meant).filter_map(|it| it.shown.clone()).collect();
        calls.sort_unstable_by_key(|it| it.id);
        calls
    }

    /// Where a live call is.
    pub(super) fn find(&self, call: CallId) -> Option<Found> {
        let live = self.calls.get(&call).filter(|it| it.is_live())?;
        Some(Found { domain: live.view.domain, shard: live.shard, users: live.users.clone() })
    }

    /// The number of the last frame published.
    pub(super) fn seq(&self) -> u64 {
        self.hub.seq()
    }

    /// All lines.
    pub(super) fn line_ids(&self) -> Vec<ExtensionId> {
        self.lines.keys().copied().collect()
    }

    /// Brings a line up to date with nothing but what is known of calls.
    pub(super) fn derive_anew(&mut self, now: Stamp, id: ExtensionId) {
        let legs = self.legs_of(id);
        if let Some(line) = self.lines.get_mut(&id) {
            line.legs = legs;
            self.derive_line(now, id, false);
        }
    }

    // === Calls ===

    fn begin(&mut self, now: Stamp, shard: u8, view: CallView) {
        let id = view.id;
        self.note_legs(id, 0, &view.legs);
        #[cfg(test)]
        super::tests::panic_if_poisoned(&view.dialled);
        self.calls.insert(id, Live::new(shard, view));
        self.show(now, id);
    }

    /// Legs of a call, the first of which has the index `first`, are on these lines.
    fn note_legs(&mut self, call: CallId, first: usize, legs: &[LegView]) {
        for (n, leg) in (first..).zip(legs) {
            if let Some(line) = leg.extension.and_then(|it| self.lines.get_mut(&it)) {
                line.legs.push((call, n));
            }
        }
    }

    /// Publishes how a call stands to whom it concerns, and the lines that it is on.
    fn show(&mut self, now: Stamp, call: CallId) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let domain = live.view.domain;
        let was_shown = live.shown.is_some();
        let slot = live.view.slot();
        let left_slot = std::mem::replace(&mut live.slot, slot);
        let left = std::mem::take(&mut live.users);
        live.ever.extend(live.owners(&self.lines, true));
        live.ever.sort_unstable();
        live.ever.dedup();
        if live.is_live() {
            live.users = live.owners(&self.lines, false);
            let shown = Arc::new(live.show(&self.lines));
            live.shown = Some(Arc::clone(&shown));
            let fact = Fact::Call(shown);
            self.hub.tell(domain, &live.users, now, &fact);
            self.hub.publish(domain, Topic::Calls, now, fact);
        } else {
            live.shown = None;
        }
        let ended = Fact::CallEnded { id: call, ended_at: now };
        let left: Vec<_> = left.into_iter().filter(|it| !live.users.contains(it)).collect();
        self.hub.tell(domain, &left, now, &ended);
        if was_shown && !live.is_live() {
            self.hub.publish(domain, Topic::Calls, now, ended);
        }
        if left_slot != slot {
            let slots = left_slot.into_iter().chain(slot);
            slots.for_each(|it| self.watched.touch_slot(domain, it));
        }
        let lines: Vec<_> = live.view.legs.iter().filter_map(|it| it.extension).collect();
        for line in lines {
            self.derive_line(now, line, false);
        }
    }

    fn forget(&mut self, now: Stamp, call: CallId) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        if live.is_live() {
            // What told of its end was lost.
            live.view.state = call::facts::CallState::Ending;
            self.show(now, call);
        }
        let Some(live) = self.calls.remove(&call) else { return };
        for leg in &live.view.legs {
            let Some(id) = leg.extension else { continue };
            if let Some(line) = self.lines.get_mut(&id) {
                line.legs.retain(|(it, _)| *it != call);
            }
            self.derive_line(now, id, false);
        }
        let missing = live.view.legs.len().saturating_sub(live.rows);
        self.await_rows(call, Awaited { domain: live.view.domain, users: live.ever, missing });
        self.tell_if_logged(now, call);
    }

    /// Another call has its legs, and its rows in the call log will be that one's.
    fn forget_merged(&mut self, now: Stamp, call: CallId) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        live.view.state = call::facts::CallState::Ending;
        self.show(now, call);
        let Some(live) = self.calls.remove(&call) else { return };
        for id in live.view.legs.iter().filter_map(|it| it.extension) {
            if let Some(line) = self.lines.get_mut(&id) {
                line.legs.retain(|(it, _)| *it != call);
            }
            self.derive_line(now, id, false);
        }
    }

    // === The call log ===

    fn await_rows(&mut self, call: CallId, awaited: Awaited) {
        if self.awaited_order.len() >= AWAITED_MAX
            && let Some(oldest) = self.awaited_order.pop_front()
        {
            self.awaited.remove(&oldest);
        }
        self.awaited_order.push_back(call);
        self.awaited.insert(call, awaited);
    }

    fn tell_if_logged(&mut self, now: Stamp, call: CallId) {
        if self.awaited.get(&call).is_none_or(|it| it.missing > 0) {
            return;
        }
        if let Some(Awaited { domain, users, .. }) = self.awaited.remove(&call) {
            self.awaited_order.retain(|it| *it != call);
            let fact = Fact::CallLogged { id: call };
            self.hub.tell(domain, &users, now, &fact);
            self.hub.publish(domain, Topic::Calls, now, fact);
        }
    }

    // === Lines ===

    /// Brings a line up to date and publishes it if it stands otherwise, or if `is_news` anyhow.
    fn derive_line(&mut self, now: Stamp, id: ExtensionId, is_news: bool) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        self.watched.touch(id);
        let legs = line.legs.clone();
        let calls = &self.calls;
        let legs = legs.iter().filter_map(|(call, n)| calls.get(call)?.view.legs.get(*n));
        if line.derive(legs, now) || is_news {
            let fact = Fact::Line(Arc::new(line.status()));
            if let Some(user) = line.view.user {
                self.hub.tell(line.domain, &[user], now, &fact);
            }
            self.hub.publish(line.domain, Topic::Lines, now, fact);
        }
    }

    /// Publishes what a line is called, whose it is and where it is signed in.
    fn tell_line(&mut self, now: Stamp, id: ExtensionId) {
        let Some(line) = self.lines.get(&id) else { return };
        let fact = Fact::LineChanged(Arc::new(line.card()));
        self.hub.tell(line.domain, line.view.user.as_slice(), now, &fact);
        self.hub.publish(line.domain, Topic::Lines, now, fact);
    }

    fn legs_of(&self, extension: ExtensionId) -> Vec<(CallId, usize)> {
        let legs = |(id, live): (&CallId, &Live)| {
            let is_its = |leg: &call::LegView| leg.extension == Some(extension);
            let places: Vec<_> = (0..).zip(&live.view.legs).collect();
            let id = *id;
            places
                .into_iter()
                .filter(move |(_, it)| is_its(it))
                .map(move |(n, _)| (id, n))
                .collect::<Vec<_>>()
        };
        self.calls.iter().flat_map(legs).collect()
    }
}

/// Whether people would see another line: its number or who sits there.
fn is_other_line(line: &Line, extension: &Extension) -> bool {
    line.view.number != extension.number || line.view.user != extension.user
}
