//! A registrar in memory: the rules of `sip::bindings`, without a database.

use base::{DomainId, UnixMillis};
use call::{
    Contact, Locator,
    registration::{RegistrationOutcome, RegistrationReply, RegistrationRequest},
    subscriptions::Registrations,
};
use sip::{
    FlowId,
    bindings::{Aor, Binding, BindingPolicy, apply, reply_headers},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All bindings. Cloning shares them: the city commits, the shards look up.
#[derive(Clone, Debug, Default)]
pub struct Registrar(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: UnixMillis,
    bindings: HashMap<Aor, Vec<Binding>>,
}

impl Registrar {
    pub(crate) fn set_now(&self, now: UnixMillis) {
        self.lock().now = now;
    }

    /// Commits a REGISTER and answers it.
    pub(crate) fn handle(
        &self,
        request: &RegistrationRequest,
        policy: &BindingPolicy,
    ) -> RegistrationReply {
        let mut state = self.lock();
        let now = state.now;
        let bindings = state.bindings.entry(request.aor.clone()).or_default();
        let outcome = match apply(bindings, &request.aor, &request.register, policy, now) {
            Ok(change) => {
                let headers = reply_headers(&change.bound, &request.register, now);
                *bindings = change.bound;
                RegistrationOutcome::Bound { headers }
            }
            Err(refusal) => RegistrationOutcome::Refused(refusal),
        };
        RegistrationReply { ticket: request.ticket, outcome }
    }

    /// A connection was closed.
    pub(crate) fn close_flow(&self, flow: FlowId) {
        for binding in self.lock().bindings.values_mut().flatten() {
            if binding.received.flow == Some(flow) {
                binding.received.flow = None;
            }
        }
    }

    /// Live bindings of all.
    pub fn live(&self) -> usize {
        let state = self.lock();
        state.bindings.values().flatten().filter(|it| !it.is_expired(state.now)).count()
    }

    /// Binds what no REGISTER brought.
    pub fn plant(&self, binding: Binding) {
        self.lock().bindings.entry(binding.aor.clone()).or_default().push(binding);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registrations for Registrar {
    fn bindings(&self, aor: &Aor) -> Arc<[Binding]> {
        let state = self.lock();
        let bindings = state.bindings.get(aor).into_iter().flatten();
        bindings.filter(|it| !it.is_expired(state.now)).cloned().collect()
    }
}

impl Locator for Registrar {
    fn contacts(&self, domain: DomainId, number: &str) -> Vec<Contact> {
        let state = self.lock();
        let aor = Aor { domain, user: number.to_owned() };
        let bindings = state.bindings.get(&aor).into_iter().flatten();
        bindings
            .filter(|it| !it.is_expired(state.now))
            .filter_map(|it| {
                Some(Contact {
                    uri: it.contact.clone(),
                    destination: it.destination()?,
                    path: it.path.clone(),
                    q_per_mille: it.q_per_mille,
                    user_agent: it.user_agent.clone(),
                })
            })
            .collect()
    }
}
