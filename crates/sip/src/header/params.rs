//! `;name=value` lists.

use crate::lex;
use bytes::Bytes;
use std::ops::Range;

/// `;name=value;flag`, names compared without case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Params(Vec<Param>);

/// One parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Param {
    /// As written.
    pub name: Bytes,
    /// Without quotes and quoting backslashes; `None` for a flag.
    pub value: Option<Bytes>,
    /// Whether the value is written in quotes.
    is_quoted: bool,
}

impl Params {
    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The parameter's value (quotes taken off); `None` if absent or a flag.
    pub fn value(&self, name: &str) -> Option<&Bytes> {
        self.find(name)?.value.as_ref()
    }

    /// Adds or replaces a parameter. A value that is no token, host or number is written in quotes.
    pub fn set(&mut self, name: &'static str, value: Option<Bytes>) {
        let is_quoted = value.as_ref().is_some_and(|it| !is_plain(it));
        let param = Param { name: Bytes::from_static(name.as_bytes()), value, is_quoted };
        match self.position(name) {
            Some(index) => self.0[index] = param,
            None => self.0.push(param),
        }
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|it| !is_named(it, name));
    }

    /// Every parameter in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Param> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends `;name=value` for each to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for Param { name, value, is_quoted } in &self.0 {
            out.push(b';');
            lex::put(out, name);
            if let Some(value) = value {
                out.push(b'=');
                if *is_quoted {
                    lex::put_quoted(out, value);
                } else {
                    lex::put(out, value);
                }
            }
        }
    }

    /// Parses the parameters of a header value from `at` to its end. Empty ones (`;;`) are skipped.
    pub(crate) fn parse(text: &Bytes, at: usize) -> Result<Self, Malformed> {
        let mut params = Vec::new();
        for span in (Spans { text, at }) {
            let Span { name, value, is_quoted } = span?;
            let value =
                value.map(|it| if is_quoted { lex::unquoted(text, it) } else { text.slice(it) });
            params.push(Param { name: text.slice(name), value, is_quoted });
        }
        Ok(Self(params))
    }

    /// The value of the first parameter of that name in a header value from `at` on; what follows
    /// it is not looked at.
    pub(crate) fn value_in(
        text: &Bytes,
        at: usize,
        name: &str,
    ) -> Result<Option<Bytes>, Malformed> {
        for span in (Spans { text, at }) {
            let Span { name: found, value, is_quoted } = span?;
            if text[found].eq_ignore_ascii_case(name.as_bytes()) {
                let value_of =
                    |it| if is_quoted { lex::unquoted(text, it) } else { text.slice(it) };
                return Ok(value.map(value_of));
            }
        }
        Ok(None)
    }

    /// Parses the parameters of a URI in `range`: never quoted, no white space.
    pub(crate) fn parse_in_uri(text: &Bytes, range: Range<usize>) -> Result<Self, Malformed> {
        let mut params = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let rest = &text[start..range.end];
            let length = rest.iter().position(|&it| it == b';').unwrap_or(rest.len());
            if length > 0 {
                let equals = rest[..length].iter().position(|&it| it == b'=').unwrap_or(length);
                if equals == 0 {
                    return Err(Malformed);
                }
                let value =
                    (equals < length).then(|| text.slice(start + equals + 1..start + length));
                let name = text.slice(start..start + equals);
                params.push(Param { name, value, is_quoted: false });
            }
            start += length + 1;
        }
        Ok(Self(params))
    }

    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|it| is_named(it, name))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|it| is_named(it, name))
    }
}

impl<'a> IntoIterator for &'a Params {
    type Item = &'a Param;
    type IntoIter = std::slice::Iter<'a, Param>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// No parameter list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

/// Where the parameters of a header value are.
struct Spans<'a> {
    text: &'a [u8],
    at: usize,
}

struct Span {
    name: Range<usize>,
    value: Option<Range<usize>>,
    is_quoted: bool,
}

impl Iterator for Spans<'_> {
    type Item = Result<Span, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut at = lex::skip_space(self.text, self.at);
        if at < self.text.len() && self.text[at] != b';' {
            return Some(Err(self.stop()));
        }
        while self.text.get(at) == Some(&b';') {
            at = lex::skip_space(self.text, at + 1);
        }
        (at < self.text.len()).then(|| self.span(at).ok_or_else(|| self.stop()))
    }
}

impl Spans<'_> {
    fn span(&mut self, start: usize) -> Option<Span> {
        let text = self.text;
        let name_end = find(text, start, |it| matches!(it, b';' | b'='));
        let name = lex::trim(text, start..name_end);
        if name.is_empty() || !text[name.clone()].iter().all(|&it| is_name_byte(it)) {
            return None;
        }
        if text.get(name_end) != Some(&b'=') {
            self.at = name_end;
            return Some(Span { name, value: None, is_quoted: false });
        }
        let start = lex::skip_space(text, name_end + 1);
        let is_quoted = text.get(start) == Some(&b'"');
        let end = if is_quoted {
            lex::quoted_end(text, start)?
        } else {
            find(text, start, |it| it == b';')
        };
        self.at = end;
        let value = lex::trim(text, start..end);
        if !is_quoted && text[value.clone()].iter().any(|it| matches!(it, b'"' | b',' | ..=31)) {
            return None;
        }
        Some(Span { name, value: Some(value), is_quoted })
    }

    fn stop(&mut self) -> Malformed {
        self.at = self.text.len();
        Malformed
    }
}

fn find(text: &[u8], start: usize, is_wanted: impl Fn(u8) -> bool) -> usize {
    text[start..].iter().position(|&it| is_wanted(it)).map_or(text.len(), |it| start + it)
}

/// Tokens, and the brackets and colons that some peers put into names.
fn is_name_byte(byte: u8) -> bool {
    byte > b' ' && byte < 127 && !matches!(byte, b'"' | b'<' | b'>' | b',')
}

/// Whether a value may stand without quotes: a token, a host, or what URIs allow besides.
fn is_plain(value: &[u8]) -> bool {
    !value.is_empty()
        && value.iter().all(|&it| {
            lex::is_token_byte(it) || matches!(it, b'[' | b']' | b':' | b'/' | b'&' | b'$')
        })
}

fn is_named(param: &Param, name: &str) -> bool {
    param.name.eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_quotes_are_taken_off_and_written_back() {
        let params = parse(r#"; a = 1 ;;flag; b="x\"y";c="tok" ;d=[::1]"#).unwrap();

        assert_eq!(params.value("A").unwrap(), "1");
        assert_eq!(params.value("b").unwrap(), "x\"y");
        assert!(params.has("FLAG") && params.value("flag").is_none());
        let mut out = Vec::new();
        params.encode(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), r#";a=1;flag;b="x\"y";c="tok";d=[::1]"#);
    }

    #[test]
    fn unterminated_quotes_and_nameless_values_are_refused() {
        for bad in [r#";a="x"#, ";=1", "x;a=1", r#";a="x"y"#, r#";a=x"y""#, ";a b=1", ";a=1,b"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_set_value_is_quoted_when_it_must_be() {
        let mut params = Params::default();
        params.set("tag", Some(Bytes::from_static(b"abc")));
        params.set("note", Some(Bytes::from_static(b"a;b\r\nX: y")));

        let mut out = Vec::new();
        params.encode(&mut out);

        assert_eq!(String::from_utf8_lossy(&out), r#";tag=abc;note="a;b  X: y""#);
    }

    fn parse(text: &'static str) -> Result<Params, Malformed> {
        Params::parse(&Bytes::from_static(text.as_bytes()), 0)
    }
}
