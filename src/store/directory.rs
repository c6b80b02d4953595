//! The snapshot that call logic works from.

use super::{Store, StoreError};
use crate::config;
use call::{Directory, Domain, Trunk};

/// A trunk of the configuration whose domain the database does not have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("trunk {trunk:?} is left out: there is no domain {domain:?}")]
pub struct UnknownTrunkDomain {
    /// The trunk.
    pub trunk: String,
    /// Its domain.
    pub domain: String,
}

impl Store {
    /// Everything the call logic must know by heart: domains and extensions of the database with
    /// the trunks of the configuration. Trunks of unknown domains are left out and named.
    pub async fn load_directory(
        &self,
        trunks: &[config::Trunk],
    ) -> Result<(Directory, Vec<UnknownTrunkDomain>), StoreError> {
        let mut directory = Directory::default();
        for row in self.list_domains().await? {
            let names = row.aliases.into_iter().chain([row.name.clone()]);
            directory.domain_names.extend(names.map(|name| (name, row.id)));
            directory.domains.insert(row.id, Domain { id: row.id, name: row.name });
        }
        for row in self.list_extensions().await? {
            let key = (row.extension.domain, row.extension.number.clone());
            directory.extensions.insert(key, row.extension);
        }
        let mut unknown = Vec::new();
        for trunk in trunks {
            match directory.domain_names.get(&trunk.domain) {
                Some(&domain) => {
                    directory.trunks.insert(trunk.name.clone(), checked(trunk, domain));
                }
                None => unknown.push(UnknownTrunkDomain {
                    trunk: trunk.name.clone(),
                    domain: trunk.domain.clone(),
                }),
            }
        }
        Ok((directory, unknown))
    }
}

fn checked(trunk: &config::Trunk, domain: base::DomainId) -> Trunk {
    Trunk {
        name: trunk.name.clone(),
        domain,
        destination: trunk.destination.clone(),
        sources: trunk.sources.clone(),
        source_port: trunk.source_port,
    }
}
