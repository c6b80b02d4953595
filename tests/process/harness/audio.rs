//! Speech to say on the phone, and the judging of what was heard.

use super::{Process, repository};
use media::{
    codec::{self, Decoder, Encoder, OpusWishes, Rate},
    g711::Law,
    resample::Resampler,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A WAV file: 8 kHz, mono, 16-bit.
#[derive(Clone, Debug)]
pub(crate) struct Recording(PathBuf);

/// A codec of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Codec {
    Pcmu,
    Pcma,
    G722,
    Opus,
    /// At 48 kHz.
    L16,
}

/// How well speech came through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// ITU-T P.862 narrow band, 1 to 4.55.
    pub(crate) pesq: f64,
    /// Intelligibility, 0 to 1.
    pub(crate) stoi: f64,
    /// ViSQOL of speech, 1 to 5, where it was asked for.
    pub(crate) visqol: Option<f64>,
}

/// Makes recordings in one folder, and compares them.
#[derive(Debug)]
pub(crate) struct Judge {
    folder: PathBuf,
}

/// Holds off other tests of this process that measure audio: they would steal each other's CPU.
/// (Between processes, nextest's test group `audio` does the same.)
pub(crate) fn one_audio_call_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Codec {
    /// As in SDP and in the call log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::G722 => "G722/8000",
            Self::Opus => "opus/48000",
            Self::L16 => "L16/48000",
        }
    }

    /// As baresip calls it.
    pub(crate) fn name_in_baresip(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000/1",
            Self::Pcma => "PCMA/8000/1",
            Self::G722 => "G722/16000/1",
            Self::Opus => "opus/48000/2",
            Self::L16 => "L16/48000/1",
        }
    }

    /// What a phone is given to say, in Hz. baresip makes more of 8 kHz with images that PESQ hears
    /// at 16 kHz and ViSQOL at 48.
    pub(crate) fn source_rate_hz(self) -> u32 {
        match self {
            Self::G722 => 16_000,
            Self::Pcmu | Self::Pcma => 8000,
            Self::Opus | Self::L16 => 48_000,
        }
    }

    fn ours(self) -> codec::Codec {
        match self {
            Self::Pcmu => codec::Codec::G711(Law::Mu),
            Self::Pcma => codec::Codec::G711(Law::A),
            Self::G722 => codec::Codec::G722(codec::Bands::Both),
            Self::Opus => codec::Codec::Opus(Rate::Full),
            Self::L16 => codec::Codec::L16(Rate::Full),
        }
    }
}

impl Judge {
    /// Works in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A synthetic voice that says `words` after a second of silence, then is silent for `tail`.
    pub(crate) fn speech(&self, name: &str, words: &str, tail: Duration) -> Recording {
        let raw = self.folder.join(format!("{name}-raw.wav"));
        let speech = self.folder.join(format!("{name}.wav"));
        self.run(
            Command::new("espeak-ng").args(["-v", "en", "-s", "150", "-w"]).arg(&raw).arg(words),
        );
        self.run(
            Command::new("sox")
                .arg(&raw)
                .args(["-r", "8000", "-c", "1", "-b", "16"])
                .arg(&speech)
                .args(["norm", "-3", "pad", "1", &tail.as_secs_f64().to_string()]),
        );
        Recording(speech)
    }

    /// `length` of silence.
    pub(crate) fn silence(&self, name: &str, length: Duration) -> Recording {
        let silence = self.folder.join(format!("{name}.wav"));
        self.run(
            Command::new("sox")
                .args(["-n", "-r", "8000", "-c", "1", "-b", "16"])
                .arg(&silence)
                .args(["trim", "0", &length.as_secs_f64().to_string()]),
        );
        Recording(silence)
    }

    /// Recordings one after the other.
    pub(crate) fn joined(&self, parts: &[PathBuf]) -> Recording {
        let names = parts.iter().filter_map(|it| it.file_stem()?.to_str());
        let joined = self.folder.join(format!("{}.wav", names.collect::<Vec<_>>().join("+")));
        self.run(Command::new("sox").args(parts).arg(&joined));
        Recording(joined)
    }

    /// `recording` from `start` on.
    pub(crate) fn without_start(
        &self,
        name: &str,
        recording: &Recording,
        start: Duration,
    ) -> Recording {
        let cut = self.folder.join(format!("{name}.wav"));
        let start = start.as_secs_f64().to_string();
        self.run(Command::new("sox").arg(&recording.0).arg(&cut).args(["trim", &start]));
        Recording(cut)
    }

