//! The journal against crashes, damage and its own limits.

use crate::sample::{cdr, domain};
use base::{LegId, UnixMillis};
use call::{
    Cdr,
    journal::{LegEvent, LegHappening, QueueEvent, QueueHappening, Wait},
};
use proptest::prelude::*;
use sip::{Destination, Host, Transport, dialog::DialogRecord};
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, time::Duration};
use tandem::{
    config::JournalKeeping,
    store::journal::{Entry, JournalFiles, LeftBehind, LinesLeftOut, read},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wherever_a_crash_tears_the_last_file_each_leg_is_cut_off_or_ended_and_never_both(
        legs in 1..12_u64,
        cut in any::<prop::sample::Index>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let story: Vec<_> = (0..legs).flat_map(story_of).collect();
        let (mut files, _) = open(directory.path(), u64::MAX);
        files.append(NOW, &story).unwrap();
        drop(files);
        let file = segments(directory.path()).pop().unwrap();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..cut.index(whole.len() + 1)]).unwrap();

        let survived = all_of(directory.path());
        let began = legs_of(&survived, |it| matches!(it, Entry::Leg(_)));
        let ended = legs_of(&survived, |it| matches!(it, Entry::Ended(_)));
        let (_, left) = open(directory.path(), u64::MAX);

        let told: Vec<_> = left.rows.iter().map(|it| it.leg).collect();
        let once: BTreeSet<_> = told.iter().copied().collect();
        prop_assert_eq!(once.len(), told.len(), "a leg has one row");
        prop_assert_eq!(&once, &began, "each leg that was known has a row");
        let crashed = left.rows.iter().filter(|it| it.cause == "crash").count();
        prop_assert_eq!(crashed, left.legs);
        prop_assert_eq!(crashed, began.len() - ended.len());
        // And the one who starts after that finds nothing left to do.
        let (_, again) = open(directory.path(), u64::MAX);
        prop_assert_eq!((again.legs, again.dialogs.len()), (0, 0));
        prop_assert_eq!(rows(&again), rows(&left), "the same rows, should they not have arrived");
    }
}

#[test]
fn entries_come_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let (mut files, _) = open(directory.path(), u64::MAX);
    let happenings = [
        LegHappening::Held,
        LegHappening::Resumed,
        LegHappening::Moved,
        LegHappening::Answered(None),
        queue(QueueHappening::Entered { caller: "1001|\n".to_owned(), position: 3 }),
        queue(QueueHappening::LeftEmpty(WAIT)),
        queue(QueueHappening::Abandoned(WAIT)),
    ];
    let written: Vec<_> = story_of(1)
        .into_iter()
        .chain(happenings.map(|what| Entry::Leg(event(&cdr(domain(), 1), 5_000, what))))
        .chain([Entry::Alive(NOW), Entry::Lost(NOW, 7), Entry::Stopped(NOW)])
        .collect();

    files.append(NOW, &written).unwrap();

    let mut expected = vec![Entry::Started(NOW)];
    expected.extend(written);
    assert_eq!(all_of(directory.path()), expected);
}

#[test]
fn what_only_another_version_knows_is_left_out_and_counted_apart_from_what_is_torn() {
    let directory = tempfile::tempdir().unwrap();
    let (mut files, _) = open(directory.path(), u64::MAX);
    files.append(NOW, &story_of(1)).unwrap();
    drop(files);
    let file = segments(directory.path()).pop().unwrap();
    let mut lines = fs::read_to_string(&file).unwrap();
    let of_tomorrow = [
        r#"{"at":1,"event":"agent.paused","agent":"7"}"#.to_owned(),
        format!(
            r#"{{"at":1,"event":"queue.connected","queue":{{"domain":"{}","name":"4000","position":1,"agent":"7"}}}}"#,
            domain()
        ),
    ];
    for json in of_tomorrow {
        let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(json.as_bytes());
        writeln!(lines, "{checksum:08x} {json}").unwrap();
    }
    lines.push_str("00000000 {\"at\":1}\ntorn");
    fs::write(&file, lines).unwrap();

    let mut entries = 0;
    let left_out = read(directory.path(), |_| {
        entries += 1;
        Ok(())
    });

    assert_eq!(left_out.unwrap(), LinesLeftOut { damaged: 2, unknown: 2 });
    assert_eq!(entries, 1 + story_of(1).len());
    let (_, left) = open(directory.path(), u64::MAX);
    assert_eq!(left.legs, 0, "and the next start goes by the rest");
}

#[test]
fn a_leg_that_lives_through_many_files_is_known_after_the_first_are_gone() {
    let directory = tempfile::tempdir().unwrap();
    let (mut files, _) = open_with(directory.path(), 2_000, 40_000);
    let long = story_of(1);
    files.append(NOW, &long[..3]).unwrap();
    for n in 2..200 {
        files.append(NOW, &story_of(n)).unwrap();
    }
    drop(files);

    let kept: u64 = segments(directory.path()).iter().map(|it| size(it)).sum();
    assert!((20_000..48_000).contains(&kept), "as much as may be kept, and a file: {kept}");
    let (_, left) = open_with(directory.path(), 2_000, 40_000);
    assert_eq!(left.legs, 1);
    let row = left.rows.last().unwrap();
    let of = cdr(domain(), 1);
    assert_eq!((row.leg, row.ring_ms, row.answer_ms), (of.leg, Some(120), Some(2_000)), "{row:?}");
    assert_eq!(left.dialogs, [dialog(1)]);
}

