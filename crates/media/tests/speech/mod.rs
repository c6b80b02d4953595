//! The speech of our own prompts, for tests that need real speech.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every prompt of every language, in the order of their paths.
pub(crate) fn prompts() -> Vec<PathBuf> {
    let mut files = wav_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds"));
    files.sort();
    files
}

fn wav_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("sounds are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(wav_files(&path));
        } else if path.extension().is_some_and(|it| it == "wav") {
            files.push(path);
        }
    }
    files
}

/// Of 16-bit mono PCM: its rate and samples.
pub(crate) fn read_wav(path: &Path) -> (u32, Vec<i16>) {
    let bytes = fs::read(path).expect("a file");
    let rate = u32::from_le_bytes(bytes[24..28].try_into().expect("four bytes"));
    let data = bytes.windows(4).position(|it| it == b"data").expect("data") + 8;
    let samples = bytes[data..].as_chunks::<2>().0.iter().map(|it| i16::from_le_bytes(*it));
    (rate, samples.collect())
}
