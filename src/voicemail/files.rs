//! The sound files of mailboxes. All of it blocks.

use crate::{config::RecordingFormat, sound_file::SoundFile};
use media::{audio_file, codec::Rate, sound::Sound};
use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// What is in a file; `None`, and a word in the log, if it cannot be played.
pub(super) fn read(path: &Path) -> Option<Sound> {
    let sound = File::open(path).map_err(|error: io::Error| error.to_string()).and_then(|file| {
        audio_file::read(Box::new(file), Some("wav"), Rate::Narrow)
            .map_err(|error| error.to_string())
    });
    sound
        .inspect_err(|error| {
            tracing::error!(path = %path.display(), %error, "a message cannot be played");
        })
        .ok()
}

/// Copies a file to another folder, which is made if need be. When this returns, the copy and its
/// name are on the disk.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().ok_or_else(|| io::Error::other("a file in no folder"))?;
    fs::create_dir_all(folder)?;
    let part = to.with_extension("part");
    fs::copy(from, &part)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, to)?;
    File::open(folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

/// The bytes of a WAV file of ours, as Opus in Ogg.
pub(super) fn as_opus(wav: &Path) -> io::Result<Vec<u8>> {
    let mut wave = hound::WavReader::open(wav).map_err(io::Error::other)?;
    let spec = wave.spec();
    let samples: Vec<i16> = wave.samples().collect::<Result<_, _>>().map_err(io::Error::other)?;
    // Such a file is swept at the next start if this is not the end of it.
    let path = wav.with_extension("opus.part");
    let channels = usize::from(spec.channels);
    let mut file = SoundFile::create(&path, RecordingFormat::Opus, spec.sample_rate, channels)?;
    file.write(samples.into_iter())?;
    file.finish()?;
    let bytes = fs::read(&path)?;
    fs::remove_file(&path)?;
    Ok(bytes)
}

/// Removes a file that no row knows any more.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        let path = path.display();
        tracing::warn!(%path, %error, "the file of a message stays until the next start");
    }
}
