//! How letters leave: by the mail server of `[mail]`.

use crate::config;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor, message::Mailbox,
    transport::smtp::Error,
};

/// Sends letters; clones share its connections.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// As the configuration says.
    pub fn new(config: &config::Mail) -> Option<Self> {
        let config::Mail { url, from, timeout } = config;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).ok()?;
        Some(Self { transport: transport.timeout(Some(*timeout)).build(), from: from.clone() })
    }

    /// Who writes.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Returns once the mail server has taken a letter.
    pub async fn send(&self, letter: Message) -> Result<(), Error> {
        self.transport.send(letter).await.map(|_| ())
    }
}
