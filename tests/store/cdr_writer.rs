//! The way of a record: inbox, spool, database.

use crate::{
    places::Place,
    postgres::Postgres,
    sample::{cdr, domain},
};
use call::Cdr;
use std::{path::Path, time::Duration};
use tandem::{
    config::{CdrWriting, Config},
    store::{CdrFilter, CdrWriter, Store},
};

pub(crate) async fn records_reach_the_database_and_the_spool_is_empty_after_a_drain(place: Place) {
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let records: Vec<Cdr> = (0..2000).map(|n| cdr(domain(), n)).collect();
    let (writer, sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();

    for record in &records {
        sender.record(record.clone());
    }
    let left = writer.drain(LONG).await;

    assert_eq!(left, 0);
    assert_eq!(in_database(&store).await, records);
    assert_eq!(segments(&spool), Vec::<String>::new());
}

pub(crate) async fn records_wait_in_the_spool_while_the_database_refuses(place: Place) {
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let records: Vec<Cdr> = (0..300).map(|n| cdr(domain(), n)).collect();
    let (writer, sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();
    place.execute("ALTER TABLE cdr RENAME TO cdr_elsewhere").await;

    for record in &records {
        sender.record(record.clone());
    }
    assert!(sender.spooled().await);
    let waiting = segments(&spool);
    place.execute("ALTER TABLE cdr_elsewhere RENAME TO cdr").await;
    let left = writer.drain(LONG).await;

    assert!(!waiting.is_empty());
    assert_eq!(left, 0);
    assert_eq!(in_database(&store).await, records);
}

pub(crate) async fn a_drain_that_is_over_time_leaves_the_rest_to_the_next_start(place: Place) {
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let records: Vec<Cdr> = (0..300).map(|n| cdr(domain(), n)).collect();
    place.execute("ALTER TABLE cdr RENAME TO cdr_elsewhere").await;
    let (writer, sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();
    for record in &records {
        sender.record(record.clone());
    }

    let left = writer.drain(Duration::from_millis(300)).await;
    place.execute("ALTER TABLE cdr_elsewhere RENAME TO cdr").await;
    let (next, _) = start_when_free(&store, &spool).await;
    let left_then = next.drain(LONG).await;

    assert!(left > 0, "the drain says that nothing is left");
    assert_eq!(left_then, 0);
    assert_eq!(in_database(&store).await, records);
}

#[tokio::test]
async fn a_postgresql_that_is_killed_and_comes_back_costs_no_record() {
    let mut cluster = Postgres::start();
    let place = Place::postgres(&cluster, "away").await;
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let records: Vec<Cdr> = (0..3000).map(|n| cdr(domain(), n)).collect();
    let (writer, sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();

    for (n, record) in records.iter().enumerate() {
        sender.record(record.clone());
        match n {
            1000 => {
                assert!(sender.spooled().await);
                cluster.kill();
            }
            2000 => {
                assert!(sender.spooled().await);
                cluster.start_again();
            }
            _ => {}
        }
    }
    let left = writer.drain(LONG).await;

    assert_eq!(left, 0);
    assert_eq!(in_database(&store).await, records);
}

#[tokio::test]
async fn a_second_server_cannot_use_the_same_spool() {
    let place = Place::sqlite();
    let store = place.open().await;
    let spool = place.directory.path().join("spool");
    let (writer, _sender) = CdrWriter::start(store.clone(), &small_segments(), &spool).unwrap();

    let second = CdrWriter::start(store, &small_segments(), &spool);

    let error = second.expect_err("two writers on one spool");
    assert!(error.to_string().contains("--data"), "{error}");
    writer.drain(LONG).await;
}

/// Everything in the call log, oldest first.
pub(crate) async fn in_database(store: &Store) -> Vec<Cdr> {
    let mut records = store.page_cdrs(&CdrFilter::default(), None, u32::MAX).await.unwrap();
    records.reverse();
    records
}

/// A writer whose thread has had its last wish gives the lock back a moment after the drain.
async fn start_when_free(store: &Store, spool: &Path) -> (CdrWriter, tandem::store::CdrSender) {
    let started = tokio::time::timeout(LONG, async {
        loop {
            match CdrWriter::start(store.clone(), &small_segments(), spool) {
                Ok(started) => return started,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    started.await.expect("the spool is never given back")
}

/// So that a test goes over many.
pub(crate) fn small_segments() -> CdrWriting {
    CdrWriting {
        batch_max: 100,
        batch_interval: Duration::from_millis(1),
        segment_bytes: 64 << 10,
        ..Config::default().cdr
    }
}

fn segments(spool: &Path) -> Vec<String> {
    let names = std::fs::read_dir(spool).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    names.filter(|it| it.starts_with("cdr-")).collect()
}

/// More than any of this takes on a busy machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);