#[test]
fn after_a_stop_nothing_is_left_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let (mut files, _) = open(directory.path(), u64::MAX);
    files.append(NOW, &story_of(1)).unwrap();
    files.append(NOW, &[Entry::Stopped(NOW)]).unwrap();
    drop(files);

    let (_, left) = open(directory.path(), u64::MAX);

    assert_eq!((left.rows.len(), left.legs), (0, 0));
}

#[test]
fn two_servers_cannot_write_one_journal() {
    let directory = tempfile::tempdir().unwrap();
    let (_files, _) = open(directory.path(), u64::MAX);

    let error = JournalFiles::open(&keeping(directory.path(), u64::MAX, u64::MAX), NOW)
        .expect_err("another server has it");

    assert!(error.to_string().contains("another server uses"), "{error}");
}

#[test]
#[ignore = "a measurement: run it alone, with --release"]
fn time_of_a_call_in_the_journal() {
    const CALLS: u64 = 20_000;
    let directory = tempfile::tempdir().unwrap();
    let (mut files, _) = open(directory.path(), 8 << 20);
    let stories: Vec<_> = (0..2 * CALLS).map(story_of).collect();

    let begun = std::time::Instant::now();
    // Two legs at a time, as many as gather in a fiftieth of a second at a hundred calls a second.
    for batch in stories.chunks(4) {
        files.append(NOW, &batch.concat()).unwrap();
    }
    let each = begun.elapsed() / CALLS as u32;

    let bytes: u64 = segments(directory.path()).iter().map(|it| size(it)).sum();
    eprintln!("{each:?} and {} bytes a call of two legs", bytes / CALLS);
}

/// Began, rang, answered, ended.
fn story_of(n: u64) -> Vec<Entry> {
    let row = cdr(domain(), n);
    let began = Cdr { ring_ms: None, answer_ms: None, end_ms: 0, talk_ms: 0, ..row.clone() };
    vec![
        Entry::Leg(event(&row, 0, LegHappening::Began(Box::new(began)))),
        Entry::Leg(event(&row, 120, LegHappening::Rang)),
        Entry::Leg(event(&row, 2_000, LegHappening::Answered(Some(Box::new(dialog(n)))))),
        Entry::Ended(Box::new(row)),
    ]
}

fn queue(what: QueueHappening) -> LegHappening {
    LegHappening::Queue(Box::new(QueueEvent { domain: domain(), queue: "4000".to_owned(), what }))
}

const WAIT: Wait = Wait { position: 1, first_position: 3, waited_ms: 4_321 };

fn event(row: &Cdr, after_ms: i64, what: LegHappening) -> LegEvent {
    LegEvent { call: row.call, leg: row.leg, at: UnixMillis(row.started.0 + after_ms), what }
}

fn dialog(n: u64) -> DialogRecord {
    DialogRecord {
        call_id: format!("{n}@example.org").into(),
        local_tag: format!("00{n:016x}"),
        remote_tag: "their-tag".into(),
        local: format!("\"Анна\" <sip:10{n}@example.org>;tag=00{n:016x}").into(),
        remote: "<sip:1002@example.org>;tag=their-tag".into(),
        routes: vec!["<sip:proxy.example.org;lr>".into()],
        strict_route: None,
        target: "sip:1002@192.0.2.7:5062".into(),
        hop: Destination {
            transport: Transport::Tcp,
            host: Host::from("192.0.2.7".parse::<std::net::IpAddr>().unwrap()),
            port: 5062,
            flow: None,
            local: None,
        },
        local_cseq: 7,
        remote_cseq: Some(3),
    }
}

fn open(directory: &Path, segment_bytes: u64) -> (JournalFiles, LeftBehind) {
    open_with(directory, segment_bytes, u64::MAX)
}

fn open_with(directory: &Path, segment_bytes: u64, bytes_max: u64) -> (JournalFiles, LeftBehind) {
    JournalFiles::open(&keeping(directory, segment_bytes, bytes_max), NOW).unwrap()
}

fn keeping(directory: &Path, segment_bytes: u64, bytes_max: u64) -> JournalKeeping {
    let keep = Duration::from_hours(24);
    JournalKeeping { dir: directory.to_owned(), keep, bytes_max, segment_bytes }
}

fn all_of(directory: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    read(directory, |entry| {
        entries.push(entry);
        Ok(())
    })
    .unwrap();
    entries
}

fn legs_of(entries: &[Entry], is_one: impl Fn(&Entry) -> bool) -> BTreeSet<LegId> {
    let leg = |entry: &Entry| match entry {
        Entry::Leg(event) => Some(event.leg),
        Entry::Ended(row) => Some(row.leg),
        Entry::GoesOn(_, leg) => Some(leg.row.leg),
        Entry::Started(_)
        | Entry::Stopped(_)
        | Entry::Alive(_)
        | Entry::Continued(_)
        | Entry::Lost(..) => None,
    };
    entries.iter().filter(|it| is_one(it)).filter_map(leg).collect()
}

fn rows(left: &LeftBehind) -> BTreeSet<String> {
    left.rows.iter().map(|it| format!("{it:?}")).collect()
}

fn segments(directory: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(directory).unwrap().map(|it| it.unwrap().path());
    let mut found: Vec<_> = files.filter(|it| it.extension().is_some()).collect();
    found.sort();
    found
}

fn size(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}

/// Later than anything in the stories.
const NOW: UnixMillis = UnixMillis(1_900_000_000_000);
