//! Speech for a party that does not know the other's codec.
//!
//! Driven by packets and not by the tick: each one is decoded, resampled and encoded as it comes, so
//! that a transcoded call hears no later than a relayed one and the far end's own jitter buffer
//! sees the network as it is. What a few lost packets said is concealed here, where it is known how
//! the speech went on; pauses stay pauses, told by the timestamp.

use crate::{
    codec::{Codec, CodecError, Decoder, Encoder, OpusWishes},
    command::Transcoding,
    relay::DropReason,
    resample::Resampler,
    rtp::Header,
};

/// One direction between two parties. Allocates only when it is made.
#[derive(Debug)]
pub(crate) struct Transcoder {
    from: u8,
    to: u8,
    events: Option<Events>,
    decoder: Decoder,
    resampler: Resampler,
    encoder: Encoder,
    /// Decoded, before it is resampled: first `left` samples that were too few for a block.
    decoded: Box<[i16]>,
    left: usize,
    /// Resampled, not yet a packet; the first `ready` of it.
    ready_samples: Box<[i16]>,
    ready: usize,
    /// Samples of a packet that goes out.
    packet: usize,
    payload: Box<[u8]>,
    source: Option<Source>,
    /// Of the packet that goes out next: its number, and the timestamp of its first sample.
    sequence: u16,
    timestamp: u32,
    marker: bool,
}

/// Digits, whose durations are told in ticks of each side's clock (RFC 4733 section 2.3.5).
#[derive(Debug)]
struct Events {
    from: u8,
    to: u8,
    from_clock: u32,
    to_clock: u32,
}

/// Where the sender is.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    sequence: u16,
    /// Of the speech that should come next.
    timestamp: u32,
    /// Samples of the last packet.
    packet: usize,
}

impl Transcoder {
    /// Between codecs that are both ours; anything else cannot be set up.
    pub(crate) fn new(plan: &Transcoding) -> Result<Self, CodecError> {
        let from = Codec::of(&plan.from).ok_or(CodecError::SetUp)?;
        let to = Codec::of(&plan.to).ok_or(CodecError::SetUp)?;
        // Opus takes the other's rate, and there is nothing to resample.
        let (from, to) = (from.near(to.rate()), to.near(from.rate()));
        let packet_ms = to.packet_ms(plan.packet_ms);
        Ok(Self {
            from: plan.from.payload_type,
            to: plan.to.payload_type,
            events: plan.events.as_ref().map(|(from, to)| Events {
                from: from.payload_type,
                to: to.payload_type,
                from_clock: from.clock_rate,
                to_clock: to.clock_rate,
            }),
            decoder: Decoder::new(from)?,
            resampler: Resampler::new(from.rate(), to.rate()),
            encoder: Encoder::new(to, OpusWishes::of(plan.to.fmtp.as_deref()))?,
            decoded: vec![0; from.rate().samples(LONGEST_MS + BLOCK_MS)].into(),
            left: 0,
            ready_samples: vec![0; to.rate().samples(LONGEST_MS + BLOCK_MS + 60)].into(),
            ready: 0,
            packet: to.rate().samples(u32::from(packet_ms)),
            payload: vec![0; PAYLOAD_MAX].into(),
            source: None,
            sequence: 0,
            timestamp: 0,
            marker: true,
        })
    }

    /// Takes in a packet; `send` gets each one that comes of it.
    pub(crate) fn take(
        &mut self,
        header: &Header,
        payload: &[u8],
        mut send: impl FnMut(&Header, &[u8]),
    ) -> Result<(), DropReason> {
        let lost = self.follow(header)?;
        if header.payload_type == self.from {
            self.catch_up(header, lost, payload, &mut send);
            self.decode(header, payload, &mut send)
        } else {
            self.pass_event(header, payload, &mut send)
        }
    }

    /// How many packets are missing before this one.
    fn follow(&mut self, header: &Header) -> Result<u16, DropReason> {
        if let Some(source) = &mut self.source
            && source.ssrc == header.ssrc
        {
            let ahead = header.sequence.wrapping_sub(source.sequence);
            if ahead == 0 || ahead > u16::MAX - BEHIND_MAX {
                return Err(DropReason::Late);
            }
            if ahead <= AHEAD_MAX {
                source.sequence = header.sequence;
                return Ok(ahead - 1);
            }
        }
        let packet = self.decoder.codec().rate().samples(20);
        let Header { ssrc, sequence, timestamp, .. } = *header;
        self.source = Some(Source { ssrc, sequence, timestamp, packet });
        self.drop_rest();
        self.marker = true;
        Ok(0)
    }

    /// Makes good for what is missing before a packet: a few lost ones are concealed, and for the
    /// rest the timestamp goes on.
    fn catch_up(
        &mut self,
        header: &Header,
        lost: u16,
        next: &[u8],
        send: &mut impl FnMut(&Header, &[u8]),
    ) {
        let Some(source) = &self.source else { return };
        let (ssrc, packet) = (source.ssrc, source.packet);
        let packet_ticks = self.ticks_in(packet);
        let pause = header.timestamp.wrapping_sub(source.timestamp).cast_signed();
        let pause = pause.max(0).cast_unsigned();
        let concealed = if lost <= CONCEALED_MAX {
            u32::from(lost).min(pause / packet_ticks.max(1))
        } else {
            0
        };
        for n in (0..concealed).rev() {
            let room = &mut self.decoded[self.left..][..packet];
            if n == 0 {
                self.decoder.recover(next, room);
            } else {
                self.decoder.conceal(room);
            }
            self.encode(ssrc, packet, send);
        }
        let pause = pause - concealed * packet_ticks;
        if pause > 0 {
            self.drop_rest();
            self.timestamp = self.timestamp.wrapping_add(self.ticks_out(pause));
            self.marker |= header.marker;
        }
    }

