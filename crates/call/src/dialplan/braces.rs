//! Text with `{…}` in it.

use super::{mistake::NumberMistake, number::is_allowed};

/// A piece of such a text.
pub(super) enum Piece<'a> {
    /// Characters that stand for themselves.
    Literal(&'a str),
    /// What stood between braces.
    Braced(&'a str),
}

/// Cuts a number into its pieces, of which there is at least one.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, NumberMistake> {
    cut(text, is_allowed)
}

/// The same for a text of any characters.
pub(super) fn pieces_of_text(text: &str) -> Result<Vec<Piece<'_>>, NumberMistake> {
    cut(text, |_| true)
}

fn cut(text: &str, is_allowed: fn(char) -> bool) -> Result<Vec<Piece<'_>>, NumberMistake> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('{') {
            let (inside, after) = inside.split_once('}').ok_or(NumberMistake::Unclosed)?;
            pieces.push(Piece::Braced(inside));
            rest = after;
        } else {
            let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if let Some(odd) = literal.chars().find(|c| !is_allowed(*c)) {
                return Err(NumberMistake::Character(odd));
            }
            pieces.push(Piece::Literal(literal));
            rest = after;
        }
    }
    if pieces.is_empty() { Err(NumberMistake::Empty) } else { Ok(pieces) }
}
