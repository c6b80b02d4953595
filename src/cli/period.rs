//! From when to when, by whose clock, and of which domain.

use crate::{http::api::time, store::Store};
use base::{DomainId, UnixMillis};
use call::dialplan::Zone;
use clap::Args;

/// Which part of the journal.
#[derive(Clone, Debug, Default, Args)]
pub struct Period {
    /// From this time on: 2026-11-27, "2026-11-27 14:30" or as RFC 3339 writes it
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to this time, which is not included
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// By whose clock days and hours are, by its name in the IANA database
    #[arg(long, value_name = "NAME", default_value = "UTC", value_parser = zone)]
    pub time_zone: Zone,
    /// Of this domain only, by its name or its id
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
}

/// What is no time.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is no time: write 2026-11-27, \"2026-11-27 14:30\" or, as RFC 3339 does, \
     2026-11-27T14:30:00+03:00"
)]
pub struct NoTime(String);

impl Period {
    /// Its first moment, and the one behind its last.
    pub fn ends(&self) -> Result<[Option<UnixMillis>; 2], NoTime> {
        let read = |text: &Option<String>| text.as_deref().map(|it| self.moment(it)).transpose();
        Ok([read(&self.from)?, read(&self.to)?])
    }

    fn moment(&self, text: &str) -> Result<UnixMillis, NoTime> {
        let text = text.trim();
        let midnight = format!("{text} 00:00");
        time::parse(text)
            .or_else(|| self.time_zone.moment(text))
            .or_else(|| self.time_zone.moment(&midnight))
            .ok_or_else(|| NoTime(text.to_owned()))
    }

    /// The id of its domain. Only a name is looked up in the database, which `open` opens then.
    pub async fn domain_id<E>(
        &self,
        open: impl AsyncFnOnce() -> Result<Store, E>,
    ) -> anyhow::Result<Option<DomainId>>
    where
        anyhow::Error: From<E>,
    {
        let Some(domain) = &self.domain else { return Ok(None) };
        if let Ok(id) = domain.parse() {
            return Ok(Some(id));
        }
        let store = open().await?;
        let found = store.require_domain(domain).await;
        store.close().await;
        Ok(Some(found?.id))
    }
}

fn zone(name: &str) -> Result<Zone, String> {
    let advice = "write a name of the IANA database, like Europe/Moscow";
    Zone::named(name).ok_or_else(|| advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_of_day_are_those_of_the_zone() {
        let period = |from: &str| Period {
            from: Some(from.to_owned()),
            time_zone: Zone::named("Europe/Moscow").unwrap(),
            ..Period::default()
        };
        let at = UnixMillis(1_795_726_800_000);
        for text in ["2026-11-27", "2026-11-27 00:00", "2026-11-26T21:00:00Z"] {
            assert_eq!(period(text).ends(), Ok([Some(at), None]), "{text}");
        }
        for nonsense in ["yesterday", "2026-13-01", "2026-11-27 25:00", ""] {
            let error = period(nonsense).ends().unwrap_err();
            assert!(error.to_string().contains("2026-11-27"), "{error}");
        }
    }
}
