//! Times as the API writes them.

use base::UnixMillis;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339, UTC, with milliseconds: `2025-11-17T16:38:51.250Z`.
pub fn rfc3339(at: UnixMillis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (moment.date(), moment.to_hms());
    let millis = at.0.rem_euclid(1000);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads what RFC 3339 section 5.6 allows, up to the millisecond: `2025-11-17T19:38:51+03:00`.
pub fn parse(text: &str) -> Option<UnixMillis> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let millis = moment.unix_timestamp_nanos().div_euclid(NANOS_A_MILLI);
    Some(UnixMillis(i64::try_from(millis).ok()?))
}

const NANOS_A_MILLI: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_zone_and_nonsense_is_not() {
        let at = Some(UnixMillis(1_763_397_531_250));
        assert_eq!(parse("2025-11-17T16:38:51.250Z"), at);
        assert_eq!(parse("2025-11-17T16:38:51.2509Z"), at);
        assert_eq!(parse("2025-11-17T19:38:51.25+03:00"), at);
        assert_eq!(parse("2025-11-17 11:08:51.250-05:30"), at);
        assert_eq!(parse("1969-12-31T23:59:59Z"), Some(UnixMillis(-1000)));
        for nonsense in [
            "",
            "2025-11-17",
            "2025-11-17T16:38:51",
            "2025-13-17T16:38:51Z",
            "2025-02-29T00:00:00Z",
            "2025-11-17T24:00:00Z",
            "2025-11-17T16:38:51.Z",
            "2025-11-17T16:38:51+3",
            "2025-11-17T16:38:5éZ",
            "+025-11-17T16:38:51Z",
        ] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_time_is_written_to_the_millisecond() {
        assert_eq!(rfc3339(UnixMillis(1_763_397_531_250)), "2025-11-17T16:38:51.250Z");
        assert_eq!(rfc3339(UnixMillis(-1)), "1969-12-31T23:59:59.999Z");
    }
}
