//! Times as people's programs are told them.

use base::UnixMillis;
use serde::{Serialize, Serializer};
use std::fmt;
use time::OffsetDateTime;

/// A moment, written as RFC 3339 in UTC with milliseconds: `2026-01-31T09:05:07.042Z`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Stamp(pub UnixMillis);

impl From<UnixMillis> for Stamp {
    fn from(at: UnixMillis) -> Self {
        Self(at)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp(self.0.0.div_euclid(1000));
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        let (hour, minute, second) = at.to_hms();
        let millis = self.0.0.rem_euclid(1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_utc_with_milliseconds() {
        assert_eq!(Stamp(UnixMillis(0)).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Stamp(UnixMillis(1_769_850_307_042)).to_string(), "2026-01-31T09:05:07.042Z");
        assert_eq!(Stamp(UnixMillis(-1)).to_string(), "1969-12-31T23:59:59.999Z");
    }
}
