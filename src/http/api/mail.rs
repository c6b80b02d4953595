//! Letters that recover a forgotten password.

use crate::{
    config::Config,
    mail,
    store::{Locale, UserRow},
};
use lettre::{
    Message,
    message::{Mailbox, header::ContentType},
};
use std::error::Error;

/// Sends letters; clones share its connections.
#[derive(Clone, Debug)]
pub(super) struct Mailer {
    mailer: mail::Mailer,
    /// Where people reach the panel.
    public_url: String,
}

impl Mailer {
    /// Letters that leave by `mailer`; `None` where nobody knows where the panel is.
    pub(super) fn new(mailer: mail::Mailer, config: &Config) -> Option<Self> {
        Some(Self { mailer, public_url: config.http.public_url.clone()? })
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
            .from(self.mailer.from().clone())
            .to(Mailbox::new(None, email.parse()?))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body)?;
        self.mailer.send(letter).await?;
        Ok(())
    }
}
