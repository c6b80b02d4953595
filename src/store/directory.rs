//! The snapshot that call logic works from.

use super::{DomainRow, ExtensionRow, Store, StoreError, TrunkRow, rights::Right};
use crate::config::{self, Config};
use base::{DomainId, TrunkId};
use call::{Directory, Domain, Trunk, screening::CallerLists};
use std::collections::{BTreeSet, HashMap};

/// A snapshot, and what was found on the way to it.
#[derive(Debug, Default)]
pub struct LoadedDirectory {
    /// For call logic.
    pub directory: Directory,
    /// What dialplans may name: all trunks, also those that calls do not go through.
    pub trunk_names: BTreeSet<String>,
    /// Trunks that calls do not go through, though nobody disabled them.
    pub left_out: Vec<LeftOut>,
}

/// A trunk that calls do not go through.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("trunk {name:?} is left out: {reason}")]
pub struct LeftOut {
    /// Its id; `None` for one of the configuration file.
    pub id: Option<TrunkId>,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why calls do not go through a trunk.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LeftOutReason {
    /// The database does not have its domain.
    #[error("there is no domain {0:?}")]
    UnknownDomain(String),
    /// The configuration file has one of that name.
    #[error("the configuration file has one of that name")]
    NameTaken,
    /// Requests of both could not be told apart.
    #[error("it shares an address with trunk {0:?}")]
    SourceTaken(String),
    /// Another trunk of its domain signs in as the same user.
    #[error("it signs in as the same user as trunk {0:?}")]
    LoginTaken(String),
    /// It is not as this version wants it.
    #[error("{}", .0.iter().map(|it| format!("{}: {it}", it.field)).collect::<Vec<_>>().join("; "))]
    Malformed(Vec<config::TrunkMistake>),
}

impl Store {
    /// Everything the call logic must know by heart: domains, extensions and supervisors of the
    /// database, trunks and rules for calls out of the configuration and, as far as these leave room
    /// for them, the trunks of the database.
    pub async fn load_directory(&self, config: &Config) -> Result<LoadedDirectory, StoreError> {
        let Config { trunks: file, outbound, .. } = config;
        let mut directory = Directory { outbound: outbound.clone(), ..Directory::default() };
        let domains = self.list_domains().await?;
        for row in &domains {
            directory.domain_names.extend(row.names().map(|name| (name.to_owned(), row.id)));
            directory.domains.insert(row.id, Domain { id: row.id, name: row.name.clone() });
        }
        let hold_music: HashMap<_, _> =
            domains.iter().filter_map(|row| Some((row.id, row.hold_music.clone()?))).collect();
        for ExtensionRow { mut extension, .. } in self.list_extensions().await? {
            let of_domain = hold_music.get(&extension.domain);
            extension.media.hold_music = extension.media.hold_music.or(of_domain.cloned());
            let key = (extension.domain, extension.number.clone());
            directory.extensions.insert(key, extension);
        }
        directory.callers = CallerLists::new(outbound, self.caller_lists().await?);
        for row in self.list_workplaces().await? {
            directory.workplaces.sign_in(row.domain, &row.visitor_number, &row.place_number);
        }
        directory.supervisors = self.users_with(Right::CallSupervise).await?;
        let rows = self.list_trunks().await?;
        let file_names = file.iter().map(|it| &it.name);
        let trunk_names = rows.iter().map(|it| &it.draft.text.name).chain(file_names).cloned();
        let trunk_names = trunk_names.collect();
        let (trunks, left_out) = trunks_in_force(file, rows, &domains);
        for mut trunk in trunks {
            trunk.media.hold_music = hold_music.get(&trunk.domain).cloned();
            trunk.rates = std::mem::take(&mut trunk.rates).in_notation_of(outbound);
            directory.trunks.insert(trunk.name.clone(), trunk);
        }
        for trunk in directory.index_trunk_logins() {
            tracing::error!(
                trunk,
                "the trunk cannot sign in: a line or another trunk of its domain is called like its \
                 inbound_user; give it another"
            );
        }
        Ok(LoadedDirectory { directory, trunk_names, left_out })
    }
}

/// The trunks that calls go through. A file that somebody edits may get in the way of rows that
/// were right when they were made: the file wins.
pub fn trunks_in_force(
    file: &[config::Trunk],
    rows: Vec<TrunkRow>,
    domains: &[DomainRow],
) -> (Vec<Trunk>, Vec<LeftOut>) {
    let names: HashMap<_, _> =
        domains.iter().flat_map(|row| row.names().map(|name| (name, row.id))).collect();
    let mut placed: Vec<(config::Trunk, DomainId)> = Vec::new();
    let mut left_out = Vec::new();
    for trunk in file {
        match names.get(trunk.domain.as_str()) {
            Some(&domain) => placed.push((trunk.clone(), domain)),
            None => left_out.push(LeftOut {
                id: None,
                name: trunk.name.clone(),
                reason: LeftOutReason::UnknownDomain(trunk.domain.clone()),
            }),
        }
    }
    for row in rows.into_iter().filter(|it| it.draft.is_enabled) {
        let (id, name) = (Some(row.id), row.draft.text.name.clone());
        match fit(row.draft.text, row.domain, file, &placed) {
            Ok(trunk) => placed.push((trunk, row.domain)),
            Err(reason) => left_out.push(LeftOut { id, name, reason }),
        }
    }
    let in_force = placed.into_iter().map(|(trunk, domain)| Trunk { domain, link: trunk.link });
    (in_force.collect(), left_out)
}

/// A row's trunk, if it does not get in the way of others.
fn fit(
    text: config::TrunkText,
    domain: DomainId,
    file: &[config::Trunk],
    placed: &[(config::Trunk, DomainId)],
) -> Result<config::Trunk, LeftOutReason> {
    if file.iter().any(|it| it.name == text.name) {
        return Err(LeftOutReason::NameTaken);
    }
    let trunk = text.check("").map_err(LeftOutReason::Malformed)?;
    let mut of_domain = placed.iter().filter(|(_, it)| *it == domain).map(|(it, _)| it);
    if let Some(other) = of_domain.find(|it| it.shares_login(&trunk)) {
        return Err(LeftOutReason::LoginTaken(other.name.clone()));
    }
    match trunk.rival(placed.iter().map(|(it, _)| it)) {
        Some(rival) => Err(LeftOutReason::SourceTaken(rival.name.clone())),
        None => Ok(trunk),
    }
}
