//! The repository's files, as the rules look at them.

use std::{fs, path::Path};

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file, in order of path; build results and what the server writes are left out.
pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder can be read") {
            let path = entry.expect("folder can be read").path();
            if is_skipped(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push(Source { path: relative(root, &path), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Source {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == "rs")
    }

    /// Whether all of it is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }

    /// Its numbered lines of code that ships: not tests, which come last, and not comments.
    pub(crate) fn shipped_lines(&self) -> Vec<(usize, &str)> {
        let is_test = self.is_test();
        self.text
            .lines()
            .take_while(move |line| !is_test && *line != "#[cfg(test)]")
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(n, line)| (n + 1, line))
            .collect()
    }

    /// Its numbered lines of test code.
    pub(crate) fn test_lines(&self) -> Vec<(usize, &str)> {
        let is_test = self.is_test();
        self.text
            .lines()
            .enumerate()
            .skip_while(move |(_, line)| !is_test && *line != "#[cfg(test)]")
            .map(|(n, line)| (n + 1, line))
            .collect()
    }
}

/// Fails with all complaints at once.
#[track_caller]
pub(crate) fn assert_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}\n  {}", complaints.join("\n  "));
}

fn is_skipped(path: &Path) -> bool {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    ["target", "var", ".git", "node_modules", "dist"].contains(&name)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
