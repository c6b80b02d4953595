//! The board's loop.

use super::{BoardHandle, GATHER, Snapshot, handle::Command, state::Board};
use crate::{
    clock,
    events::{Hub, Stamp},
    telemetry::panics::{Owner, contained_now},
};
use base::CallId;
use call::{
    CallFact,
    facts::Telling,
    registration::RegistrationFact,
    subscriptions::{LineFact, LineWatch},
};
use std::fmt;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// What the board hears.
#[derive(Debug)]
pub struct Ears {
    /// Facts of calls, each with its shard.
    pub tellings: mpsc::Receiver<(u8, Telling)>,
    /// Who comes and goes.
    pub registrations: mpsc::Receiver<RegistrationFact>,
    /// Rows that are in the call log, each by its call.
    pub logged: mpsc::Receiver<Vec<CallId>>,
    /// Which lines are watched.
    pub watches: mpsc::Receiver<LineWatch>,
    /// To whoever watches them. Full: the latest of each line waits.
    pub lines: mpsc::Sender<LineFact>,
}

/// Most facts taken in at once.
const BATCH_MAX: usize = 1024;

/// Starts the board. It ends when all its handles are gone.
pub fn start(hub: Hub, ears: Ears) -> (BoardHandle, JoinHandle<()>) {
    let (handle, commands) = BoardHandle::new();
    (handle, tokio::spawn(run(Board::new(hub), ears, commands)))
}

async fn run(mut board: Board, mut ears: Ears, mut commands: mpsc::Receiver<Command>) {
    let mut tellings = Vec::with_capacity(BATCH_MAX);
    // Until then facts gather.
    let mut gathering: Option<Instant> = None;
    loop {
        do_contained(&mut board, "lines that are watched", |board| {
            board.tell_watched(|fact| {
                !matches!(ears.lines.try_send(fact), Err(TrySendError::Full(_)))
            });
        });
        let until = gathering.unwrap_or_else(Instant::now);
        let retry = Instant::now() + TELL_INTERVAL;
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => do_contained(&mut board, "a command", |it| obey(it, command)),
                None => return,
            },
            Some(fact) = ears.registrations.recv() => {
                do_contained(&mut board, "a registration", |it| it.handle_registration(now(), fact));
            }
            Some(watch) = ears.watches.recv() => {
                do_contained(&mut board, "a watched line", |it| it.handle_watch(watch));
            }
            () = sleep_until(retry), if board.has_untold() => {}
            Some(rows) = ears.logged.recv() => {
                do_contained(&mut board, "rows of the call log", |it| it.handle_logged(now(), &rows));
            }
            () = sleep_until(until), if gathering.is_some() => gathering = None,
            count = ears.tellings.recv_many(&mut tellings, BATCH_MAX), if gathering.is_none() => {
                for (shard, telling) in tellings.drain(..) {
                    let about = about(&telling);
                    do_contained(&mut board, about, |it| it.handle_telling(now(), shard, telling));
                }
                // Without shards nothing is told any more.
                let pause = if count == 0 { STOPPED } else { GATHER };
                gathering = Some(Instant::now() + pause);
            }
        }
    }
}

/// Does one thing. If it panics, whoever asked hears that nobody answers, what the shards have told stays
/// as it is, and what is derived of that is derived anew.
pub(super) fn do_contained(
    board: &mut Board,
    about: impl fmt::Display,
    work: impl FnOnce(&mut Board),
) {
    if contained_now(Owner::Board, about, || work(board)).is_some() {
        return;
    }
    for line in board.line_ids() {
        contained_now(Owner::Board, line, || board.derive_anew(now(), line));
    }
}

/// What the log says that something was about that a shard told.
fn about(telling: &Telling) -> impl fmt::Display + use<> {
    let call = match telling {
        Telling::Fact(CallFact::Began(view)) => Some(view.id),
        Telling::Fact(CallFact::Changed(change)) => Some(change.call),
        Telling::Fact(CallFact::Over(call) | CallFact::Merged { call, .. }) => Some(*call),
        Telling::All(_) => None,
    };
    // Put into words only if it is told.
    fmt::from_fn(move |f| match call {
        Some(call) => write!(f, "call {call}"),
        None => f.write_str("all calls of a shard"),
    })
}

fn obey(board: &mut Board, command: Command) {
    // Whoever asked may be gone by now.
    match command {
        Command::Directory(directory) => board.handle_directory(now(), directory),
        Command::Lines(domain, user, reply) => {
            let _ = reply.send(Snapshot { seq: board.seq(), items: board.lines(domain, user) });
        }
        Command::Calls(domain, user, reply) => {
            let _ = reply.send(Snapshot { seq: board.seq(), items: board.calls(domain, user) });
        }
        Command::Find(call, reply) => {
            let _ = reply.send(board.find(call));
        }
    }
}

fn now() -> Stamp {
    Stamp(clock::unix_now())
}

/// How soon a listener that was full is tried again.
const TELL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(20);

/// Between two looks at shards that have stopped.
const STOPPED: std::time::Duration = std::time::Duration::from_secs(1);