    fn decode(
        &mut self,
        header: &Header,
        payload: &[u8],
        send: &mut impl FnMut(&Header, &[u8]),
    ) -> Result<(), DropReason> {
        let room = &mut self.decoded[self.left..];
        let count = self.decoder.decode(payload, room).map_err(|_| DropReason::Malformed)?;
        let passed = self.ticks_in(count);
        if let Some(source) = &mut self.source {
            source.timestamp = header.timestamp.wrapping_add(passed);
            source.packet = count;
        }
        self.encode(header.ssrc, count, send);
        Ok(())
    }

    /// Sends all whole packets, `new` decoded samples being behind those that were left.
    fn encode(&mut self, ssrc: u32, new: usize, send: &mut impl FnMut(&Header, &[u8])) {
        let (from, to) = (self.decoder.codec().rate(), self.encoder.codec().rate());
        let all = self.left + new;
        let whole =
            if from == to { all } else { all / from.samples(BLOCK_MS) * from.samples(BLOCK_MS) };
        let count = whole * to.hz() as usize / from.hz() as usize;
        let room = &mut self.ready_samples[self.ready..][..count];
        self.resampler.process(&self.decoded[..whole], room);
        self.decoded.copy_within(whole..all, 0);
        self.left = all - whole;
        self.ready += count;
        let mut sent = 0;
        while sent + self.packet <= self.ready {
            let pcm = &self.ready_samples[sent..sent + self.packet];
            // No bytes: the far end agreed to hear nothing in silence.
            let count = self.encoder.encode(pcm, &mut self.payload).unwrap_or(0);
            if count > 0 {
                let header = Header {
                    marker: std::mem::take(&mut self.marker),
                    payload_type: self.to,
                    sequence: self.sequence,
                    timestamp: self.timestamp,
                    ssrc,
                };
                self.sequence = self.sequence.wrapping_add(1);
                send(&header, &self.payload[..count]);
            }
            self.timestamp = self.timestamp.wrapping_add(self.packet_ticks());
            sent += self.packet;
        }
        self.ready_samples.copy_within(sent..self.ready, 0);
        self.ready -= sent;
    }

    /// A digit keeps its place in the speech.
    fn pass_event(
        &mut self,
        header: &Header,
        payload: &[u8],
        send: &mut impl FnMut(&Header, &[u8]),
    ) -> Result<(), DropReason> {
        let (Some(events), Some(source)) = (&self.events, &self.source) else {
            return Err(DropReason::NoListener);
        };
        if header.payload_type != events.from {
            return Err(DropReason::NoListener);
        }
        let Some([event, end_and_volume, high, low]) = payload.first_chunk() else {
            return Err(DropReason::Malformed);
        };
        let duration = u64::from(u16::from_be_bytes([*high, *low]));
        let duration = duration * u64::from(events.to_clock) / u64::from(events.from_clock.max(1));
        let [high, low] = duration.min(u64::from(u16::MAX)).to_be_bytes()[6..] else {
            return Err(DropReason::Malformed);
        };
        let behind = source.timestamp.wrapping_sub(header.timestamp).cast_signed();
        let apart = self.ticks_out(behind.unsigned_abs());
        let speech = self.timestamp.wrapping_add(self.waiting_ticks());
        let timestamp =
            if behind < 0 { speech.wrapping_add(apart) } else { speech.wrapping_sub(apart) };
        let header =
            Header { payload_type: events.to, sequence: self.sequence, timestamp, ..*header };
        self.sequence = self.sequence.wrapping_add(1);
        send(&header, &[*event, *end_and_volume, high, low]);
        Ok(())
    }

    /// What is too little for a packet is not said: a pause follows, or another source.
    fn drop_rest(&mut self) {
        self.timestamp = self.timestamp.wrapping_add(self.waiting_ticks());
        self.left = 0;
        self.ready = 0;
    }

    /// What waits to be sent, in ticks of the clock that goes out.
    fn waiting_ticks(&self) -> u32 {
        let left = self.ticks_out(self.ticks_in(self.left));
        left + samples_to_ticks(self.ready, self.encoder.codec())
    }

    fn packet_ticks(&self) -> u32 {
        samples_to_ticks(self.packet, self.encoder.codec())
    }

    fn ticks_in(&self, samples: usize) -> u32 {
        samples_to_ticks(samples, self.decoder.codec())
    }

    /// Ticks of the clock that comes in, in those of the one that goes out.
    fn ticks_out(&self, ticks: u32) -> u32 {
        let (from, to) = (self.decoder.codec().clock_rate(), self.encoder.codec().clock_rate());
        (u64::from(ticks) * u64::from(to) / u64::from(from)) as u32
    }
}

fn samples_to_ticks(samples: usize, codec: Codec) -> u32 {
    (samples as u64 * u64::from(codec.clock_rate()) / u64::from(codec.rate().hz())) as u32
}

/// What the resampler takes at a time, in milliseconds.
const BLOCK_MS: u32 = 10;
/// Longest packet that is taken in: as much G.711 as an Ethernet frame holds.
const LONGEST_MS: u32 = 190;
/// Lost packets in a row that are concealed; more would be made up.
const CONCEALED_MAX: u16 = 3;
/// A packet that many behind is late; one from farther back begins anew.
const BEHIND_MAX: u16 = 100;
/// A jump ahead that is loss and no new beginning.
const AHEAD_MAX: u16 = 3000;
/// Longest payload that goes out: what is left of an Ethernet frame, and more than 60 ms take.
const PAYLOAD_MAX: usize = 1400;
