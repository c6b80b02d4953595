//! Where everybody is now: what the shards read while the registrar writes.

use base::DomainId;
use call::{
    directory::{Contact, Locator},
    subscriptions::Registrations,
};
use dashmap::{DashMap, mapref::multiple::RefMulti};
use sip::{
    Uri,
    bindings::{Aor, Binding},
};
use std::sync::Arc;

/// The live bindings of every address of record; clones share them.
///
/// A read locks one stripe of the map for as long as it takes to count up an `Arc`.
#[derive(Clone, Debug, Default)]
pub struct Locations(Arc<DashMap<Aor, Arc<[Binding]>>>);

impl Locations {
    /// What is bound to an address of record, highest q first, reachable or not.
    pub fn bindings(&self, aor: &Aor) -> Arc<[Binding]> {
        self.0.get(aor).map_or_else(|| Arc::from([]), |it| Arc::clone(&it))
    }

    /// What is bound to each address of record of a domain, reachable or not.
    pub fn of_domain(&self, domain: DomainId) -> Vec<Arc<[Binding]>> {
        let is_its = |it: &RefMulti<'_, Aor, Arc<[Binding]>>| it.key().domain == domain;
        self.0.iter().filter(is_its).map(|it| Arc::clone(&it)).collect()
    }

    /// How many addresses of record have a binding.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is registered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces what is bound to an address of record.
    pub(super) fn publish(&self, aor: &Aor, bindings: &[Binding]) {
        if bindings.is_empty() {
            self.0.remove(aor);
        } else {
            self.0.insert(aor.clone(), Arc::from(bindings));
        }
    }
}

impl Locator for Locations {
    fn contacts(&self, domain: DomainId, number: &str) -> Vec<Contact> {
        let bindings = self.bindings(&Aor { domain, user: number.to_owned() });
        bindings.iter().filter_map(contact).collect()
    }
}

impl Registrations for Locations {
    fn bindings(&self, aor: &Aor) -> Arc<[Binding]> {
        Self::bindings(self, aor)
    }
}

/// `None` for a binding that cannot be reached.
fn contact(binding: &Binding) -> Option<Contact> {
    Some(Contact {
        // A Request-URI has no headers part, RFC 3261 section 19.1.1.
        uri: Uri { headers: None, ..binding.contact.clone() },
        destination: binding.destination()?,
        path: binding.path.clone(),
        q_per_mille: binding.q_per_mille,
        user_agent: binding.user_agent.clone(),
    })
}
