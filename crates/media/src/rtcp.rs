//! RTCP as a relay sees it: is it valid, and which SSRCs does it name (RFC 3550 section 6).

use crate::outgoing::Mapping;

/// Whether a packet on a port that carries both is RTCP: RFC 5761 section 4.
pub(crate) fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|it| (192..=223).contains(it))
}

/// Whether this is a compound packet whose parts fill it exactly (RFC 3550 appendix A.2; a first
/// part that is no report is let pass, RFC 5506).
pub(crate) fn is_valid(packet: &[u8]) -> bool {
    let mut rest = packet;
    while !rest.is_empty() {
        let Some(len) = part_len(rest) else { return false };
        let is_last = len == rest.len();
        if rest[0] & PADDING != 0 && !is_last {
            return false;
        }
        rest = &rest[len..];
    }
    !packet.is_empty()
}

/// Rewrites a valid packet on its way from one far end to the other.
///
/// `forth` is how the stream of the sender is translated for the receiver: it applies to what the
/// sender says of itself. `back` is how the receiver's stream was translated for the sender: what
/// the sender reports of it is translated back.
pub(crate) fn rewrite(packet: &mut [u8], forth: Option<Mapping>, back: Option<Mapping>) {
    let forth = forth.filter(|it| !it.is_identity());
    let back = back.filter(|it| !it.is_identity());
    if forth.is_none() && back.is_none() {
        return;
    }
    let mut rest = packet;
    while let Some(len) = part_len(rest) {
        let (part, next) = rest.split_at_mut(len);
        rewrite_part(part, forth, back);
        rest = next;
    }
}

fn rewrite_part(part: &mut [u8], forth: Option<Mapping>, back: Option<Mapping>) {
    let count = usize::from(part[0] & 0x1f);
    match part[1] {
        SENDER_REPORT => {
            let is_ours = forth_ssrc(part, 4, forth);
            if let (true, Some(forth)) = (is_ours, forth) {
                add_u32(part, 16, forth.timestamp_offset);
            }
            report_blocks(part, 28, count, back);
        }
        RECEIVER_REPORT => {
            forth_ssrc(part, 4, forth);
            report_blocks(part, 8, count, back);
        }
        SOURCE_DESCRIPTION => source_description(part, count, forth),
        GOODBYE => {
            for n in 0..count {
                forth_ssrc(part, 4 + 4 * n, forth);
            }
        }
        TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK => {
            forth_ssrc(part, 4, forth);
            back_ssrc(part, 8, back);
        }
        // APP, XR and what may come: the SSRC after the header is the sender's in all of them.
        _ => {
            forth_ssrc(part, 4, forth);
        }
    }
}

/// Blocks of 24 bytes: SSRC, loss, extended highest sequence number, jitter, LSR, DLSR.
fn report_blocks(part: &mut [u8], start: usize, count: usize, back: Option<Mapping>) {
    for block in (0..count).map(|n| start + 24 * n) {
        if let (true, Some(back)) = (back_ssrc(part, block, back), back) {
            // The cycle count in the upper 16 bits is the receiver's own and stays: it counts
            // wraps of the stream that the receiver saw.
            subtract_u16(part, block + 10, back.sequence_offset);
        }
    }
}

/// Chunks: SSRC, items (type, length, text), a zero byte, padding to 32 bits.
fn source_description(part: &mut [u8], count: usize, forth: Option<Mapping>) {
    let mut at = 4;
    for _ in 0..count {
        forth_ssrc(part, at, forth);
        at += 4;
        while let Some(kind) = part.get(at)
            && *kind != 0
        {
            at += 2 + usize::from(part.get(at + 1).copied().unwrap_or(0));
        }
        at = (at + 4) & !3;
    }
}

fn forth_ssrc(part: &mut [u8], at: usize, forth: Option<Mapping>) -> bool {
    forth.is_some_and(|it| replace(part, at, it.source_ssrc, it.ssrc))
}

fn back_ssrc(part: &mut [u8], at: usize, back: Option<Mapping>) -> bool {
    back.is_some_and(|it| replace(part, at, it.ssrc, it.source_ssrc))
}

/// Whether the field held `from` and was replaced.
fn replace(part: &mut [u8], at: usize, from: u32, to: u32) -> bool {
    match part.get_mut(at..at + 4) {
        Some(field) if *field == from.to_be_bytes() => {
            field.copy_from_slice(&to.to_be_bytes());
            true
        }
        Some(_) | None => false,
    }
}

