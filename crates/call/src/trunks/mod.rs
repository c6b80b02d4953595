//! What is done about trunks beside calls: they are asked whether they are there, and we register with
//! those that want it.
//!
//! One shard does that for all of them; the others read [`TrunkStates`].

mod health;
mod numbers;
mod rates;
mod registration;
mod requests;
mod states;

pub use numbers::TrunkNumbers;
pub(crate) use numbers::{ANONYMOUS, Presented, anonymous_uri};
pub use rates::Rates;
pub use states::{
    RegistrationState, TrunkFailure, TrunkHealth, TrunkNews, TrunkState, TrunkStates,
};

use crate::{
    directory::{Directory, Trunk},
    output::Output,
};
use base::Rng;
use health::{Change, Due, Health, is_sign_of_life};
use registration::{Answer, Ask, Held, Registration};
use requests::{Registering, Watched};
use sip::{ClientId, Endpoint, Response, Status};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

/// How long a trunk may take to hear that we leave; the switch does not stop before.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The shard that watches trunks.
pub(crate) const WATCHING_SHARD: u8 = 0;

/// Whoever watches the trunks. For each it waits for at most one OPTIONS and one REGISTER.
#[derive(Debug)]
pub(crate) struct Keeper {
    trunks: BTreeMap<String, Kept>,
    /// Whom each request under way asks, but for farewells.
    asked: HashMap<ClientId, (String, Errand)>,
    farewells: Vec<Farewell>,
    states: TrunkStates,
    /// Whether the switch stops, so that we register no more.
    is_leaving: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Errand {
    Health,
    Registration,
}

/// One trunk that is watched.
#[derive(Debug)]
struct Kept {
    watched: Watched,
    health: Option<Health>,
    registration: Option<Registration>,
    /// The OPTIONS that it has not answered.
    question: Option<ClientId>,
    /// The REGISTER that it has not answered.
    request: Option<Registering>,
    /// Where we were registered when somebody was told last.
    told: Option<Held>,
}

/// A trunk is told that we are there no more, whether it is still one or not.
#[derive(Debug)]
struct Farewell {
    request: Registering,
    /// When it is not waited for any longer.
    until: Instant,
}

/// The shard's parts, lent for one event.
pub(crate) struct Tools<'a> {
    pub(crate) now: Instant,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) rng: &'a mut Rng,
}

impl Keeper {
    /// Watches nothing yet.
    pub(crate) fn new(states: TrunkStates) -> Self {
        let (trunks, asked, farewells) = (BTreeMap::new(), HashMap::new(), Vec::new());
        Self { trunks, asked, farewells, states, is_leaving: false }
    }

    /// Who is to be watched. Those that are as they were go on as they do; those where we are registered
    /// no more are told.
    pub(crate) fn handle_directory(&mut self, tools: &mut Tools<'_>, directory: &Directory) {
        let mut before = std::mem::take(&mut self.trunks);
        for trunk in directory.trunks.values() {
            let watched = Watched::of(directory, trunk);
            let is_same = |it: &Kept| watched.as_ref() == Some(&it.watched);
            let mut kept = if before.get(&trunk.name).is_some_and(is_same) {
                before.remove(&trunk.name)
            } else {
                self.states.set(&trunk.name, TrunkState::new(trunk));
                watched.map(|it| Kept::new(tools.now, tools.rng, it))
            };
            if let Some(kept) = kept.as_mut().filter(|_| self.is_leaving) {
                kept.registration = None;
            }
            self.trunks.extend(kept.map(|it| (trunk.name.clone(), it)));
        }
        self.states.retain(|name| directory.trunks.contains_key(name));
        self.asked.retain(|client, (name, _)| {
            self.trunks.get(name).is_some_and(|it| it.waits_for(*client))
        });
        for left in before.values() {
            let Some(Held { at, .. }) = left.held() else { continue };
            if !self.trunks.values().any(|it| it.watched.takes_over(&left.watched, at)) {
                self.farewells.extend(Farewell::say(tools, &left.watched, at));
            }
        }
    }

    /// The switch stops: trunks are told that we are there no more, and we register no more.
    pub(crate) fn handle_drain(&mut self, tools: &mut Tools<'_>) {
        self.is_leaving = true;
        let Self { trunks, asked, farewells, states, .. } = self;
        for (name, kept) in trunks {
            let held = kept.held();
            kept.registration = None;
            if let Some(request) = kept.request.take() {
                asked.remove(&request.client);
            }
            let Some(Held { at, .. }) = held else { continue };
            farewells.extend(Farewell::say(tools, &kept.watched, at));
            states.change(name, |it| it.registration = RegistrationState::Lost);
        }
    }