    /// Scores `heard` against `said`, and asserts that the call took next to nothing away: at most
    /// [`ALLOWED_LOSS`] below what `codec` itself, done here and now on the same file, leaves.
    #[track_caller]
    pub(crate) fn assert_as_good_as_codec(
        &self,
        said: &Recording,
        heard: &Recording,
        codec: Codec,
    ) -> Score {
        self.assert_as_good_as_codecs(said, heard, &[codec])
    }

    /// The same where speech went through several codecs, one after the other.
    #[track_caller]
    pub(crate) fn assert_as_good_as_codecs(
        &self,
        said: &Recording,
        heard: &Recording,
        codecs: &[Codec],
    ) -> Score {
        let heard = self.at_8_khz(heard);
        // Opus keeps what the ear hears and not the shape of the wave, which ViSQOL takes into account.
        let options: &[&str] = if codecs.contains(&Codec::Opus) { &["--visqol"] } else { &[] };
        let scores = self.judge(options, said, &[&self.round_trip(said, codecs), &heard]);
        let [floor, score] = scores[..] else { panic!("two scores: {scores:?}") };
        eprintln!("{}: {score:?}, {codecs:?} by themselves: {floor:?}", heard.0.display());
        assert!(
            score.pesq >= floor.pesq - ALLOWED_LOSS && score.stoi >= floor.stoi - ALLOWED_LOSS,
            "heard {score:?} where {codecs:?} by themselves give {floor:?}",
        );
        let is_as_good = score.visqol >= floor.visqol.map(|it| it - ALLOWED_VISQOL_LOSS);
        assert!(is_as_good, "heard {score:?} where {codecs:?} by themselves give {floor:?}");
        score
    }

    /// Scores each of `heard` against `said`.
    pub(crate) fn scores(&self, said: &Recording, heard: &[&Recording]) -> Vec<Score> {
        self.judge(&[], said, heard)
    }

    fn judge(&self, options: &[&str], said: &Recording, heard: &[&Recording]) -> Vec<Score> {
        let output = self.run(
            Command::new(repository("var/tools/venv/bin/python"))
                .arg(repository("tests/audio/score.py"))
                .args(options)
                .arg(&said.0)
                .args(heard.iter().map(|it| &it.0)),
        );
        output.lines().filter_map(Score::parse).collect()
    }

    /// `said` through each codec and back, with no network between.
    fn round_trip(&self, said: &Recording, codecs: &[Codec]) -> Recording {
        let mut pcm = said.samples();
        for codec in codecs {
            pcm = round_trip(&pcm, codec.ours().near(Rate::Narrow));
        }
        let back = self.folder.join("round-trip.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&back, spec).expect("file can be made");
        for sample in pcm {
            writer.write_sample(sample).expect("file can be written");
        }
        writer.finalize().expect("file can be written");
        Recording(back)
    }

    /// A steady tone of −10 dB below full scale, at 8 kHz.
    pub(crate) fn tone(&self, name: &str, hz: u32, length: Duration) -> Recording {
        let tone = self.folder.join(format!("{name}.wav"));
        self.run(
            Command::new("sox")
                .args(["-n", "-r", "8000", "-c", "1", "-b", "16"])
                .arg(&tone)
                .args(["synth", &length.as_secs_f64().to_string(), "sine", &hz.to_string()])
                .args(["gain", "-10"]),
        );
        Recording(tone)
    }

    /// What wideband phones record, as the judge wants it.
    pub(crate) fn at_8_khz(&self, recording: &Recording) -> Recording {
        let converted = self.folder.join("heard-at-8-khz.wav");
        self.run(
            Command::new("sox")
                .arg(&recording.0)
                .args(["-r", "8000", "-c", "1", "-b", "16"])
                .arg(&converted),
        );
        Recording(converted)
    }

    /// One channel, `1` or `2`, of a recording of two, as the judge wants it.
    pub(crate) fn channel_at_8_khz(&self, recording: &Recording, channel: &str) -> Recording {
        let converted = self.folder.join(format!("channel-{channel}-at-8-khz.wav"));
        self.run(
            Command::new("sox")
                .arg(&recording.0)
                .args(["-r", "8000", "-b", "16"])
                .arg(&converted)
                .args(["remix", channel]),
        );
        Recording(converted)
    }

    fn run(&self, command: &mut Command) -> String {
        let log = tempfile::NamedTempFile::new_in(&self.folder).expect("log can be made");
        let name = command.get_program().to_string_lossy().into_owned();
        let outcome = Process::run(&name, command, log.path(), TOOL_LIMIT);
        assert!(outcome.status.success(), "{name}: {}", outcome.output);
        outcome.output
    }
}

impl Recording {
    /// An existing file.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether its length is written: that is done last.
    pub(crate) fn is_closed(&self) -> bool {
        hound::WavReader::open(&self.0).is_ok_and(|reader| reader.duration() > 0)
    }

