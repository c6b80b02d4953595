//! Times as the API writes them.

use base::UnixMillis;
use time::OffsetDateTime;

/// RFC 3339, UTC, with milliseconds: `2025-11-17T16:38:51.250Z`.
pub fn rfc3339(at: UnixMillis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (moment.date(), moment.to_hms());
    let millis = at.0.rem_euclid(1000);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_millisecond() {
        assert_eq!(rfc3339(UnixMillis(1_763_397_531_250)), "2025-11-17T16:38:51.250Z");
        assert_eq!(rfc3339(UnixMillis(-1)), "1969-12-31T23:59:59.999Z");
    }
}