    /// Whether some trunk was told that we are there no more, and has not said that it heard.
    pub(crate) fn is_leaving(&self) -> bool {
        !self.farewells.is_empty()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let farewells = self.farewells.iter().map(|it| it.until);
        self.trunks.values().filter_map(Kept::poll_timeout).chain(farewells).min()
    }

    /// Lets what is due happen.
    pub(crate) fn handle_timeout(&mut self, tools: &mut Tools<'_>) {
        let Self { trunks, asked, farewells, states, .. } = self;
        farewells.retain(|it| tools.now < it.until);
        for (name, kept) in trunks {
            match kept.health.as_mut().and_then(|it| it.handle_timeout(tools.now)) {
                Some(Due::Ask) => {
                    let client = tools.endpoint.request(tools.now, kept.watched.question());
                    kept.question = Some(client);
                    asked.insert(client, (name.clone(), Errand::Health));
                }
                Some(Due::Judged(change)) => {
                    if let Some(client) = kept.question.take() {
                        asked.remove(&client);
                    }
                    note_health_answer(states, name, None);
                    note_health(states, tools, name, change);
                }
                None => {}
            }
            let Some(registration) = &mut kept.registration else { continue };
            if registration.poll_timeout() <= tools.now {
                if kept.request.is_some() {
                    note_registration_failure(states, name, Some(TrunkFailure::Silent));
                }
                let ask = registration.handle_timeout(tools.now, tools.rng);
                kept.go_on(tools, asked, name, ask);
                kept.note_registration(states, tools, name);
            }
        }
    }

    /// A response to a request outside calls; `None` stands for none that will come. Whose request
    /// is not known, that of a call or one that was given up, is left alone.
    pub(crate) fn handle_response(
        &mut self,
        tools: &mut Tools<'_>,
        client: ClientId,
        response: Option<&Response>,
    ) {
        if response.is_some_and(|it| !it.status.is_final()) {
            return;
        }
        if self.hear_farewell(tools, client, response) {
            return;
        }
        let Self { trunks, asked, states, .. } = self;
        let Some((name, errand)) = asked.remove(&client) else { return };
        let Some(kept) = trunks.get_mut(&name) else { return };
        match errand {
            Errand::Health => {
                kept.question = None;
                let status = response.map(|it| it.status);
                note_health_answer(states, &name, status);
                let change = kept.health.as_mut().and_then(|it| it.handle_answer(status));
                note_health(states, tools, &name, change);
            }
            Errand::Registration => {
                if kept.sign(tools, asked, &name, response) {
                    return;
                }
                kept.request = None;
                let answer = kept.watched.answer(response);
                let is_granted = matches!(answer, Answer::Granted { .. });
                let failure = TrunkFailure::of(response.map(|it| it.status));
                note_registration_failure(states, &name, (!is_granted).then_some(failure));
                let Kept { registration: Some(registration), .. } = kept else { return };
                let ask = registration.handle_answer(tools.now, tools.rng, answer);
                if let Some(response) = response
                    && matches!(answer, Answer::Refused)
                {
                    let (name, status) = (name.clone(), response.status);
                    let news = TrunkNews::RegistrationRefused { status };
                    tools.outputs.push_back(Output::Trunk { name, news });
                }
                kept.go_on(tools, asked, &name, ask);
                kept.note_registration(states, tools, &name);
            }
        }
    }

    /// Whether that was about a trunk that we leave.
    fn hear_farewell(
        &mut self,
        tools: &mut Tools<'_>,
        client: ClientId,
        response: Option<&Response>,
    ) -> bool {
        let of = |it: &Farewell| it.request.client == client;
        let Some(at) = self.farewells.iter().position(of) else { return false };
        let request = &mut self.farewells[at].request;
        if !response.is_some_and(|it| request.sign(tools, it)) {
            self.farewells.swap_remove(at);
        }
        true
    }
}

impl Farewell {
    /// `None` to a trunk that could not know us.
    fn say(tools: &mut Tools<'_>, watched: &Watched, at: usize) -> Option<Self> {
        let request = watched.register(tools, Ask { destination: at, expires_s: 0 })?;
        Some(Self { request, until: tools.now + LEAVE_TIMEOUT })
    }
}

