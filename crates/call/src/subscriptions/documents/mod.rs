//! What NOTIFYs carry. A document is built once for each change and shared by all who are told.

mod dialog_info;
mod message_summary;
mod pidf;
mod reginfo;
mod xml;

pub(super) use dialog_info::{DIALOGS_MAX, dialog_info};
pub(super) use message_summary::message_summary;
pub(super) use pidf::pidf;
pub(super) use reginfo::{ContactEvent, reginfo};

use super::Package;
use bytes::Bytes;
use sip::{Host, Uri, endpoint::Body};

/// The body of NOTIFYs, but for the number that each subscription counts by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    package: Package,
    content: Content,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Content {
    Plain(Bytes),
    /// With a version between the two.
    Versioned(Bytes, Bytes),
}

/// An extension as documents name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entity<'a> {
    /// Its number.
    pub(super) number: &'a str,
    /// What it is called; empty for nothing.
    pub(super) name: &'a str,
    /// Name of its domain.
    pub(super) domain: &'a str,
}

impl Document {
    /// As a body; `version` is greater in each document that a subscriber gets.
    pub fn body(&self, version: u32) -> Body {
        let content_type = Bytes::from_static(self.package.content_type().as_bytes());
        let bytes = match &self.content {
            Content::Plain(bytes) => bytes.clone(),
            Content::Versioned(before, after) => {
                [before, version.to_string().as_bytes(), after].concat().into()
            }
        };
        Body { content_type, bytes }
    }
}

impl Entity<'_> {
    /// Its address of record.
    fn uri(&self) -> String {
        uri_of(self.number, self.domain)
    }
}

/// `sip:NUMBER@DOMAIN`, with what may not stand in a user part escaped.
fn uri_of(number: &str, domain: &str) -> String {
    Uri::sip(Some(number), Host::Name(Bytes::copy_from_slice(domain.as_bytes())), None).to_string()
}

#[cfg(test)]
mod tests;
