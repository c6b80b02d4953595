//! Requests inside a dialog whose far end asks who sends them: they go out again with credentials, and
//! the layer above hears of the answer to that alone (RFC 3261 section 22.2).

use super::{Body, ClientId, DialogId, Endpoint, NoSuchDialog};
use crate::{
    dialog::{Dialog, DialogRecord, PeerLogin},
    digest::{Answers, Login},
    header::Header,
    message::{Method, Response},
    uri::Host,
};

/// What it takes to send a request inside a dialog again.
#[derive(Debug)]
pub(super) struct Repeat {
    dialog: DialogId,
    headers: Vec<Header>,
    body: Option<Body>,
    answers: Answers,
    /// The dialog, which the request, a BYE, has ended.
    ended: Option<Box<DialogRecord>>,
}

impl Repeat {
    pub(super) fn new(
        login: &Login,
        dialog: DialogId,
        headers: &[Header],
        body: Option<&Body>,
    ) -> Self {
        let (headers, body) = (headers.to_vec(), body.cloned());
        Self { dialog, headers, body, answers: Answers::of(login), ended: None }
    }
}

impl Endpoint {
    /// From now on requests of ours inside this dialog are signed with `login` where its far end asks
    /// for that, as long as they go to one of `hosts`; `None` for wherever the dialog leads. Nobody else
    /// ever sees what comes of it.
    pub fn sign_dialog(
        &mut self,
        dialog: DialogId,
        login: Login,
        hosts: Option<Vec<Host>>,
    ) -> Result<(), NoSuchDialog> {
        let inside = self.dialogs.get_mut(dialog).ok_or(NoSuchDialog)?;
        inside.login = Some(Box::new(PeerLogin { login, hosts }));
        Ok(())
    }

    /// Sends a BYE, and forgets the dialog but for what a challenge may need of it.
    pub(super) fn send_bye(
        &mut self,
        dialog: DialogId,
        client: ClientId,
        headers: &[Header],
        body: Option<&Body>,
    ) {
        self.send_in_dialog(dialog, client, Method::Bye, headers, body);
        if let Some(repeat) = self.clients.get_mut(client).and_then(|it| it.repeat.as_mut()) {
            repeat.ended = self.dialogs.get(dialog).map(|it| Box::new(it.record()));
        }
        self.end_dialog(dialog);
    }

    /// Answers a challenge of a request inside a dialog; false if the response is none, or cannot be
    /// answered. The request keeps its name.
    pub(super) fn answer_challenge(&mut self, id: ClientId, response: &Response) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let Some(repeat) = &mut client.repeat else { return false };
        if !repeat.answers.handle_challenge(response, &mut self.rng) {
            return false;
        }
        let uri = String::from_utf8_lossy(&client.request[client.parts.uri.clone()]).into_owned();
        let body = repeat.body.as_ref().map_or(&[][..], |it| &it.bytes);
        let credentials = repeat.answers.sign(&client.method, &uri, body);
        let (method, asked_by) = (client.method.clone(), client.to.host.clone());
        let Some(mut repeat) = client.repeat.take() else { return false };
        if let Some(record) = repeat.ended.take() {
            let Ok(mut dialog) = Dialog::restored(&record) else { return false };
            dialog.hop = record.hop;
            repeat.dialog = self.dialogs.insert(dialog);
        }
        // Where it leads elsewhere by now, nobody there has asked.
        if self.dialogs.get(repeat.dialog).is_none_or(|it| it.hop.host != asked_by) {
            return false;
        }
        let headers = [&repeat.headers[..], &credentials].concat();
        self.send_in_dialog(repeat.dialog, id, method.clone(), &headers, repeat.body.as_ref());
        if method == Method::Bye {
            repeat.ended = self.dialogs.get(repeat.dialog).map(|it| Box::new(it.record()));
            self.end_dialog(repeat.dialog);
        }
        if let Some(client) = self.clients.get_mut(id) {
            client.repeat = Some(repeat);
        }
        true
    }
}
