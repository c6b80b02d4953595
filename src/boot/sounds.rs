//! Prompts and hold music from their directory.
//!
//! Music stands in `music/NAME/`, a folder each, played in the order of the file names, or shuffled
//! if a file `shuffle` lies beside them. All else that can be played is a prompt, named by its path.

use super::{
    audio_file::{EXTENSIONS, read},
    plans::{PlansError, files_below, name_below},
};
use crate::config::{Calls, Config};
use call::Sounds;
use media::{
    codec::Rate,
    progress::ProgressTones,
    sound::{Music, PieceOrder},
};
use std::{fs, io, path::Path, sync::Arc};
use tokio::task::spawn_blocking;

/// Folder of the music, below that of the sounds.
const MUSIC: &str = "music";
/// A file of this name among pieces of music means that they are shuffled.
const SHUFFLE: &str = "shuffle";

/// What was loaded, and what could not be used.
#[derive(Debug, Default)]
pub struct LoadedSounds {
    /// What can be played.
    pub sounds: Sounds,
    /// Files that were left out and why, a line each.
    pub left_out: Vec<String>,
}

/// Loads what a configuration names, on a thread that may take its time: an hour of music is
/// decoded in seconds.
pub async fn load_for(config: &Config) -> Result<LoadedSounds, PlansError> {
    let (directory, calls) = (config.server.sounds_dir.clone(), config.calls.clone());
    let tones = calls.tones;
    let path = directory.clone();
    let loading = spawn_blocking(move || load(&directory, &calls));
    let mut loaded = loading
        .await
        .map_err(|error| PlansError::Unreadable { path, error: io::Error::other(error) })??;
    loaded.sounds.tones = ProgressTones::of(tones);
    Ok(loaded)
}

/// Loads everything below `directory`; one that is not there counts as empty. A prompt that cannot
/// be played is an error, since a plan may name it; a piece of music is left out, and the others
/// are played.
fn load(directory: &Path, calls: &Calls) -> Result<LoadedSounds, PlansError> {
    let mut loaded = LoadedSounds::default();
    let music = directory.join(MUSIC);
    for path in files_below(directory, &EXTENSIONS)? {
        if path.starts_with(&music) {
            continue;
        }
        let sound = read(&path, Rate::Narrow)
            .map_err(|problem| PlansError::Prompt { path: path.clone(), problem })?;
        let sound = sound.louder(calls.prompts_db);
        loaded.sounds.prompts.insert(name_below(directory, &path), sound);
    }
    loaded.name_missing_words();
    let mut folders: Vec<_> = fs::read_dir(&music)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort_unstable();
    for folder in folders {
        let name = name_below(&music, &folder);
        match loaded.music(&folder, &name, calls.music_db)? {
            Some(music) => drop(loaded.sounds.music.insert(name, Arc::new(music))),
            None => loaded.left_out.push(format!(
                "music {name:?} has no piece that can be played: put some into {}",
                folder.display()
            )),
        }
    }
    if let Some(name) = calls.hold_music.as_deref() {
        loaded.sounds.hold = loaded.sounds.music.get(name).cloned();
        if loaded.sounds.hold.is_none() {
            loaded.left_out.push(format!(
                "calls.hold_music: there is no music {name:?}; calls on hold hear what the holder's \
                 phone sends: put pieces into {}",
                music.join(name).display()
            ));
        }
    }
    Ok(loaded)
}

impl LoadedSounds {
    /// What can be played, once the log has what cannot.
    pub fn told(self) -> Sounds {
        for line in &self.left_out {
            tracing::warn!("{line}");
        }
        self.sounds
    }

    fn name_missing_words(&mut self) {
        for file in self.sounds.missing_words() {
            self.left_out.push(format!(
                "there is no prompt {file}: what needs it is said in the other language, or with a \
                 beep; scripts/make-sounds.sh makes it"
            ));
        }
    }

    fn music(
        &mut self,
        folder: &Path,
        name: &str,
        louder_db: i8,
    ) -> Result<Option<Music>, PlansError> {
        let mut pieces = Vec::new();
        for path in files_below(folder, &EXTENSIONS)? {
            let problem = match read(&path, Music::RATE) {
                Ok(piece) if !piece.is_silent() => {
                    pieces.push(piece.louder(louder_db));
                    continue;
                }
                Ok(_) => "it is silent".to_owned(),
                Err(problem) => problem,
            };
            self.left_out.push(format!("cannot play {}: {problem}", path.display()));
        }
        let is_shuffled = folder.join(SHUFFLE).exists();
        let order = if is_shuffled { PieceOrder::Shuffled } else { PieceOrder::Listed };
        Ok(Music::new(name, pieces, order))
    }
}
