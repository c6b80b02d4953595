//! Recordings of any usual format as samples of ours.

use media::{
    codec::{self, Codec, Rate},
    resample::resample_whole,
    sound::Sound,
};
use std::{fs::File, path::Path};
use symphonia::core::{
    codecs::audio::{
        AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS,
    },
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

/// Extensions of the files that [`read`] understands.
pub(super) const EXTENSIONS: [&str; 6] = ["wav", "mp3", "ogg", "oga", "opus", "flac"];

/// Longest recording that is kept in memory: an hour, 115 MB.
const LENGTH_MAX_S: u32 = 3600;

/// Decodes a file: the mean of its channels, at 8 kHz if it has that and `narrowest` is that, and at
/// 16 kHz otherwise. Packets that are broken are left out. The error says what is wrong with the
/// file.
pub(super) fn read(path: &Path, narrowest: Rate) -> Result<Sound, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|it| it.to_str()) {
        hint.with_extension(extension);
    }
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|_| "it is no WAV, MP3, Ogg or FLAC file".to_owned())?;
    let track = format.default_track(TrackType::Audio).ok_or("it has no audio")?;
    let track_id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|it| it.audio()).cloned();
    let parameters = parameters.ok_or("it does not say how it is encoded")?;
    if parameters.codec == CODEC_ID_OPUS {
        return read_opus(format.as_mut(), track_id, &parameters);
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|_| "its codec is not known".to_owned())?;
    let (samples, rate_hz) = decode(format.as_mut(), track_id, decoder.as_mut())?;
    let rate = if rate_hz == narrowest.hz() { narrowest } else { Rate::Wide };
    let samples = resample_whole(&samples, rate_hz, rate)
        .ok_or_else(|| format!("its rate of {rate_hz} Hz cannot be converted"))?;
    Ok(Sound::new(rate, samples))
}

/// The mean of the channels between -1 and 1, and how many a second.
fn decode(
    format: &mut dyn FormatReader,
    track: u32,
    decoder: &mut dyn AudioDecoder,
) -> Result<(Vec<f32>, u32), String> {
    let (mut samples, mut rate_hz, mut interleaved) = (Vec::new(), 0, Vec::new());
    while let Some(packet) = next_packet(format)? {
        if packet.track_id != track {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) => continue,
            Err(error) => return Err(error.to_string()),
        };
        rate_hz = decoded.spec().rate();
        let channels = decoded.spec().channels().count().max(1);
        interleaved.resize(decoded.samples_interleaved(), 0.0_f32);
        decoded.copy_to_slice_interleaved(&mut interleaved);
        let means = interleaved.chunks(channels).map(|it| it.iter().sum::<f32>() / channels as f32);
        samples.extend(means);
        check_length(samples.len(), rate_hz)?;
    }
    if samples.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok((samples, rate_hz))
}

/// RFC 7845: Opus gives any rate that we want.
fn read_opus(
    format: &mut dyn FormatReader,
    track: u32,
    parameters: &AudioCodecParameters,
) -> Result<Sound, String> {
    let rate = Rate::Wide;
    let mut decoder = codec::Decoder::new(Codec::Opus(rate)).map_err(|error| error.to_string())?;
    let (mut samples, mut room) = (Vec::new(), vec![0; codec::SAMPLES_MAX]);
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
        return Err("it is empty".to_owned());
    }
    Ok(Sound::new(rate, &samples[skipped..]))
}

fn next_packet(
    format: &mut dyn FormatReader,
) -> Result<Option<symphonia::core::packet::Packet>, String> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        // Cut off: what is there is played.
        Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn check_length(samples: usize, rate_hz: u32) -> Result<(), String> {
    if samples as u64 > u64::from(LENGTH_MAX_S) * u64::from(rate_hz) {
        return Err(format!("it is longer than {LENGTH_MAX_S} s"));
    }
    Ok(())
}
