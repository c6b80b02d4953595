//! Sound files on the disk.

use media::{audio_file, codec::Rate, sound::Sound};
use std::{fs::File, path::Path};

pub(super) use media::audio_file::EXTENSIONS;

/// Decodes a file as [`audio_file::read`] does. The error says what is wrong with it.
pub(super) fn read(path: &Path, narrowest: Rate) -> Result<Sound, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let extension = path.extension().and_then(|it| it.to_str());
    audio_file::read(Box::new(file), extension, narrowest).map_err(|error| error.to_string())
}