fn add_u32(part: &mut [u8], at: usize, offset: u32) {
    if let Some(field) = part.get_mut(at..at + 4) {
        let value = u32::from_be_bytes([field[0], field[1], field[2], field[3]]);
        field.copy_from_slice(&value.wrapping_add(offset).to_be_bytes());
    }
}

fn subtract_u16(part: &mut [u8], at: usize, offset: u16) {
    if let Some(field) = part.get_mut(at..at + 2) {
        let value = u16::from_be_bytes([field[0], field[1]]);
        field.copy_from_slice(&value.wrapping_sub(offset).to_be_bytes());
    }
}

/// Length of the first part in bytes, if it is whole and of version 2.
fn part_len(rest: &[u8]) -> Option<usize> {
    let [first, _, high, low] = *rest.first_chunk()?;
    let len = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    (first >> 6 == 2 && len <= rest.len()).then_some(len)
}

const PADDING: u8 = 0x20;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

#[cfg(test)]
mod tests {
    use super::*;

    const FORTH: Mapping =
        Mapping { source_ssrc: 0xa, ssrc: 0xa1, sequence_offset: 5, timestamp_offset: 1000 };
    const BACK: Mapping =
        Mapping { source_ssrc: 0xb, ssrc: 0xb1, sequence_offset: 7, timestamp_offset: 9 };

    #[test]
    fn a_compound_packet_is_translated_forth_and_back() {
        let mut packet = compound(0xa, 0xb1, 50_000, 0x0001_0007);
        assert!(is_valid(&packet));

        rewrite(&mut packet, Some(FORTH), Some(BACK));

        assert_eq!(packet, compound(0xa1, 0xb, 51_000, 0x0001_0000));
    }

    #[test]
    fn what_names_others_or_maps_to_itself_is_left_alone() {
        let strangers = compound(0xc, 0xd, 1, 2);
        let mut packet = strangers.clone();
        rewrite(&mut packet, Some(FORTH), Some(BACK));
        assert_eq!(packet, strangers);

        let identity = Mapping {
            source_ssrc: 0xc,
            ssrc: 0xc,
            ..Mapping { sequence_offset: 0, timestamp_offset: 0, ..FORTH }
        };
        rewrite(&mut packet, Some(identity), None);
        assert_eq!(packet, strangers);
    }

    #[test]
    fn feedback_names_its_sender_and_the_stream_it_is_about() {
        let feedback = |sender, about| words(0x81, PAYLOAD_FEEDBACK, &[sender, about]);
        let mut packet = feedback(0xa, 0xb1);

        rewrite(&mut packet, Some(FORTH), Some(BACK));

        assert_eq!(packet, feedback(0xa1, 0xb));
    }

    #[test]
    fn parts_must_fill_the_packet_exactly() {
        let good = compound(1, 2, 3, 4);

        assert!(!is_valid(&[]));
        assert!(!is_valid(&good[..good.len() - 1]));
        assert!(!is_valid(&[&good[..], &[0x80]].concat()));
        let mut padded_inside = good.clone();
        padded_inside[0] |= PADDING;
        assert!(!is_valid(&padded_inside));
        let mut version_1 = good;
        version_1[0] = 0x41;
        assert!(!is_valid(&version_1));
    }

    #[test]
    fn counts_that_reach_past_the_part_do_no_harm() {
        for kind in 192..=223 {
            let mut packet = words(0x9f, kind, &[0xa, 0xffff_ffff]);
            rewrite(&mut packet, Some(FORTH), Some(BACK));
            assert!(is_valid(&packet));
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_second_byte() {
        assert!(is_rtcp(&compound(1, 2, 3, 4)));
        assert!(!is_rtcp(&[0x80, 0xe5]), "payload type 101 with the marker");
        assert!(!is_rtcp(&[0x80]));
    }

    /// Sender report with one block, source description and goodbye.
    fn compound(sender: u32, about: u32, timestamp: u32, highest: u32) -> Vec<u8> {
        let report = [sender, 1, 2, timestamp, 10, 1600, about, 0, highest, 3, 0, 0];
        [
            words(0x81, SENDER_REPORT, &report),
            words(0x81, SOURCE_DESCRIPTION, &[sender, u32::from_be_bytes(*b"\x01\x02ab"), 0]),
            words(0x81, GOODBYE, &[sender]),
        ]
        .concat()
    }

    fn words(first: u8, kind: u8, body: &[u32]) -> Vec<u8> {
        let mut part = vec![first, kind, 0, body.len() as u8];
        part.extend(body.iter().flat_map(|it| it.to_be_bytes()));
        part
    }
}
