//! When something was sent, as a Date header says it.

use base::UnixMillis;

/// The value of a Date header (RFC 3261 section 20.17): `Sat, 13 Nov 2010 23:29:00 GMT`.
pub(super) fn date_value(at: UnixMillis) -> String {
    let seconds = at.0.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    let (year, month, day) = civil(days);
    // 1 January 1970 was a Thursday.
    let weekday = WEEKDAYS[(days + 3).rem_euclid(7) as usize];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let month = MONTHS[month];
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Year, month from 0 and day of the month, of a count of days since 1970 in the Gregorian calendar.
/// Years begin in March here, so that a leap day is a year's last.
fn civil(days: i64) -> (i64, usize, i64) {
    let since_year_0 = days + DAYS_FROM_MARCH_OF_YEAR_0;
    let era = since_year_0.div_euclid(DAYS_OF_ERA);
    let day_of_era = since_year_0.rem_euclid(DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let is_next_year = month < 2;
    (era * 400 + year_of_era + i64::from(is_next_year), month as usize, day)
}

const DAY_S: i64 = 86_400;
/// 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;
const DAYS_FROM_MARCH_OF_YEAR_0: i64 = 719_468;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_289_690_940, "Sat, 13 Nov 2010 23:29:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] {
            assert_eq!(date_value(UnixMillis(seconds * 1000)), date);
        }
    }
}
