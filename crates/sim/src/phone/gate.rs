//! A carrier that wants to know who calls it: challenges of its own, and its own judgement of answers.

use super::digest;
use crate::wire::Heard;

/// What a phone asks of requests outside dialogs, and inside them if it is told to.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The one who may call.
    pub user: String,
    /// With this password.
    pub password: String,
    /// Whose users are asked for.
    pub realm: String,
    /// Whether it asks as a proxy does, with 407.
    pub is_proxy: bool,
    /// Whether it asks of requests inside dialogs, too.
    pub asks_inside: bool,
    /// One that asks once this one is content.
    pub further: Option<Box<Self>>,
    /// Whether this one is content with the request that came last.
    is_content: bool,
    /// How often it asked.
    pub challenges: u32,
    /// How often it was answered wrongly.
    pub refused: u32,
    /// CSeq, Call-ID and From tag of each INVITE or REGISTER that came, in order.
    pub seen: Vec<(u32, String, Option<String>)>,
}

impl Gate {
    /// Asks for a user of a realm, as a server does.
    pub fn new(user: &str, password: &str, realm: &str) -> Self {
        let [user, password, realm] = [user, password, realm].map(str::to_owned);
        Self {
            user,
            password,
            realm,
            is_proxy: false,
            asks_inside: false,
            further: None,
            is_content: false,
            challenges: 0,
            refused: 0,
            seen: Vec::new(),
        }
    }

    /// Whether a request may in; if not it is to be refused with [`Self::status`].
    pub(super) fn admits(&mut self, method: &str, request: &Heard) -> bool {
        self.seen.push((request.cseq().0, request.call_id(), request.from_tag()));
        let answer = request.value(self.answer_header());
        self.is_content = answer.as_ref().is_some_and(|it| digest::is_proof(it, method, self));
        self.refused += u32::from(answer.is_some() && !self.is_content);
        self.is_content && self.further.as_mut().is_none_or(|it| it.admits(method, request))
    }

    /// 401 or 407.
    pub(super) fn status(&self) -> u16 {
        match &self.further {
            Some(further) if self.is_content => further.status(),
            Some(_) | None if self.is_proxy => 407,
            Some(_) | None => 401,
        }
    }

    /// One more challenge.
    pub(super) fn challenge(&mut self) -> (&'static str, String) {
        if let (Some(further), true) = (&mut self.further, self.is_content) {
            return further.challenge();
        }
        self.challenges += 1;
        let name = if self.is_proxy { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        let (realm, nonce) = (&self.realm, self.nonce());
        let value =
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"");
        (name, value)
    }

    /// The nonce of the last challenge, which is good for one request.
    pub(super) fn nonce(&self) -> String {
        format!("nonce{}", self.challenges)
    }

    fn answer_header(&self) -> &'static str {
        if self.is_proxy { "Proxy-Authorization" } else { "Authorization" }
    }
}
