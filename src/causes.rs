//! Errors in one line, with what they come from.

use std::error::Error;

/// An error and the whole chain of its causes: the outer ones of libraries say little.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the page was not read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_follow_what_they_have_caused() {
        let error = Outer(std::io::Error::other("the wire is cut"));
        assert_eq!(with_causes(&error), "the page was not read: the wire is cut");
    }
}
