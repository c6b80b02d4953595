//! How letters leave: by the mail server of `[mail]`.

use crate::config;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{Error, response::Category},
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

/// Whether the mail server will not take the letter later either (RFC 5321 section 4.2.1). That it does
/// not let us in (x3x of RFC 4954 section 6) is no fault of the letter, and can be mended.
pub fn is_final(error: &Error) -> bool {
    let lets_us_in = |it: Category| it != Category::Unspecified3;
    error.is_permanent() && error.status().is_some_and(|it| lets_us_in(it.category))
}
