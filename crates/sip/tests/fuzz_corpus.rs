//! Replays on stable what the fuzz targets found or start from, and mutations of all torture
//! messages. To grow the corpora: `cargo +nightly fuzz run sip_message` (or `sip_uri`); a crash's
//! input then goes into `fuzz/corpus/TARGET/`.

mod fuzz_checks;
#[expect(dead_code, reason = "verdicts are asserted elsewhere")]
mod torture;

use base::Rng;
use fuzz_checks::{sip_message, sip_uri};
use std::{fs, path::Path};

#[test]
fn the_corpus_of_messages_holds() {
    replay("sip_message", sip_message);
}

#[test]
fn the_corpus_of_uris_holds() {
    replay("sip_uri", sip_uri);
}

#[test]
fn torture_messages_hold_whole_and_mutated() {
    let mut rng = Rng::from_number(4475);
    let entries = torture::entries();
    for entry in &entries {
        sip_message(&entry.bytes);
        for _ in 0..MUTATIONS {
            let other = &entries[rng.below(entries.len() as u64) as usize].bytes;
            sip_message(&mutated(&entry.bytes, other, &mut rng));
        }
    }
}

#[test]
fn header_values_of_torture_messages_hold_as_uris_and_values() {
    for entry in torture::entries() {
        for line in entry.bytes.split(|it| matches!(it, b'\r' | b'\n')) {
            sip_uri(line);
            sip_uri(line.split(|it| *it == b':').next_back().unwrap_or_default());
            sip_uri(line.splitn(2, |it| *it == b':').last().unwrap_or_default());
        }
    }
}

/// One to four of: a byte changed, one of SIP's own characters put in, a piece cut out, a piece
/// repeated, a tail of another message.
fn mutated(bytes: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        let end = (at + rng.below(40) as usize).min(bytes.len());
        match rng.below(5) {
            0 if at < bytes.len() => bytes[at] = rng.u32() as u8,
            1 => bytes.insert(at, SPECIAL[rng.below(SPECIAL.len() as u64) as usize]),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => {
                bytes.truncate(at);
                bytes.extend_from_slice(&other[rng.below(other.len() as u64) as usize..]);
            }
        }
    }
    bytes
}

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(&folder).expect("the corpus is in place") {
        let path = file.expect("the folder can be read").path();
        check(&fs::read(&path).expect("the file can be read"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

const MUTATIONS: usize = 60;
const SPECIAL: &[u8] = b"\r\n \t\0\"\\<>;:,=@?%/[]()\xff";
