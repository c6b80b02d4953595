//! Who sits where in the city, and what callers have changed of their lines.

use crate::city::City;
use call::{
    Extension,
    features::{FeatureRequest, LineOrder, LineVerdict},
    voicemail::{EnteredPin, PinVerdict},
};

impl City {
    /// An administrator ends it that somebody is signed in at a phone.
    pub fn end_visit(&mut self, place: &str) {
        self.change_directory(|it| {
            let domains: Vec<_> = it.domains.keys().copied().collect();
            for domain in domains {
                it.workplaces.sign_out(domain, place);
            }
        });
    }

    /// Who is signed in at a phone.
    pub fn visitor_at(&self, place: &str) -> Option<String> {
        let mut domains = self.directory.domains.keys();
        let visitor = domains.find_map(|it| self.directory.workplaces.visitor_at(*it, place));
        visitor.map(str::to_owned)
    }

    /// Does as a call wants, as the shell does: what is kept is in force before the call hears of it.
    pub(crate) fn obey_line_order(&mut self, request: &FeatureRequest) -> LineVerdict {
        let FeatureRequest { domain, extension, order, .. } = request;
        let is_it = |it: &&Extension| it.id == *extension;
        let Some(phone) = self.directory.extensions.values().find(is_it).cloned() else {
            return LineVerdict::NotKept;
        };
        match order {
            LineOrder::Feature(order) => self.tell_of_directory(|it| {
                if let Some(line) = it.extensions.get_mut(&(*domain, phone.number)) {
                    line.features.apply(order);
                }
            }),
            LineOrder::SignIn { number, pin } => return self.sign_in(&phone, number, pin),
            LineOrder::SignOut => self.tell_of_directory(|it| {
                it.workplaces.sign_out(*domain, &phone.number);
            }),
        }
        LineVerdict::Kept
    }

    fn sign_in(&mut self, phone: &Extension, number: &str, pin: &EnteredPin) -> LineVerdict {
        let Some(visitor) = self.directory.extension(phone.domain, number).cloned() else {
            return LineVerdict::Wrong;
        };
        match self.mailboxes.try_pin(visitor.id, pin) {
            PinVerdict::Right => {}
            PinVerdict::Wrong => return LineVerdict::Wrong,
            PinVerdict::LockedOut => return LineVerdict::LockedOut,
        }
        if visitor.id != phone.id && !visitor.may_sign_in {
            return LineVerdict::NotAllowed;
        }
        self.tell_of_directory(|it| {
            it.workplaces.sign_in(phone.domain, number, &phone.number);
        });
        LineVerdict::Kept
    }
}
