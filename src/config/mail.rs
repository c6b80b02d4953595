//! `[mail]`

use super::{Http, Problems, Secret, secret};
use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How letters leave: those that recover a forgotten password, and those about voice messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    /// `smtp://…` or `smtps://…`; may hold a password.
    pub url: Secret,
    /// Who writes.
    pub from: Mailbox,
    /// How long the mail server may take.
    pub timeout: Duration,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(serialize_with = "secret::masked")]
    url: Option<secret::Raw>,
    from: Option<String>,
    timeout_s: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { url: None, from: None, timeout_s: 30 }
    }
}

impl Raw {
    /// `None` where no mail server is named: no letters are sent.
    pub(super) fn check(self, http: &Http, problems: &mut Problems) -> Option<Mail> {
        let timeout = problems.seconds("mail.timeout_s", self.timeout_s, 1..=300);
        let url = match self.url?.read() {
            Ok(url) => url,
            Err(problem) => {
                problems.add("mail.url", problem);
                return None;
            }
        };
        if AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).is_err() {
            problems.add(
                "mail.url",
                "is no mail server: write \"smtps://USER:PASSWORD@HOST\" or \
                 \"smtp://HOST:587?tls=required\"",
            );
        }
        if http.public_url.is_none() {
            problems.add("http.public_url", "is needed with [mail]: letters link to it");
        }
        let Some(from) = self.from.as_deref().and_then(|it| it.parse().ok()) else {
            problems.add("mail.from", "is needed with mail.url: write \"Tandem <desk@HOST>\"");
            return None;
        };
        Some(Mail { url, from, timeout })
    }
}
