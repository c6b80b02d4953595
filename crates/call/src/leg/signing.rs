//! What answers a trunk that asks inside a call of its own who sends our requests.

use super::Leg;
use crate::{context::Context, directory::TrunkLink};
use sip::{DialogId, Host, digest::Login};

/// Credentials of a trunk, and where it is: nobody else sees what comes of them.
#[derive(Clone, Debug)]
pub(crate) struct TrunkLogin {
    login: Login,
    hosts: Vec<Host>,
}

impl TrunkLogin {
    /// `None` for a trunk that has no credentials.
    pub(crate) fn of(trunk: &TrunkLink) -> Option<Self> {
        let login = trunk.login.clone()?;
        let fallbacks = trunk.registration.iter().flat_map(|it| &it.fallbacks);
        let destinations = std::iter::once(&trunk.destination).chain(fallbacks);
        let hosts = destinations
            .map(|it| it.host.clone())
            .chain(trunk.sources.iter().map(|it| Host::Ip(*it)))
            .collect();
        Some(Self { login, hosts })
    }
}

impl Leg {
    /// The far end, a trunk that calls us, may ask for these once its call is answered.
    pub(crate) fn expect_challenges(&mut self, login: Option<TrunkLogin>) {
        self.trunk_login = login.map(Box::new);
    }

    /// Its dialog stands.
    pub(super) fn sign_inside(&mut self, ctx: &mut Context<'_>, dialog: DialogId) {
        if let Some(it) = self.trunk_login.take() {
            let TrunkLogin { login, hosts } = *it;
            // The dialog is there: our 2xx has just opened it.
            let _ = ctx.endpoint.sign_dialog(dialog, login, Some(hosts));
        }
    }
}
