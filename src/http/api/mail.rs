//! Letters that recover a forgotten password.

use crate::{
    config::{Config, Mail},
    store::{Locale, UserRow},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use std::error::Error;

/// Sends letters; clones share its connections.
#[derive(Clone, Debug)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where people reach the panel.
    public_url: String,
}

impl Mailer {
    /// As the configuration says; `None` where no letters are sent.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let Mail { url, from, timeout } = config.mail.as_ref()?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).ok()?;
        Some(Self {
            transport: transport.timeout(Some(*timeout)).build(),
            from: from.clone(),
            public_url: config.http.public_url.clone()?,
        })
    }

    /// Sends the link with this secret.
    pub(super) async fn send_recovery(
        &self,
        user: &UserRow,
        email: &str,
        token: &str,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let link = format!("{}/recover?token={token}", self.public_url);
        let (subject, body) = match user.locale {
            Locale::Ru => (
                "Восстановление пароля",
                format!(
                    "Здравствуйте!\n\nЧтобы задать новый пароль для входа «{}», откройте ссылку:\n\
                     {link}\n\nСсылка действует один час и один раз. Если вы ничего не \
                     запрашивали, просто удалите это письмо.\n",
                    user.login
                ),
            ),
            Locale::En => (
                "Password recovery",
                format!(
                    "Hello!\n\nTo set a new password for the login \"{}\", open this link:\n{link}\n\
                     \nThe link is good for one hour and once. If you did not ask for it, delete \
                     this letter.\n",
                    user.login
                ),
            ),
        };
        let letter = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, email.parse()?))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body)?;
        self.transport.send(letter).await?;
        Ok(())
    }
}
