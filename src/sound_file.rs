//! Sound files that grow: WAV, or Opus in Ogg (RFC 7845) at a fifth of its size or less.

use crate::config::RecordingFormat;
use ogg::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Encoder};
use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
    time::Duration,
};

/// A file being written.
pub enum SoundFile {
    /// Linear samples.
    Wav(File, Box<hound::WavWriter<BufWriter<File>>>),
    /// Opus in Ogg.
    Opus(Box<OggOpus>),
}

impl SoundFile {
    /// Begins a file of one or two channels.
    pub fn create(
        path: &Path,
        format: RecordingFormat,
        sample_rate: u32,
        channels: usize,
    ) -> io::Result<Self> {
        let file = File::create(path)?;
        match format {
            RecordingFormat::Wav => {
                let spec = hound::WavSpec {
                    channels: channels as u16,
                    sample_rate,
                    bits_per_sample: 16,
                    sample_format: hound::SampleFormat::Int,
                };
                let out = BufWriter::new(file.try_clone()?);
                let writer = hound::WavWriter::new(out, spec).map_err(io::Error::other)?;
                Ok(Self::Wav(file, Box::new(writer)))
            }
            RecordingFormat::Opus => {
                Ok(Self::Opus(Box::new(OggOpus::begin(file, sample_rate, channels)?)))
            }
        }
    }

    /// Adds samples, one of each channel in turn.
    pub fn write(&mut self, pcm: impl ExactSizeIterator<Item = i16>) -> io::Result<()> {
        match self {
            Self::Wav(_, writer) => {
                let mut room = writer.get_i16_writer(pcm.len() as u32);
                pcm.for_each(|sample| room.write_sample(sample));
                room.flush().map_err(io::Error::other)
            }
            Self::Opus(writer) => writer.write(pcm),
        }
    }

    /// Ends the file and forces it to the disk; says how long it plays.
    pub fn finish(self) -> io::Result<Duration> {
        match self {
            Self::Wav(file, writer) => {
                let duration =
                    Duration::from_secs(1) * writer.duration() / writer.spec().sample_rate;
                writer.finalize().map_err(io::Error::other)?;
                file.sync_all()?;
                Ok(duration)
            }
            Self::Opus(writer) => writer.finish(),
        }
    }
}

/// One Opus stream in an Ogg file.
pub struct OggOpus {
    file: File,
    writer: PacketWriter<'static, BufWriter<File>>,
    encoder: Encoder,
    sample_rate: u32,
    channels: usize,
    /// Samples that are too few for a packet, and how many of a packet there are in all channels.
    waiting: Vec<i16>,
    packet: usize,
    /// Samples of one channel that were taken in.
    taken: u64,
    /// Packets that were written.
    packets: u64,
    /// What a decoder leaves out at the beginning, at 48 kHz.
    pre_skip: u64,
}

impl OggOpus {
    fn begin(file: File, sample_rate: u32, channels: usize) -> io::Result<Self> {
        let layout = if channels == 1 { Channels::Mono } else { Channels::Stereo };
        let mut encoder =
            Encoder::new(sample_rate, layout, Application::Audio).map_err(io::Error::other)?;
        let bits = if sample_rate > 8000 { WIDE_BITS } else { NARROW_BITS };
        encoder.set_bitrate(Bitrate::Bits(bits * channels as i32)).map_err(io::Error::other)?;
        let lookahead = encoder.get_lookahead().map_err(io::Error::other)?;
        let pre_skip = lookahead.unsigned_abs() * (CLOCK_HZ / sample_rate);
        let out = BufWriter::new(file.try_clone()?);
        let mut begun = Self {
            file,
            writer: PacketWriter::new(out),
            encoder,
            sample_rate,
            channels,
            waiting: Vec::new(),
            packet: (sample_rate / PACKETS_A_SECOND) as usize * channels,
            taken: 0,
            packets: 0,
            pre_skip: u64::from(pre_skip),
        };
        begun.write_headers()?;
        Ok(begun)
    }

    /// RFC 7845 section 5.
    fn write_headers(&mut self) -> io::Result<()> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.channels as u8);
        head.extend_from_slice(&(self.pre_skip as u16).to_le_bytes());
        head.extend_from_slice(&self.sample_rate.to_le_bytes());
        // No gain; one or two channels as they are.
        head.extend_from_slice(&[0; 3]);
        self.writer.write_packet(head, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        let mut tags = b"OpusTags".to_vec();
        tags.extend_from_slice(&(VENDOR.len() as u32).to_le_bytes());
        tags.extend_from_slice(VENDOR.as_bytes());
        tags.extend_from_slice(&0_u32.to_le_bytes());
        self.writer.write_packet(tags, SERIAL, PacketWriteEndInfo::EndPage, 0)
    }

    fn write(&mut self, pcm: impl ExactSizeIterator<Item = i16>) -> io::Result<()> {
        self.taken += (pcm.len() / self.channels) as u64;
        self.waiting.extend(pcm);
        let whole = self.waiting.len() / self.packet * self.packet;
        let waiting = std::mem::take(&mut self.waiting);
        for packet in waiting[..whole].chunks_exact(self.packet) {
            let granule = (self.packets + 1) * PACKET_TICKS;
            self.encode(packet, granule, false)?;
        }
        self.waiting = waiting[whole..].to_vec();
        Ok(())
    }

    fn encode(&mut self, packet: &[i16], granule: u64, is_last: bool) -> io::Result<()> {
        let mut payload = vec![0; PAYLOAD_MAX];
        let len = self.encoder.encode(packet, &mut payload).map_err(io::Error::other)?;
        payload.truncate(len);
        self.packets += 1;
        let end = match self.packets % u64::from(PACKETS_A_SECOND) {
            _ if is_last => PacketWriteEndInfo::EndStream,
            0 => PacketWriteEndInfo::EndPage,
            _ => PacketWriteEndInfo::NormalPacket,
        };
        self.writer.write_packet(payload, SERIAL, end, granule)
    }

    /// What the encoder still holds back is pressed out by silence, which the last granule cuts off.
    fn finish(mut self) -> io::Result<Duration> {
        let ticks = self.taken * u64::from(CLOCK_HZ / self.sample_rate);
        let last = self.pre_skip + ticks;
        loop {
            let mut packet = std::mem::take(&mut self.waiting);
            packet.resize(self.packet, 0);
            let is_last = (self.packets + 1) * PACKET_TICKS >= last;
            let granule = last.min((self.packets + 1) * PACKET_TICKS);
            self.encode(&packet, granule, is_last)?;
            if is_last {
                break;
            }
        }
        self.writer.into_inner().flush()?;
        self.file.sync_all()?;
        Ok(Duration::from_micros(ticks * 1_000_000 / u64::from(CLOCK_HZ)))
    }
}

/// Of granules, whatever the samples' rate.
const CLOCK_HZ: u32 = 48_000;
const PACKETS_A_SECOND: u32 = 50;
const PACKET_TICKS: u64 = (CLOCK_HZ / PACKETS_A_SECOND) as u64;
/// Bits a second of a channel. Two people on two channels have nothing in common for the codec to share.
const NARROW_BITS: i32 = 24_000;
const WIDE_BITS: i32 = 32_000;
/// Longest packet of 20 ms, two channels of the highest rate.
const PAYLOAD_MAX: usize = 2552;
/// A file has one stream.
const SERIAL: u32 = 1;
const VENDOR: &str = "Tandem";
