//! Dialplans and prompts from their directories.

use crate::{config::Config, store::Store};
use call::{
    Prompts,
    dialplan::{self, Known, PlanError, Plans},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What prompts are kept as, in Hz: what every codec of telephony can be made from.
const PROMPT_RATE_HZ: u32 = 8000;

/// Longest prompt, in samples: ten minutes.
const PROMPT_SAMPLES_MAX: u32 = 600 * PROMPT_RATE_HZ;

/// Why dialplans and prompts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    /// A directory or file cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// A prompt is no WAV that we can play.
    #[error("cannot play {}: {problem}; it must be a mono 16-bit WAV of 8000 Hz", .path.display())]
    Prompt {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The plans have mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<PlanError>),
}

/// Loads all prompts (`*.wav`, named by their path below `sounds`) and all plans (`*.toml`, in the
/// order of their names). A directory that is not there counts as empty.
pub fn load(
    dialplans: &Path,
    sounds: &Path,
    trunks: impl IntoIterator<Item = String>,
) -> Result<(Plans, Prompts), PlansError> {
    load_with(dialplans, sounds, trunks, None)
}

/// As the server would load them: with the trunks of the configuration and those of the database.
/// A database that is not there, or does not open, has none.
pub async fn load_for(config: &Config) -> Result<(Plans, Prompts), PlansError> {
    let mut trunks: Vec<_> = config.trunks.iter().map(|it| it.name.clone()).collect();
    let server = &config.server;
    let loaded = load(&server.dialplans_dir, &server.sounds_dir, trunks.clone());
    if !matches!(loaded, Err(PlansError::Mistakes(_))) {
        return loaded;
    }
    let Ok(Some(store)) = Store::look_into(&config.store).await else { return loaded };
    let rows = store.list_trunks().await.unwrap_or_default();
    store.close().await;
    trunks.extend(rows.into_iter().map(|it| it.draft.text.name));
    load(&server.dialplans_dir, &server.sounds_dir, trunks)
}

/// The same as [`load`] with another text for one file, by name, whether it is there or not.
pub fn load_with(
    dialplans: &Path,
    sounds: &Path,
    trunks: impl IntoIterator<Item = String>,
    changed: Option<(&str, &str)>,
) -> Result<(Plans, Prompts), PlansError> {
    let prompts = prompts(sounds)?;
    let mut texts = Vec::new();
    let mut paths = files_below(dialplans, "toml")?;
    let changed = changed.map(|(name, text)| (dialplans.join(name), text));
    if let Some((path, _)) = &changed
        && !paths.contains(path)
    {
        paths.push(path.clone());
        paths.sort_unstable();
    }
    for path in paths {
        let text = match &changed {
            Some((other, text)) if *other == path => (*text).to_owned(),
            Some(_) | None => {
                fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?
            }
        };
        texts.push((name_below(dialplans, &path), text));
    }
    let files: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let known =
        Known { trunks: trunks.into_iter().collect(), prompts: prompts.keys().cloned().collect() };
    let plans = dialplan::load(&files, &known).map_err(PlansError::Mistakes)?;
    Ok((plans, prompts))
}

fn prompts(sounds: &Path) -> Result<Prompts, PlansError> {
    files_below(sounds, "wav")?
        .into_iter()
        .map(|path| {
            let samples = read_wav(&path)
                .map_err(|problem| PlansError::Prompt { path: path.clone(), problem })?;
            Ok((name_below(sounds, &path), samples.into()))
        })
        .collect()
}

fn read_wav(path: &Path) -> Result<Vec<i16>, String> {
    let mut wav = hound::WavReader::open(path).map_err(|error| error.to_string())?;
    let spec = wav.spec();
    let is_playable = spec.channels == 1
        && spec.sample_rate == PROMPT_RATE_HZ
        && spec.bits_per_sample == 16
        && spec.sample_format == hound::SampleFormat::Int;
    if !is_playable {
        return Err(format!(
            "it has {} channels, {} bits, {} Hz",
            spec.channels, spec.bits_per_sample, spec.sample_rate
        ));
    }
    if wav.len() > PROMPT_SAMPLES_MAX {
        return Err(format!("it is longer than {} s", PROMPT_SAMPLES_MAX / PROMPT_RATE_HZ));
    }
    wav.samples::<i16>().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Files with this extension in a directory and those below it, sorted.
fn files_below(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, PlansError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(directory, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, error))?.path();
        if path.is_dir() {
            files.extend(files_below(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The file's name relative to its directory, with `/` between the parts.
fn name_below(directory: &Path, file: &Path) -> String {
    file.strip_prefix(directory).unwrap_or(file).to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: io::Error) -> PlansError {
    PlansError::Unreadable { path: path.to_owned(), error }
}
