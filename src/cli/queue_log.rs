//! `tandem journal queue-log`: what happened in queues, in the lines of Asterisk's `queue_log`:
//! `epoch|callid|queuename|agent|event|data…`.
//!
//! What stands there is what programs that read such a file know; no agent serves queues yet.

use crate::store::journal::{self, Entry, LinesLeftOut};
use base::{CallId, DomainId, LegId, UnixMillis};
use call::{
    cdr::number_of,
    journal::{LegHappening, QueueEvent, QueueHappening, Wait},
};
use std::{
    collections::HashMap,
    io::{self, Write},
    path::Path,
};

/// Which lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Of this time and later.
    pub from: Option<UnixMillis>,
    /// Before this time.
    pub until: Option<UnixMillis>,
    /// Of this domain's queues.
    pub domain: Option<DomainId>,
}

/// Prints the lines that the journal in `directory` gives, and returns which of its own lines told
/// nothing.
pub fn print(directory: &Path, wanted: Wanted, out: &mut dyn Write) -> io::Result<LinesLeftOut> {
    let mut log = QueueLog { wanted, waiting: HashMap::new() };
    journal::read(directory, |entry| match log.line(&entry) {
        Some((at, line)) if log.is_wanted(at) => writeln!(out, "{line}"),
        Some(_) | None => Ok(()),
    })
}

/// What is known of those who wait.
struct QueueLog {
    wanted: Wanted,
    waiting: HashMap<CallId, Waiting>,
}

struct Waiting {
    leg: LegId,
    since: UnixMillis,
    queue: String,
    position: u32,
}

impl QueueLog {
    /// When something happened, and its line.
    fn line(&mut self, entry: &Entry) -> Option<(UnixMillis, String)> {
        let at = entry.at();
        match entry {
            Entry::Started(_) => Some((at, line(at, NONE, NONE, "QUEUESTART", &[""]))),
            Entry::Leg(event) => {
                let LegHappening::Queue(what) = &event.what else { return None };
                let is_foreign = self.wanted.domain.is_some_and(|it| it != what.domain);
                (!is_foreign).then(|| (at, self.happened(at, event.call, event.leg, what)))
            }
            // A crash cut the wait off, and nobody could say so then.
            Entry::Ended(row) => {
                let waited = self.waiting.get(&row.call)?;
                (waited.leg == row.leg).then_some(())?;
                let waited = self.waiting.remove(&row.call)?;
                let wait = Wait {
                    position: waited.position,
                    first_position: waited.position,
                    waited_ms: at.0 - waited.since.0,
                };
                let call = row.call.to_string();
                Some((at, line(at, &call, &waited.queue, "ABANDON", &data_of(wait))))
            }
            Entry::Stopped(_)
            | Entry::Alive(_)
            | Entry::Continued(_)
            | Entry::Lost(..)
            | Entry::GoesOn(..) => None,
        }
    }

    fn happened(&mut self, at: UnixMillis, call: CallId, leg: LegId, it: &QueueEvent) -> String {
        let (name, data) = match &it.what {
            QueueHappening::Entered { caller, position } => {
                let (queue, position) = (it.queue.clone(), *position);
                self.waiting.insert(call, Waiting { leg, since: at, queue, position });
                let no_url = String::new();
                let caller = number_of(caller).to_owned();
                ("ENTERQUEUE", [no_url, caller, position.to_string()])
            }
            QueueHappening::LeftEmpty(wait) => {
                self.waiting.remove(&call);
                ("EXITEMPTY", data_of(*wait))
            }
            QueueHappening::Abandoned(wait) => {
                self.waiting.remove(&call);
                ("ABANDON", data_of(*wait))
            }
        };
        line(at, &call.to_string(), &it.queue, name, &data)
    }

    fn is_wanted(&self, at: UnixMillis) -> bool {
        self.wanted.from.is_none_or(|it| at >= it) && self.wanted.until.is_none_or(|it| at < it)
    }
}

/// `position|origposition|waittime`, the last in seconds.
fn data_of(wait: Wait) -> [String; 3] {
    let seconds = wait.waited_ms.max(0) / 1000;
    [wait.position.to_string(), wait.first_position.to_string(), seconds.to_string()]
}

fn line(at: UnixMillis, call: &str, queue: &str, event: &str, data: &[impl AsRef<str>]) -> String {
    let mut line = at.0.div_euclid(1000).to_string();
    let data = data.iter().map(AsRef::as_ref);
    for field in [call, queue, NONE, event].into_iter().chain(data) {
        line.push('|');
        line.extend(field.chars().map(harmless));
    }
    line
}

/// Nothing in a name may look like the end of a field or of a line.
fn harmless(letter: char) -> char {
    if letter == '|' || letter.is_control() { '_' } else { letter }
}

/// What stands where there is no call, queue or agent.
const NONE: &str = "NONE";

#[cfg(test)]
mod tests;
