//! `kill -9` of a process that writes records, again and again, at moments of chance.

use crate::{
    cdr_writer::{LONG, in_database, small_segments},
    places::Place,
    sample::{cdr, domain},
};
use base::Rng;
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};
use tandem::{config::Secret, store::CdrWriter};

#[tokio::test]
async fn kill_9_loses_no_acknowledged_record_and_doubles_none() {
    let place = Place::sqlite();
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let mut rng = Rng::from_number(u64::from(std::process::id()));
    let mut acknowledged = 0;

    for _ in 0..ROUNDS {
        let kill_after = 1 + rng.below(40);
        acknowledged = run_and_kill(&place, acknowledged, kill_after);
    }
    let (writer, _sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();
    let left = writer.drain(LONG).await;

    assert_eq!(left, 0);
    let found = in_database(&store).await;
    let ids: BTreeSet<_> = found.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), found.len(), "a record is there twice");
    for n in 0..acknowledged {
        assert!(ids.contains(&cdr(domain(), n).id), "record {n} of {acknowledged} is lost");
    }
    assert!(acknowledged >= ROUNDS * BATCH, "the children did not get to write");
}

/// Starts a writer that begins with record `first`, kills it once it has acknowledged `kill_after`
/// batches (it is writing the next ones by then), and returns how many were acknowledged in all.
fn run_and_kill(place: &Place, first: u64, kill_after: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cdr_kill::child_that_writes_until_it_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env("TANDEM_TEST_URL", place.config.url.expose())
        .env("TANDEM_TEST_SPOOL", place.directory.path().join("spool"))
        .env("TANDEM_TEST_FIRST", first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = first;
    let mut batches = 0;
    for line in lines.map_while(Result::ok) {
        if let Some(count) = line.strip_prefix(ACKNOWLEDGED) {
            acknowledged = count.parse().unwrap();
            batches += 1;
            if batches == kill_after {
                // What it acknowledges between this and its end is read on.
                child.kill().unwrap();
            }
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "the child ended by itself");
    acknowledged
}

/// The process that is killed.
#[tokio::test]
#[ignore = "the child of kill_9_loses_no_acknowledged_record_and_doubles_none"]
async fn child_that_writes_until_it_is_killed() {
    let variable = |name: &str| std::env::var(name).expect("set by the parent");
    let mut place = Place::sqlite();
    place.config.url = Secret::new(variable("TANDEM_TEST_URL"));
    let spool = variable("TANDEM_TEST_SPOOL");
    let first: u64 = variable("TANDEM_TEST_FIRST").parse().unwrap();
    let store = place.open().await;
    let (_writer, sender) = CdrWriter::start(store, &small_segments(), spool.as_ref()).unwrap();
    let mut out = std::io::stdout();
    for batch in 0.. {
        let start = first + batch * BATCH;
        (start..start + BATCH).for_each(|n| sender.record(cdr(domain(), n)));
        assert!(sender.spooled().await);
        writeln!(out, "\n{ACKNOWLEDGED}{}", start + BATCH).unwrap();
    }
}

const ROUNDS: u64 = 12;
const BATCH: u64 = 37;
const ACKNOWLEDGED: &str = "acknowledged ";
