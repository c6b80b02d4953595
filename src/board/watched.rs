//! Lines whose calls somebody watches, and what was not told of them yet.

use super::{line::Line, live::Live};
use base::{CallId, DomainId, ExtensionId};
use call::subscriptions::{LineDialog, LineFact, LineWatch, dialog_in_slot, dialogs_of};
use sip::bindings::Aor;
use std::collections::{BTreeSet, HashMap};

/// Which lines are watched.
#[derive(Debug, Default)]
pub(super) struct WatchedLines {
    /// `None` for a number that is no line's, and may be a parking slot's.
    by_aor: HashMap<Aor, Option<ExtensionId>>,
    by_id: HashMap<ExtensionId, Aor>,
    /// Those that stand otherwise than was told: at most one entry a line that is watched.
    untold: BTreeSet<Aor>,
}

impl WatchedLines {
    /// A line is watched from now on, and is to be told of, or no longer.
    pub(super) fn handle(&mut self, watch: LineWatch, lines: &HashMap<ExtensionId, Line>) {
        let LineWatch { aor, is_watched } = watch;
        if is_watched {
            self.find(aor, lines);
        } else {
            self.untold.remove(&aor);
            if let Some(Some(id)) = self.by_aor.remove(&aor) {
                self.by_id.remove(&id);
            }
        }
    }

    /// Lines came, went or changed their names.
    pub(super) fn handle_lines(&mut self, lines: &HashMap<ExtensionId, Line>) {
        self.by_id.clear();
        for aor in std::mem::take(&mut self.by_aor).into_keys() {
            self.find(aor, lines);
        }
    }

    /// A line stands otherwise.
    pub(super) fn touch(&mut self, line: ExtensionId) {
        if let Some(aor) = self.by_id.get(&line) {
            self.untold.insert(aor.clone());
        }
    }

    /// Somebody came into a parking slot, or left it.
    pub(super) fn touch_slot(&mut self, domain: DomainId, slot: u32) {
        let aor = Aor { domain, user: slot.to_string() };
        if let Some(None) = self.by_aor.get(&aor) {
            self.untold.insert(aor);
        }
    }

    /// Whether something waits to be told.
    pub(super) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Tells how lines stand now to `listener`, which takes what it can and says whether it did;
    /// the rest waits.
    pub(super) fn tell(
        &mut self,
        lines: &HashMap<ExtensionId, Line>,
        calls: &HashMap<CallId, Live>,
        mut listener: impl FnMut(LineFact) -> bool,
    ) {
        while let Some(aor) = self.untold.pop_first() {
            let dialogs = match self.by_aor.get(&aor) {
                Some(Some(id)) => lines.get(id).map(|it| dialogs(it, lines, calls)),
                Some(None) => aor.user.parse().ok().map(|slot| parked(&aor, slot, lines, calls)),
                None => None,
            };
            let dialogs = dialogs.unwrap_or_default();
            if !listener(LineFact { aor: aor.clone(), dialogs }) {
                self.untold.insert(aor);
                return;
            }
        }
    }

    fn find(&mut self, aor: Aor, lines: &HashMap<ExtensionId, Line>) {
        let is_it = |it: &&Line| it.domain == aor.domain && it.view.number == aor.user;
        let id = lines.values().find(is_it).map(|it| it.view.id);
        if let Some(id) = id {
            self.by_id.insert(id, aor.clone());
        }
        self.untold.insert(aor.clone());
        self.by_aor.insert(aor, id);
    }
}

/// The live dialogs of a line, oldest call first.
fn dialogs(
    line: &Line,
    lines: &HashMap<ExtensionId, Line>,
    calls: &HashMap<CallId, Live>,
) -> Vec<LineDialog> {
    let of_line: BTreeSet<CallId> = line.legs.iter().map(|(call, _)| *call).collect();
    let name_of = |id| name_of(lines, id);
    let live = of_line.iter().filter_map(|call| calls.get(call));
    live.flat_map(|it| dialogs_of(&it.view, line.view.id, name_of)).take(DIALOGS_MAX).collect()
}

/// The dialogs in a parking slot.
fn parked(
    aor: &Aor,
    slot: u32,
    lines: &HashMap<ExtensionId, Line>,
    calls: &HashMap<CallId, Live>,
) -> Vec<LineDialog> {
    let calls = calls.values().filter(|it| it.view.domain == aor.domain);
    calls.filter_map(|it| dialog_in_slot(&it.view, slot, |id| name_of(lines, id))).collect()
}

fn name_of(lines: &HashMap<ExtensionId, Line>, id: ExtensionId) -> Option<String> {
    let name = &lines.get(&id)?.view.name;
    (!name.is_empty()).then(|| name.clone())
}

/// Most dialogs of a line that are told.
const DIALOGS_MAX: usize = 64;
