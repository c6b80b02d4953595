//! Dialplans from their directory, and the sounds that they name.

use super::sounds::{self, LoadedSounds};
use crate::{config::Config, store::Store};
use call::{
    Sounds,
    dialplan::{self, Known, PlanError, Plans},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

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
    /// A prompt is no file that we can play.
    #[error("cannot play {}: {problem}; make it anew or remove it", .path.display())]
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

/// Loads all plans (`*.toml`, in the order of their names), which may name these sounds. A
/// directory that is not there counts as empty.
pub fn load(
    config: &Config,
    sounds: &Sounds,
    trunks: impl IntoIterator<Item = String>,
) -> Result<Arc<Plans>, PlansError> {
    load_with(config, sounds, trunks, None)
}

/// As the server would load them: with the trunks of the configuration and those of the database.
/// A database that is not there, or does not open, has none.
pub async fn load_for(config: &Config) -> Result<(Arc<Plans>, LoadedSounds), PlansError> {
    let loaded = sounds::load_for(config).await?;
    let mut trunks: Vec<_> = config.trunks.iter().map(|it| it.name.clone()).collect();
    let mut plans = load(config, &loaded.sounds, trunks.clone());
    if matches!(plans, Err(PlansError::Mistakes(_)))
        && let Ok(Some(store)) = Store::look_into(&config.store).await
    {
        let rows = store.list_trunks().await.unwrap_or_default();
        store.close().await;
        trunks.extend(rows.into_iter().map(|it| it.draft.text.name));
        plans = load(config, &loaded.sounds, trunks);
    }
    Ok((plans?, loaded))
}

/// The same as [`load`] with another text for one file, by name, whether it is there or not.
pub fn load_with(
    config: &Config,
    sounds: &Sounds,
    trunks: impl IntoIterator<Item = String>,
    changed: Option<(&str, &str)>,
) -> Result<Arc<Plans>, PlansError> {
    let dialplans = config.server.dialplans_dir.as_path();
    let mut texts = Vec::new();
    let mut paths = files_below(dialplans, &["toml"])?;
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
    let known = Known {
        trunks: trunks.into_iter().collect(),
        prompts: sounds.prompts.keys().cloned().collect(),
        music: sounds.music.keys().cloned().collect(),
    };
    dialplan::load(&files, &known).map_err(PlansError::Mistakes)
}

/// Files with one of these extensions in a directory and those below it, sorted.
pub(super) fn files_below(
    directory: &Path,
    extensions: &[&str],
) -> Result<Vec<PathBuf>, PlansError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(directory, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, error))?.path();
        if path.is_dir() {
            files.extend(files_below(&path, extensions)?);
        } else if path.extension().is_some_and(|it| extensions.iter().any(|known| it == *known)) {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The file's name relative to its directory, with `/` between the parts.
pub(super) fn name_below(directory: &Path, file: &Path) -> String {
    file.strip_prefix(directory).unwrap_or(file).to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: io::Error) -> PlansError {
    PlansError::Unreadable { path: path.to_owned(), error }
}