impl TrunkState {
    /// Before anything is known of it.
    fn new(trunk: &Trunk) -> Self {
        let health = trunk.health_interval.map_or(TrunkHealth::NotAsked, |_| TrunkHealth::Up);
        let registration = trunk
            .registration
            .as_ref()
            .map_or(RegistrationState::NotWanted, |_| RegistrationState::Lost);
        let domain = trunk.domain;
        Self { domain, health, registration, health_failure: None, registration_failure: None }
    }
}

impl Kept {
    fn new(now: Instant, rng: &mut Rng, watched: Watched) -> Self {
        let health = watched.health_interval.map(|it| Health::new(now, it, rng));
        let registration = watched
            .registration
            .as_ref()
            .map(|it| Registration::new(now, watched.hops.len(), it.expires_s));
        Self { watched, health, registration, question: None, request: None, told: None }
    }

    fn waits_for(&self, client: ClientId) -> bool {
        let request = self.request.as_ref().map(|it| it.client);
        [self.question, request].contains(&Some(client))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let health = self.health.as_ref().map(Health::poll_timeout);
        let registration = self.registration.as_ref().map(Registration::poll_timeout);
        health.into_iter().chain(registration).min()
    }

    /// Sends the REGISTER that is due. Whoever was asked before it is given up.
    fn go_on(
        &mut self,
        tools: &mut Tools<'_>,
        asked: &mut HashMap<ClientId, (String, Errand)>,
        name: &str,
        ask: Option<Ask>,
    ) {
        let Some(ask) = ask else { return };
        if let Some(before) = self.request.take() {
            asked.remove(&before.client);
        }
        self.request = self.watched.register(tools, ask);
        if let Some(request) = &self.request {
            asked.insert(request.client, (name.to_owned(), Errand::Registration));
        }
    }

    /// Sends a REGISTER that was challenged again, signed; false if that is none or cannot be.
    fn sign(
        &mut self,
        tools: &mut Tools<'_>,
        asked: &mut HashMap<ClientId, (String, Errand)>,
        name: &str,
        response: Option<&Response>,
    ) -> bool {
        let (Some(response), Some(request)) = (response, &mut self.request) else { return false };
        let is_signed = request.sign(tools, response);
        if is_signed {
            asked.insert(request.client, (name.to_owned(), Errand::Registration));
        }
        is_signed
    }

    /// Where we are registered, if we are.
    fn held(&self) -> Option<Held> {
        self.registration.as_ref().and_then(Registration::held)
    }

    /// Tells if we are registered now and were not, or the other way round, or elsewhere.
    fn note_registration(&mut self, states: &TrunkStates, tools: &mut Tools<'_>, name: &str) {
        let held = self.held();
        let at = |held: Option<Held>| held.map(|it| it.at);
        let is_news = at(held) != at(self.told);
        self.told = held;
        if !is_news {
            return;
        }
        let hop = held.and_then(|it| self.watched.hops.get(it.at)).cloned();
        let news = match &hop {
            Some(hop) => TrunkNews::Registered { at: hop.clone() },
            None => TrunkNews::RegistrationLost,
        };
        let state = hop.map_or(RegistrationState::Lost, RegistrationState::At);
        states.change(name, |it| it.registration = state);
        tools.outputs.push_back(Output::Trunk { name: name.to_owned(), news });
    }
}

/// What an answer to OPTIONS, or that none came, says of the trunk.
fn note_health_answer(states: &TrunkStates, name: &str, answer: Option<Status>) {
    let failure = (!is_sign_of_life(answer)).then_some(TrunkFailure::of(answer));
    states.change(name, |it| it.health_failure = failure);
}

fn note_registration_failure(states: &TrunkStates, name: &str, failure: Option<TrunkFailure>) {
    states.change(name, |it| it.registration_failure = failure);
}

fn note_health(states: &TrunkStates, tools: &mut Tools<'_>, name: &str, change: Option<Change>) {
    let (health, news) = match change {
        Some(Change::Up) => (TrunkHealth::Up, TrunkNews::Up),
        Some(Change::Down) => (TrunkHealth::Down, TrunkNews::Down),
        None => return,
    };
    states.change(name, |it| it.health = health);
    tools.outputs.push_back(Output::Trunk { name: name.to_owned(), news });
}

/// Whether there is anything to do about a trunk beside its calls.
fn is_watched(trunk: &Trunk) -> bool {
    trunk.health_interval.is_some() || trunk.registration.is_some()
}
