//! Where a password comes from.

use super::{AdminError, PasswordSource};
use crate::config::Secret;
use base::Rng;
use std::{fmt, io::BufRead};

/// A password, and whether it must be told because nobody chose it.
pub(super) struct Chosen {
    pub(super) password: Secret,
    pub(super) is_made_up: bool,
}

impl PasswordSource {
    /// Takes the password from where the flags say.
    pub(super) fn choose(self, input: &mut dyn BufRead) -> Result<Chosen, AdminError> {
        if let Some(text) = self.password {
            return Ok(Chosen { password: Secret::new(text), is_made_up: false });
        }
        if self.password_stdin {
            let mut line = String::new();
            input.read_line(&mut line)?;
            let password = Secret::new(line.trim_end_matches(['\r', '\n']));
            return Ok(Chosen { password, is_made_up: false });
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        let password = Secret::new(Rng::from_entropy(seed).hex(MADE_UP_DIGITS));
        Ok(Chosen { password, is_made_up: true })
    }
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordSource(hidden)")
    }
}

/// 80 bits of chance.
const MADE_UP_DIGITS: usize = 20;
