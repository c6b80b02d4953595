//! Speech to say on the phone, and the judging of what was heard.

use super::{Process, repository};
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

/// What a codec is called in SDP and by sox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Codec {
    Pcmu,
    Pcma,
}

/// How well speech came through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// ITU-T P.862 narrow band, 1 to 4.55.
    pub(crate) pesq: f64,
    /// Intelligibility, 0 to 1.
    pub(crate) stoi: f64,
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
        }
    }

    fn sox_encoding(self) -> &'static str {
        match self {
            Self::Pcmu => "u-law",
            Self::Pcma => "a-law",
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
        let scores = self.scores(said, &[&self.round_trip(said, codec), heard]);
        let [floor, score] = scores[..] else { panic!("two scores: {scores:?}") };
        eprintln!("{}: {score:?}, {} by itself: {floor:?}", heard.0.display(), codec.name());
        assert!(
            score.pesq >= floor.pesq - ALLOWED_LOSS && score.stoi >= floor.stoi - ALLOWED_LOSS,
            "heard {score:?} where {} by itself gives {floor:?}",
            codec.name(),
        );
        score
    }

    /// Scores each of `heard` against `said`.
    pub(crate) fn scores(&self, said: &Recording, heard: &[&Recording]) -> Vec<Score> {
        let output = self.run(
            Command::new(repository("var/tools/venv/bin/python"))
                .arg(repository("tests/audio/score.py"))
                .arg(&said.0)
                .args(heard.iter().map(|it| &it.0)),
        );
        output.lines().filter_map(Score::parse).collect()
    }

    /// `said` through the codec and back, with no network between.
    fn round_trip(&self, said: &Recording, codec: Codec) -> Recording {
        let coded = self.folder.join("round-trip.raw");
        let back = self.folder.join("round-trip.wav");
        let format = ["-t", "raw", "-r", "8000", "-c", "1", "-e", codec.sox_encoding(), "-b", "8"];
        self.run(Command::new("sox").arg(&said.0).args(format).arg(&coded));
        self.run(
            Command::new("sox")
                .args(format)
                .arg(&coded)
                .args(["-e", "signed", "-b", "16"])
                .arg(&back),
        );
        Recording(back)
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

    /// Its samples.
    pub(crate) fn samples(&self) -> Vec<i16> {
        let file = File::open(&self.0).expect("recording is there");
        let mut reader = hound::WavReader::new(file).expect("recording is a WAV file");
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (8000, 1));
        reader.samples().map_while(Result::ok).collect()
    }
}

impl Score {
    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split(' ').map(str::parse);
        let (Some(Ok(pesq)), Some(Ok(stoi))) = (numbers.next(), numbers.next()) else {
            return None;
        };
        Some(Self { pesq, stoi })
    }
}

/// What a call may lose against its codec's own round trip, on either scale.
const ALLOWED_LOSS: f64 = 0.15;
const TOOL_LIMIT: Duration = Duration::from_secs(60);
