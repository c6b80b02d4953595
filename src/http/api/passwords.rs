//! What a new password must be.

use super::{Problem, Text};

/// Refuses one that is too short to be hard to guess, or too long to be one.
pub(super) fn check(password: &str, field: &str) -> Result<(), Problem> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        let message = Text::fixed("Не короче 8 знаков", "At least 8 characters");
        return Err(Problem::invalid_field(field, "too_short", message));
    }
    if chars > CHARS_MAX {
        let message = Text::fixed("Не длиннее 256 знаков", "At most 256 characters");
        return Err(Problem::invalid_field(field, "too_long", message));
    }
    Ok(())
}

/// NIST SP 800-63B section 5.1.1.
const CHARS_MIN: usize = 8;
const CHARS_MAX: usize = 256;
