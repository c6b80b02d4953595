//! Text with `{…}` in it.

use super::number::is_allowed;

/// A piece of such a text.
pub(super) enum Piece<'a> {
    /// Characters that stand for themselves; all may be part of a number.
    Literal(&'a str),
    /// What stood between braces.
    Braced(&'a str),
}

/// Cuts a text into its pieces, of which there is at least one.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('{') {
            let (inside, after) = inside.split_once('}').ok_or("a { without its }".to_owned())?;
            pieces.push(Piece::Braced(inside));
            rest = after;
        } else {
            let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if let Some(odd) = literal.chars().find(|c| !is_allowed(*c)) {
                return Err(format!("{odd:?} cannot be part of a number"));
            }
            pieces.push(Piece::Literal(literal));
            rest = after;
        }
    }
    if pieces.is_empty() { Err("is empty; a number is needed".to_owned()) } else { Ok(pieces) }
}
