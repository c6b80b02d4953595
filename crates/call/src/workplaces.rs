//! Who sits where: extensions that are signed in at phones of other extensions.
//!
//! Whoever is signed in is the visitor, and the extension whose phones it uses is its workplace. A
//! visitor has one workplace, and a workplace one visitor; both are of one domain. Calls to the visitor
//! ring at its workplace, too, and what the phones of the workplace begin is the visitor's.

use base::DomainId;
use std::collections::HashMap;

/// All visitors and their workplaces, by their numbers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Workplaces {
    by_visitor: HashMap<(DomainId, String), String>,
    /// The same the other way round.
    by_place: HashMap<(DomainId, String), String>,
}

impl Workplaces {
    /// A visitor signs in: it leaves the workplace that it had, and whoever was there leaves, too. At its
    /// own phones it is signed in nowhere.
    pub fn sign_in(&mut self, domain: DomainId, visitor: &str, place: &str) {
        self.sign_out(domain, place);
        if let Some(before) = self.by_visitor.get(&(domain, visitor.to_owned())).cloned() {
            self.sign_out(domain, &before);
        }
        if visitor == place {
            return;
        }
        self.by_visitor.insert((domain, visitor.to_owned()), place.to_owned());
        self.by_place.insert((domain, place.to_owned()), visitor.to_owned());
    }

    /// Nobody is signed in at this workplace any more; gives who was.
    pub fn sign_out(&mut self, domain: DomainId, place: &str) -> Option<String> {
        let visitor = self.by_place.remove(&(domain, place.to_owned()))?;
        self.by_visitor.remove(&(domain, visitor.clone()));
        Some(visitor)
    }

    /// Where an extension is signed in.
    pub fn place_of(&self, domain: DomainId, visitor: &str) -> Option<&str> {
        self.by_visitor.get(&(domain, visitor.to_owned())).map(String::as_str)
    }

    /// Who is signed in at the phones of an extension.
    pub fn visitor_at(&self, domain: DomainId, place: &str) -> Option<&str> {
        self.by_place.get(&(domain, place.to_owned())).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn a_visitor_has_one_workplace_and_a_workplace_one_visitor() {
        let domain = DomainId::new(base::UnixMillis(0), &mut Rng::from_number(1));
        let mut places = Workplaces::default();

        places.sign_in(domain, "1001", "1190");
        places.sign_in(domain, "1001", "1191");
        assert_eq!(places.place_of(domain, "1001"), Some("1191"));
        assert_eq!(places.visitor_at(domain, "1190"), None);

        places.sign_in(domain, "1002", "1191");
        assert_eq!(places.visitor_at(domain, "1191"), Some("1002"));
        assert_eq!(places.place_of(domain, "1001"), None);

        places.sign_in(domain, "1002", "1002");
        assert_eq!(places, Workplaces::default());
        assert_eq!(places.sign_out(domain, "1191"), None);

        places.sign_in(domain, "1001", "1190");
        assert_eq!(places.sign_out(domain, "1190").as_deref(), Some("1001"));
        assert_eq!(places, Workplaces::default());
    }

    #[test]
    fn numbers_of_another_domain_are_others() {
        let mut rng = Rng::from_number(1);
        let [own, other] = [0, 1].map(|at| DomainId::new(base::UnixMillis(at), &mut rng));
        let mut places = Workplaces::default();

        places.sign_in(own, "1001", "1190");

        assert_eq!(places.visitor_at(other, "1190"), None);
        assert_eq!(places.place_of(other, "1001"), None);
    }
}
