//! What differs between two texts, for the audit: enough to see what somebody did, and no more.

use similar::TextDiff;
use std::{fmt::Write as _, time::Duration};

/// A unified diff with three lines around each change; empty for the same text. One that is longer
/// than [`DIFF_BYTES_MAX`] ends early, with a line that says so.
pub(super) fn unified(before: &str, after: &str) -> String {
    let diff = TextDiff::configure().timeout(TIME_MAX).diff_lines(before, after);
    let mut text = diff.unified_diff().context_radius(CONTEXT_LINES).to_string();
    if text.len() > DIFF_BYTES_MAX {
        let end = text.floor_char_boundary(DIFF_BYTES_MAX);
        let left_out = text.len() - end;
        text.truncate(end);
        // A String takes every write.
        let _ = writeln!(text, "\n… {left_out} bytes are left out");
    }
    text
}

/// An entry of the audit keeps so much of a diff.
pub(super) const DIFF_BYTES_MAX: usize = 16 * 1024;

/// Past it the diff is right still, but no more the shortest.
const TIME_MAX: Duration = Duration::from_millis(100);

const CONTEXT_LINES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_lines_and_those_around_them_are_told() {
        let before: String =
            (1..=20).flat_map(|n| ["line ".to_owned(), n.to_string(), "\n".to_owned()]).collect();
        let after = before.replace("line 10\n", "line ten\nand more\n");

        let diff = unified(&before, &after);

        let lines: Vec<_> = diff.lines().collect();
        assert_eq!(lines[0], "@@ -7,7 +7,8 @@");
        assert_eq!(lines[4..7], ["-line 10", "+line ten", "+and more"]);
        assert_eq!(lines.len(), 1 + 3 + 3 + 3, "{diff}");
        assert_eq!(unified(&before, &before), "");
        assert_eq!(unified("", "new\n"), "@@ -0,0 +1 @@\n+new\n");
    }

    #[test]
    fn a_long_diff_ends_early_and_says_so() {
        let text = |word: &str| -> String {
            (0..50_000)
                .flat_map(|n| [word.to_owned(), n.to_string(), " «ё»\n".to_owned()])
                .collect()
        };

        let diff = unified(&text("old"), &text("new"));

        assert!((DIFF_BYTES_MAX..DIFF_BYTES_MAX + 64).contains(&diff.len()), "{}", diff.len());
        assert!(diff.ends_with(" bytes are left out\n"), "{}", diff.lines().last().unwrap());
    }
}
