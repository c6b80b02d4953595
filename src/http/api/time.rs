//! Times as the API writes them.

use base::UnixMillis;
use time::{Date, Month, OffsetDateTime};

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
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("0", rest),
        Some(rest) => rest.split_at_checked(rest.find(|it: char| !it.is_ascii_digit())?)?,
    };
    if fraction.is_empty() {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let is_time =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    let in_day = i64::from(hour * 3600 + minute * 60 + second);
    let days = i64::from(date.to_julian_day() - EPOCH_JULIAN_DAY);
    let seconds = days * 86_400 + in_day - offset_s(zone)?;
    is_time.then_some(UnixMillis(seconds * 1000 + millis))
}

/// `Z`, `+03:00`
fn offset_s(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let [hours, minutes] = numbers(&zone[1..], ':')?;
    let is_offset = zone.len() == 6 && (0..24).contains(&hours) && (0..60).contains(&minutes);
    is_offset.then_some(sign * i64::from(hours * 3600 + minutes * 60))
}

/// Exactly so many numbers, with this between them.
fn numbers<const N: usize>(text: &str, between: char) -> Option<[i32; N]> {
    let is_number = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_digit());
    let parts: Vec<i32> = text
        .split(between)
        .map(|it| is_number(it).then(|| it.parse().ok()).flatten())
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// 1970-01-01
const EPOCH_JULIAN_DAY: i32 = 2_440_588;

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
