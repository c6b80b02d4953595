//! The spool against crashes and damage of every kind.

use crate::sample::{cdr, domain};
use call::Cdr;
use proptest::prelude::*;
use std::{fs, path::Path};
use tandem::store::cdr_spool::{CdrSpool, Position, SpoolError, SpoolLimits, SpoolReader};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn records_come_out_as_they_went_in(
        batches in prop::collection::vec(0..40_u64, 1..12),
        segment_bytes in 1..20_000_u64,
        records_max in 1..50_usize,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut spool, reader, start) = open(directory.path(), segment_bytes);

        let written = write(&mut spool, &batches);
        let (read, damaged) = read_all(&reader, start, spool.end(), records_max);

        prop_assert_eq!(read, written);
        prop_assert_eq!(damaged, 0);
        reader.delete(start.segment..spool.end().segment + 1).unwrap();
        prop_assert_eq!(spool.bytes(), 0);
    }

    #[test]
    fn a_torn_tail_costs_only_the_record_it_tore(
        batches in prop::collection::vec(1..10_u64, 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut spool, _, _) = open(directory.path(), u64::MAX);
        let written = write(&mut spool, &batches);
        drop(spool);
        let file = only_segment(directory.path());
        let whole = fs::read(&file).unwrap();
        let length = cut.index(whole.len() + 1);
        fs::write(&file, &whole[..length]).unwrap();

        let (mut spool, reader, start) = open(directory.path(), u64::MAX);
        spool.append(&[cdr(domain(), 9999)]).unwrap();
        let (read, damaged) = read_all(&reader, start, spool.end(), 7);

        let breaks = line_breaks(&whole[..length]);
        // A record whose line break alone is missing is whole.
        let is_break_cut = whole.get(length) == Some(&b'\n');
        let survivors = breaks + usize::from(is_break_cut);
        let mut expected = written[..survivors].to_vec();
        expected.push(cdr(domain(), 9999));
        prop_assert_eq!(read, expected);
        let is_torn = length > 0 && whole[length - 1] != b'\n' && !is_break_cut;
        prop_assert_eq!(damaged, u64::from(is_torn));
    }

    #[test]
    fn a_flipped_bit_costs_only_its_record(
        records in 1..20_u64,
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut spool, _, _) = open(directory.path(), u64::MAX);
        let written = write(&mut spool, &[records]);
        drop(spool);
        let file = only_segment(directory.path());
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        let hit = line_breaks(&bytes[..at]);
        let was_break = bytes[at] == b'\n';
        bytes[at] ^= 1 << bit;
        fs::write(&file, &bytes).unwrap();

        let (spool, reader, start) = open(directory.path(), u64::MAX);
        let (read, damaged) = read_all(&reader, start, spool.end(), 7);

        // A line break that is hit joins two records, or hides behind the last.
        let lost = hit..(hit + 1 + usize::from(was_break)).min(written.len());
        let expected: Vec<Cdr> = written
            .iter()
            .enumerate()
            .filter(|(n, _)| !lost.contains(n))
            .map(|(_, it)| it.clone())
            .collect();
        // Hexadecimal digits of the checksum may change case and mean the same.
        prop_assume!(read != written);
        prop_assert_eq!(read, expected);
        prop_assert!(damaged >= 1);
    }
}

#[test]
fn what_one_process_left_the_next_one_reads_first() {
    let directory = tempfile::tempdir().unwrap();
    for n in 0..3 {
        let (mut spool, _, _) = open(directory.path(), u64::MAX);
        spool.append(&[cdr(domain(), n)]).unwrap();
    }

    let (spool, reader, start) = open(directory.path(), u64::MAX);
    let (read, damaged) = read_all(&reader, start, spool.end(), 100);

    let expected: Vec<Cdr> = (0..3).map(|n| cdr(domain(), n)).collect();
    assert_eq!((read, damaged), (expected, 0));
}

#[test]
fn a_full_spool_refuses_and_takes_again_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let limits = SpoolLimits { segment_bytes: 1000, spool_bytes_max: 5000 };
    let (mut spool, reader, start) = CdrSpool::open(directory.path(), limits).unwrap();

    let mut taken = 0;
    let error = loop {
        match spool.append(&[cdr(domain(), taken)]) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::Full { .. }), "{error}");
    assert!(spool.bytes() <= 5000);
    let (read, _) = read_all(&reader, start, spool.end(), 100);
    assert_eq!(read.len() as u64, taken);

    reader.delete(start.segment..spool.end().segment).unwrap();

    spool.append(&[cdr(domain(), taken)]).unwrap();
}

#[test]
fn a_line_longer_than_what_is_read_at_once_does_not_stop_the_reader() {
    let directory = tempfile::tempdir().unwrap();
    let (mut spool, _, _) = open(directory.path(), u64::MAX);
    spool.append(&[cdr(domain(), 1)]).unwrap();
    drop(spool);
    let file = only_segment(directory.path());
    let mut bytes = vec![b'x'; 3 << 20];
    bytes.push(b'\n');
    bytes.extend(fs::read(&file).unwrap());
    fs::write(&file, bytes).unwrap();

    let (spool, reader, start) = open(directory.path(), u64::MAX);
    let (read, damaged) = read_all(&reader, start, spool.end(), 100);

    assert_eq!(read, [cdr(domain(), 1)]);
    assert!(damaged >= 1);
}

fn open(directory: &Path, segment_bytes: u64) -> (CdrSpool, SpoolReader, Position) {
    let limits = SpoolLimits { segment_bytes, spool_bytes_max: u64::MAX };
    CdrSpool::open(directory, limits).unwrap()
}

fn write(spool: &mut CdrSpool, batches: &[u64]) -> Vec<Cdr> {
    let mut written = Vec::new();
    for &count in batches {
        let first = written.len() as u64;
        let batch: Vec<Cdr> = (first..first + count).map(|n| cdr(domain(), n)).collect();
        spool.append(&batch).unwrap();
        written.extend(batch);
    }
    written
}

/// Everything to the end, and how many lines were damaged.
fn read_all(
    reader: &SpoolReader,
    mut at: Position,
    end: Position,
    records_max: usize,
) -> (Vec<Cdr>, u64) {
    let (mut records, mut damaged) = (Vec::new(), 0);
    while at < end {
        let (batch, next) = reader.read(at, end, records_max).unwrap();
        assert!(next > at, "the reader does not get on at {at:?}");
        assert!(batch.records.len() <= records_max);
        records.extend(batch.records);
        damaged += batch.damaged;
        at = next;
    }
    (records, damaged)
}

fn line_breaks(bytes: &[u8]) -> usize {
    bytes.split(|it| *it == b'\n').count() - 1
}

fn only_segment(directory: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "spool"))
        .collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}
