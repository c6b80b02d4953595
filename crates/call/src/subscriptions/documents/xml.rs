//! Writing XML, well-formed whatever the texts hold.

use super::{Content, Document, Package};
use bytes::Bytes;

/// A document under construction: elements are closed in the order that nests them.
#[derive(Debug)]
pub(super) struct Xml {
    text: String,
    /// Where the version goes.
    version_at: Option<usize>,
    open: Vec<&'static str>,
}

impl Xml {
    /// With the root element, whose attributes these are, after `version` if it is `versioned`.
    pub(super) fn new(
        root: &'static str,
        namespaces: &[(&str, &str)],
        is_versioned: bool,
        attributes: &[(&str, &str)],
    ) -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<".to_owned() + root;
        let mut xml = Self { text, version_at: None, open: vec![root] };
        xml.attributes(namespaces);
        if is_versioned {
            xml.text.push_str(" version=\"");
            xml.version_at = Some(xml.text.len());
            xml.text.push('"');
        }
        xml.attributes(attributes);
        xml.text.push_str(">\n");
        xml
    }

    /// An element with others inside, until [`Self::close`].
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the innermost open element.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.end(name);
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with text inside.
    pub(super) fn text(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.text.push('>');
        self.escaped(text);
        self.end(name);
    }

    /// Ends all that is open.
    pub(super) fn finish(mut self, package: Package) -> Document {
        while !self.open.is_empty() {
            self.close();
        }
        let text = Bytes::from(self.text);
        let content = match self.version_at {
            Some(at) => Content::Versioned(text.slice(..at), text.slice(at..)),
            None => Content::Plain(text),
        };
        Document { package, content }
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        self.attributes(attributes);
    }

    fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
    }

    fn attributes(&mut self, attributes: &[(&str, &str)]) {
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escaped(value);
            self.text.push('"');
        }
    }

    /// What means something to XML is escaped, and what no document may hold (XML 1.0 section 2.2)
    /// is replaced.
    fn escaped(&mut self, text: &str) {
        for it in text.chars() {
            match it {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&apos;"),
                '\t' | '\n' | '\r' => self.text.push(' '),
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
                other => self.text.push(other),
            }
        }
    }
}