    /// Its samples.
    pub(crate) fn samples(&self) -> Vec<i16> {
        let file = File::open(&self.0).expect("recording is there");
        let mut reader = hound::WavReader::new(file).expect("recording is a WAV file");
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (8000, 1));
        reader.samples().map_while(Result::ok).collect()
    }
}

/// Which of `tones`, in Hz, is to be heard in each 20 ms of samples at 8 kHz; `None` for another
/// sound or silence.
pub(crate) fn tones_heard(samples: &[i16], tones: &[f64]) -> Vec<Option<usize>> {
    let heard = |frame: &[i16]| {
        let whole: f64 = frame.iter().map(|it| f64::from(*it).powi(2)).sum();
        let is_loud = whole / frame.len() as f64 > LOUD_RMS.powi(2);
        let share = |hz: f64| {
            let step = std::f64::consts::TAU * hz / 8000.0;
            let (re, im) = frame.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
                let (sin, cos) = (step * n as f64).sin_cos();
                (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
            });
            2.0 * (re * re + im * im) / frame.len() as f64 / whole
        };
        tones.iter().position(|hz| is_loud && share(*hz) > 0.8)
    };
    samples.chunks_exact(160).map(heard).collect()
}

/// How loud each of `tones`, in Hz, is in each tenth of a second of samples at 8 kHz, in decibels
/// below a full-scale sine.
pub(crate) fn levels_of<const N: usize>(samples: &[i16], tones: &[f64; N]) -> Vec<[f64; N]> {
    let level = |span: &[i16], hz: f64| {
        let step = std::f64::consts::TAU * hz / 8000.0;
        let (re, im) = span.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
            let (sin, cos) = (step * n as f64).sin_cos();
            (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
        });
        20.0 * (2.0 * f64::hypot(re, im) / span.len() as f64 / 32_768.0).log10()
    };
    samples.chunks_exact(800).map(|span| tones.map(|hz| level(span, hz))).collect()
}

/// Quieter frames count as silence.
const LOUD_RMS: f64 = 500.0;

impl Score {
    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split(' ').map(str::parse);
        let (Some(Ok(pesq)), Some(Ok(stoi))) = (numbers.next(), numbers.next()) else {
            return None;
        };
        // After the lag.
        let visqol = numbers.nth(1).and_then(Result::ok);
        Some(Self { pesq, stoi, visqol })
    }
}

/// 8 kHz through a codec of any rate and back.
fn round_trip(pcm: &[i16], codec: codec::Codec) -> Vec<i16> {
    let rate = codec.rate();
    let mut up = Resampler::new(Rate::Narrow, rate);
    let mut down = Resampler::new(rate, Rate::Narrow);
    let mut encoder = Encoder::new(codec, OpusWishes::default()).expect("codec can be set up");
    let mut decoder = Decoder::new(codec).expect("codec can be set up");
    let (mut frame, mut payload) = (vec![0; rate.samples(20)], [0; 1500]);
    let mut back = vec![0; pcm.len()];
    for (said, heard) in pcm.chunks_exact(160).zip(back.chunks_exact_mut(160)) {
        up.process(said, &mut frame);
        let count = encoder.encode(&frame, &mut payload).expect("frames of 20 ms are taken");
        decoder.decode(&payload[..count], &mut frame).expect("what was encoded can be decoded");
        down.process(&frame, heard);
    }
    back
}

/// What a call may lose against its codec's own round trip, on either scale.
const ALLOWED_LOSS: f64 = 0.15;
/// The same of ViSQOL.
const ALLOWED_VISQOL_LOSS: f64 = 0.15;
const TOOL_LIMIT: Duration = Duration::from_secs(60);
