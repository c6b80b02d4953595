//! Replays on stable what the fuzz targets start from or found, and mutations of it. To grow the
//! corpora: `cargo +nightly fuzz run rtp` (or `rtcp`, `wav`); a crash's input then goes into
//! `fuzz/corpus/TARGET/`.

mod fuzz_checks;

use base::Rng;
use fuzz_checks::{packets, rtcp, rtp, speech, wav};
use std::{fs, path::Path};

#[test]
fn hostile_rtp_ends_in_counted_drops_and_calls_go_on() {
    hold("rtp", rtp, mutated_packets);
}

#[test]
fn hostile_rtcp_ends_in_counted_drops_and_calls_go_on() {
    hold("rtcp", rtcp, mutated_packets);
}

#[test]
fn hostile_sound_files_are_refused_or_heard_within_bounds() {
    hold("wav", wav, mutated_file);
}

#[test]
fn packets_of_chance_hold() {
    let mut rng = Rng::from_number(3550);
    for _ in 0..MUTATIONS {
        let mut bytes = vec![0; rng.below(2000) as usize];
        rng.fill(&mut bytes);
        rtp(&bytes);
        rtcp(&bytes);
    }
}

fn hold(target: &str, check: fn(&[u8]), mutated: fn(&[u8], &[u8], &mut Rng) -> Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus is in place")
        .map(|it| it.expect("the folder can be read").path())
        .collect();
    files.sort();
    let inputs: Vec<_> = files.iter().map(|it| fs::read(it).expect("a file")).collect();
    assert!(inputs.len() >= 5, "{} is nearly empty", folder.display());
    let mut rng = Rng::from_number(target.len() as u64);
    for input in &inputs {
        check(input);
        for _ in 0..MUTATIONS {
            let other = &inputs[rng.below(inputs.len() as u64) as usize];
            check(&mutated(input, other, &mut rng));
        }
    }
}

/// Packets of both, in another order, a few of their bits and lengths changed.
fn mutated_packets(input: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut all = packets(input);
    all.extend(packets(other));
    all.push(speech(0, rng.u32() as u16));
    let mut bytes = Vec::new();
    for _ in 0..=rng.below(6) {
        let mut packet = all[rng.below(all.len() as u64) as usize].clone();
        for _ in 0..rng.below(4) {
            let at = rng.below(packet.len() as u64 + 1) as usize;
            match rng.below(4) {
                0 if at < packet.len() => packet[at] ^= 1 << rng.below(8),
                1 if at < packet.len() => packet[at] = rng.u32() as u8,
                2 => packet.truncate(at),
                _ => packet.extend(vec![rng.u32() as u8; rng.below(600) as usize]),
            }
        }
        bytes.extend((packet.len() as u16).to_be_bytes());
        bytes.extend(packet);
    }
    bytes
}

/// A few of its bytes changed, most of them where the headers are; a piece cut out, or a tail of
/// another file.
fn mutated_file(input: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=rng.below(4) {
        let headers = if rng.chance(800) { 64 } else { usize::MAX };
        let at = rng.below(bytes.len().min(headers) as u64 + 1) as usize;
        match rng.below(4) {
            0 | 1 if at < bytes.len() => bytes[at] = rng.u32() as u8,
            2 => drop(bytes.drain(at..(at + rng.below(16) as usize).min(bytes.len()))),
            _ => {
                bytes.truncate(at);
                bytes.extend_from_slice(&other[at.min(other.len())..]);
            }
        }
    }
    bytes
}

/// Of each input.
const MUTATIONS: usize = 6;
