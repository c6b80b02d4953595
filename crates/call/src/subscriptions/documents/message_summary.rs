//! How many messages wait, RFC 3842.

use super::{Content, Document, Entity, Package};
use crate::subscriptions::MailCounts;

/// What is in a mailbox.
pub(crate) fn message_summary(entity: Entity<'_>, counts: MailCounts) -> Document {
    let MailCounts { new, saved } = counts;
    let waiting = if new > 0 { "yes" } else { "no" };
    let text = format!(
        "Messages-Waiting: {waiting}\r\nMessage-Account: {}\r\n\
         Voice-Message: {new}/{saved} (0/0)\r\n",
        entity.uri()
    );
    Document { package: Package::MessageSummary, content: Content::Plain(text.into()) }
}
