//! Sound files of any usual format as samples of ours.

use crate::{
    codec::{Codec, CodecError, Decoder, Rate, SAMPLES_MAX},
    resample::resample_whole,
    sound::Sound,
};
use std::{
    io,
    panic::{self, AssertUnwindSafe},
};
use symphonia::core::{
    codecs::audio::{
        AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS,
    },
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
    packet::Packet,
};

/// Extensions of the files that [`read`] understands.
pub const EXTENSIONS: [&str; 6] = ["wav", "mp3", "ogg", "oga", "opus", "flac"];

/// Longest sound that is kept in memory, in seconds: an hour, 115 MB.
pub const LENGTH_MAX_S: u32 = 3600;

/// Highest rate that is converted, in Hz: the double of what studios use. Converting takes room and
/// time by the rate, whatever the length.
const RATE_MAX_HZ: u32 = 384_000;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum AudioFileError {
    /// Its format.
    #[error("it is no WAV, MP3, Ogg or FLAC file")]
    Format,
    /// What it says of itself cannot be.
    #[error("its headers make no sense")]
    Senseless,
    /// There is nothing to hear in it.
    #[error("it has no audio")]
    NoAudio,
    /// Its audio has no description.
    #[error("it does not say how it is encoded")]
    NoCodec,
    /// Its codec.
    #[error("its codec is not known")]
    Codec,
    /// We cannot decode Opus.
    #[error(transparent)]
    Opus(#[from] CodecError),
    /// It cannot be read on.
    #[error("{0}")]
    Broken(Error),
    /// There is not one sample in it.
    #[error("it is empty")]
    Empty,
    /// There are more samples in it than we keep.
    #[error("it is longer than {LENGTH_MAX_S} s")]
    TooLong,
    /// Its rate.
    #[error("its rate of {hz} Hz cannot be converted")]
    Rate {
        /// Samples a second.
        hz: u32,
    },
}

/// Decodes a file: the mean of its channels, at 8 kHz if it has that and `narrowest` is that, and at
/// 16 kHz otherwise. Packets that are broken are left out. The name's extension may help to
/// recognise it.
pub fn read(
    file: Box<dyn MediaSource>,
    extension: Option<&str>,
    narrowest: Rate,
) -> Result<Sound, AudioFileError> {
    // The library reckons with what headers say, and some make it panic.
    let read = panic::catch_unwind(AssertUnwindSafe(|| recognise(file, extension, narrowest)));
    read.unwrap_or(Err(AudioFileError::Senseless))
}

fn recognise(
    file: Box<dyn MediaSource>,
    extension: Option<&str>,
    narrowest: Rate,
) -> Result<Sound, AudioFileError> {
    let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|_| AudioFileError::Format)?;
    let track = format.default_track(TrackType::Audio).ok_or(AudioFileError::NoAudio)?;
    let track_id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|it| it.audio()).cloned();
    let parameters = parameters.ok_or(AudioFileError::NoCodec)?;
    if parameters.codec == CODEC_ID_OPUS {
        return read_opus(format.as_mut(), track_id, &parameters);
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|_| AudioFileError::Codec)?;
    let (samples, rate_hz) = decode(format.as_mut(), track_id, decoder.as_mut())?;
    let rate = if rate_hz == narrowest.hz() { narrowest } else { Rate::Wide };
    let samples =
        resample_whole(&samples, rate_hz, rate).ok_or(AudioFileError::Rate { hz: rate_hz })?;
    Ok(Sound::new(rate, samples))
}

/// The mean of the channels between -1 and 1, and how many a second.
fn decode(
    format: &mut dyn FormatReader,
    track: u32,
    decoder: &mut dyn AudioDecoder,
) -> Result<(Vec<f32>, u32), AudioFileError> {
    let (mut samples, mut rate_hz, mut interleaved) = (Vec::new(), 0, Vec::new());
    while let Some(packet) = next_packet(format)? {
        if packet.track_id != track {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) => continue,
            Err(error) => return Err(AudioFileError::Broken(error)),
        };
        rate_hz = decoded.spec().rate();
        if rate_hz > RATE_MAX_HZ {
            return Err(AudioFileError::Rate { hz: rate_hz });
        }
        let channels = decoded.spec().channels().count().max(1);
        interleaved.resize(decoded.samples_interleaved(), 0.0_f32);
        decoded.copy_to_slice_interleaved(&mut interleaved);
        let means = interleaved.chunks(channels).map(|it| it.iter().sum::<f32>() / channels as f32);
        samples.extend(means);
        check_length(samples.len(), rate_hz)?;
    }
    if samples.is_empty() {
        return Err(AudioFileError::Empty);
    }
    Ok((samples, rate_hz))
}

/// RFC 7845: Opus gives any rate that we want.
fn read_opus(
    format: &mut dyn FormatReader,
    track: u32,
    parameters: &AudioCodecParameters,
) -> Result<Sound, AudioFileError> {
    let rate = Rate::Wide;
    let mut decoder = Decoder::new(Codec::Opus(rate))?;
    let (mut samples, mut room) = (Vec::new(), vec![0; SAMPLES_MAX]);
    while let Some(packet) = next_packet(format)? {
        if packet.track_id == track
            && let Ok(count) = decoder.decode(&packet.data, &mut room)
        {
            samples.extend_from_slice(&room[..count]);
            check_length(samples.len(), rate.hz())?;
        }
    }
    // Section 5.1: what the decoder needs to settle, in samples at 48 kHz.
    let head = parameters.extra_data.as_deref().unwrap_or_default();
    let skipped = head.get(10..12).map_or(0, |it| u16::from_le_bytes([it[0], it[1]]));
    let skipped = usize::from(skipped) * rate.hz() as usize / Rate::Full.hz() as usize;
    if samples.len() <= skipped {
        return Err(AudioFileError::Empty);
    }
    Ok(Sound::new(rate, &samples[skipped..]))
}

fn next_packet(format: &mut dyn FormatReader) -> Result<Option<Packet>, AudioFileError> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        // Cut off: what is there is played.
        Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(AudioFileError::Broken(error)),
    }
}

fn check_length(samples: usize, rate_hz: u32) -> Result<(), AudioFileError> {
    if samples as u64 > u64::from(LENGTH_MAX_S) * u64::from(rate_hz) {
        return Err(AudioFileError::TooLong);
    }
    Ok(())
}
