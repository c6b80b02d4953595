//! What the administrator of the city changes while calls go on.

use crate::{
    city::City,
    plot::{self, DOMAIN},
};
use base::{DomainId, UnixMillis};
use call::{
    Directory, Domain, Extension, Trunk,
    outbound::OutboundRules,
    screening::{CallerList, CallerLists, CallerPattern, ListOwner},
};
use sip::digest::Ha1;
use std::sync::Arc;

impl City {
    /// Somebody takes an extension away.
    pub fn remove_extension(&mut self, number: &str) {
        self.change_directory(|it| it.extensions.retain(|(_, it), _| it != number));
    }

    /// Another tenant comes, without extensions yet.
    pub fn add_domain(&mut self, name: &str) {
        let domain =
            Domain { id: DomainId::new(UnixMillis(0), &mut self.rng), name: name.to_owned() };
        self.change_directory(|it| {
            it.domain_names.insert(domain.name.clone(), domain.id);
            it.domains.insert(domain.id, domain);
        });
    }

    /// Somebody gives an extension another password.
    pub fn set_password(&mut self, number: &str, password: &str) {
        self.change_directory(|it| {
            for extension in it.extensions.values_mut().filter(|it| it.number == number) {
                extension.ha1 = Ha1::of_password(number, DOMAIN, password);
            }
        });
    }

    /// Lets an extension call these classes of numbers, and no others.
    pub fn set_outbound_classes(&mut self, number: &str, classes: &[&str]) {
        self.change_directory(|it| {
            for extension in it.extensions.values_mut().filter(|it| it.number == number) {
                extension.outbound.classes = classes.iter().map(|it| (*it).to_owned()).collect();
            }
        });
    }

    pub(crate) fn change_directory(&mut self, change: impl FnOnce(&mut Directory)) {
        self.tell_of_directory(change);
        self.settle_step();
    }

    pub(crate) fn tell_of_directory(&mut self, change: impl FnOnce(&mut Directory)) {
        let mut directory = plot::copy(&self.directory);
        change(&mut directory);
        directory.index_trunk_logins();
        self.directory = Arc::new(directory);
        let now = self.now();
        self.desk.handle_directory(now.unix, Arc::clone(&self.directory));
        self.texts.handle_workplaces(now.instant, self.directory.workplaces.clone());
        for shard in &mut self.shards {
            shard.handle_directory(now, Arc::clone(&self.directory));
        }
    }

    /// Sets something else for a trunk, from now on.
    pub fn change_trunk(&mut self, name: &str, change: impl FnOnce(&mut Trunk)) {
        self.change_directory(|it| change(it.trunks.get_mut(name).expect("the trunk is there")));
    }

    /// Somebody takes a trunk away.
    pub fn remove_trunk(&mut self, name: &str) {
        self.change_directory(|it| it.trunks.retain(|it, _| it != name));
    }

    /// Sets something else for an extension, from now on.
    pub fn change_line(&mut self, number: &str, change: impl Fn(&mut Extension)) {
        self.change_directory(|it| {
            it.extensions.values_mut().filter(|it| it.number == number).for_each(change);
        });
    }

    /// From now on, nobody is listed but in this list: of a line, or of the domain.
    pub fn set_caller_list(&mut self, line: Option<&str>, blocked: &[&str], allowed: &[&str]) {
        let read = |texts: &[&str]| {
            texts.iter().map(|it| CallerPattern::parse(it).expect("it means somebody")).collect()
        };
        let list = CallerList { blocked: read(blocked), allowed: read(allowed) };
        self.change_directory(|it| {
            let domain = it.domain_names[DOMAIN];
            let owner = line.map_or(ListOwner::Domain(domain), |number| {
                ListOwner::Line(it.extension(domain, number).expect("the line is there").id)
            });
            it.callers = CallerLists::new(&it.outbound, [(owner, list)]);
        });
    }

    /// Other rules hold for calls out, from now on.
    pub fn set_outbound_rules(&mut self, rules: OutboundRules) {
        self.change_directory(|it| it.outbound = rules);
    }
}
