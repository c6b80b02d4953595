//! A value as a line of a file that is only appended to: a checksum, a space, JSON, a line break.
//!
//! People can read it, a key that a later version adds does not make older lines unreadable, and what
//! a crash tore is told from what is whole.

use serde::{Deserialize, Serialize};

/// Appends the line of `value`, with its line break.
pub(super) fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[b' '; PREFIX_BYTES]);
    serde_json::to_writer(&mut *out, value)
        .expect("texts, numbers and a growing buffer leave nothing to fail");
    let checksum = CRC.checksum(&out[start + PREFIX_BYTES..]);
    out[start..start + CHECKSUM_DIGITS]
        .copy_from_slice(format!("{checksum:0CHECKSUM_DIGITS$x}").as_bytes());
    out.push(b'\n');
}

/// Reads a line, given without its line break; `None` if it was torn or damaged.
pub(super) fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    let (prefix, json) = line.split_at_checked(PREFIX_BYTES)?;
    let checksum = std::str::from_utf8(&prefix[..CHECKSUM_DIGITS]).ok()?;
    if u32::from_str_radix(checksum, 16).ok()? != CRC.checksum(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Sixteen bytes a step.
static CRC: crc::Crc<u32, crc::Table<16>> =
    crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

/// In hexadecimal.
const CHECKSUM_DIGITS: usize = 8;

/// Checksum and space.
const PREFIX_BYTES: usize = CHECKSUM_DIGITS + 1;
