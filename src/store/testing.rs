//! What tests of several rooms share.

use super::{NewExtension, Store};
use crate::config::{Config, Overrides, Secret};
use call::{MediaRules, outbound::LineOutbound};

/// A server's database and files, in a folder of their own that goes with this.
pub(crate) struct Home {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
}

impl Home {
    /// One with a configuration, as a file has it.
    pub(crate) async fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let overrides =
            Overrides { data_dir: Some(folder.path().to_owned()), ..Overrides::default() };
        let config = Config::parse(config, &overrides).unwrap();
        let store = Store::open(&config.store).await.unwrap();
        Self { config, store, folder }
    }
}

/// An extension with nothing about it but its number.
pub(crate) fn extension(number: &str) -> NewExtension {
    NewExtension {
        number: number.to_owned(),
        display_name: String::new(),
        password: Secret::new("a password"),
        calls_max: None,
        ring_timeout_s: 30,
        user: None,
        media: MediaRules::default(),
        outbound: LineOutbound::default(),
        may_sign_in: false,
    }
}
