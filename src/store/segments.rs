//! A directory of numbered files, of which one process appends to the last.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The directory, and how its files are called: prefix, twelve digits, suffix.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    directory: PathBuf,
    prefix: &'static str,
    suffix: &'static str,
}

impl Segments {
    /// In `directory`, which is made if it is not there.
    pub(super) fn open(
        directory: &Path,
        prefix: &'static str,
        suffix: &'static str,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self { directory: directory.to_owned(), prefix, suffix })
    }

    /// Taken as long as the file lives, so that two servers cannot share the directory.
    pub(super) fn lock(&self) -> io::Result<File> {
        let path = self.directory.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::Error(error)) => Err(error),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!(
                    "another server uses {}: stop it, or give this one another directory with --data",
                    self.directory.display()
                ),
            )),
        }
    }

    /// Numbers and lengths in bytes of the files, oldest first.
    pub(super) fn list(&self) -> io::Result<Vec<(u64, u64)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|it| it.strip_prefix(self.prefix)?.strip_suffix(self.suffix));
            if let Some(number) = number.and_then(|it| it.parse().ok()) {
                found.push((number, entry.metadata()?.len()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{}{number:012}{}", self.prefix, self.suffix))
    }

    /// The file's name is forced to the disk too, or a power cut could take the file with all in it.
    pub(super) fn create(&self, number: u64) -> io::Result<File> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.path(number))?;
        File::open(&self.directory)?.sync_all()?;
        Ok(file)
    }
}
