//! When a plan's hours are: days of the week, times of the day, holidays, by the clock of a place.

use crate::speech::{ClockTime, Date};
use base::UnixMillis;
use chrono::{DateTime, Datelike, NaiveDateTime, Offset as _, Timelike, Weekday};
use chrono_tz::Tz;
use std::{fmt, str::FromStr};

/// Hours that have a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) zone: Zone,
    /// When it is open; one of them is enough.
    pub(super) open: Vec<Hours>,
    /// When it is closed all the same.
    pub(super) closed: Vec<Days>,
}

/// Whose clocks and calendars count, by its name in the IANA database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Zone(Tz);

/// Where clocks show universal time.
impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

/// Hours of some days of the week, like `mon-fri 09:00-18:00`. Those that end before they begin go
/// past midnight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hours {
    /// Days from Monday, 0 to 6.
    first: u8,
    last: u8,
    /// Minutes from midnight; the end is not among them.
    from: u16,
    to: u16,
}

/// Days of the calendar, like `2026-05-09`, `01-01` of every year, or `12-30..01-08`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Days {
    first: Day,
    last: Day,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Day {
    /// `None` for every year.
    year: Option<u16>,
    month: u8,
    day: u8,
}

impl Schedule {
    /// Whether it is open.
    pub(super) fn is_open(&self, at: UnixMillis) -> bool {
        let there = self.zone.at(at);
        let is_closed = self.closed.iter().any(|it| it.include(there));
        !is_closed && self.zone.is_within(&self.open, at)
    }
}

impl Zone {
    /// Where clocks show universal time.
    pub(super) const UTC: Self = Self(Tz::UTC);

    /// By its name; `None` if there is none like it.
    pub fn named(name: &str) -> Option<Self> {
        Tz::from_str(name).ok().map(Self)
    }

    /// Whether it is within some of these hours there.
    pub(crate) fn is_within(self, hours: &[Hours], at: UnixMillis) -> bool {
        let there = self.at(at);
        hours.iter().any(|it| it.include(there))
    }

    /// The day there, counted from 1970.
    pub(crate) fn day(self, at: UnixMillis) -> i64 {
        self.at(at).and_utc().timestamp().div_euclid(86_400)
    }

    /// When the hour there began in which this moment is.
    pub(crate) fn hour(self, at: UnixMillis) -> UnixMillis {
        let there = self.at(at);
        let into = i64::from(there.minute() * 60 + there.second()) * 1000;
        UnixMillis(at.0 - into - at.0.rem_euclid(1000))
    }

    /// A day that [`Self::day`] gave, as `2026-11-27`.
    pub(crate) fn name_of_day(day: i64) -> String {
        DateTime::from_timestamp(day.saturating_mul(86_400), 0)
            .unwrap_or_default()
            .date_naive()
            .to_string()
    }

    /// What clock and calendar show there, to the minute, and how far they are ahead:
    /// `2026-11-27T13:00+03:00`.
    pub(crate) fn name_of_minute(self, at: UnixMillis) -> String {
        let there =
            DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&self.0);
        let (date, ahead) = (there.date_naive(), there.offset().fix());
        format!("{date}T{:02}:{:02}{ahead}", there.hour(), there.minute())
    }

    /// The day there.
    pub(super) fn date(self, at: UnixMillis) -> Option<Date> {
        let there = self.at(at);
        Date::new(there.day() as u8, there.month() as u8, None)
    }

    /// The time of the day there.
    pub(super) fn time(self, at: UnixMillis) -> Option<ClockTime> {
        let there = self.at(at);
        ClockTime::new(there.hour() as u8, there.minute() as u8)
    }

    /// What clock and calendar show there; the epoch for moments that no calendar has.
    fn at(self, at: UnixMillis) -> NaiveDateTime {
        DateTime::from_timestamp_millis(at.0)
            .unwrap_or_default()
            .with_timezone(&self.0)
            .naive_local()
    }

    /// The moment at which clock and calendar show this there: `2026-11-27 12:00`.
    pub fn moment(self, text: &str) -> Option<UnixMillis> {
        let there = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?;
        let moment = there.and_local_timezone(self.0).earliest()?;
        Some(UnixMillis(moment.timestamp_millis()))
    }
}

impl Hours {
    /// Reads `mon-fri 09:00-18:00` or `sun 10:00-24:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (days, hours) = text.trim().split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, to) = hours.trim().split_once('-')?;
        let hours = Self {
            first: weekday(first)?,
            last: weekday(last)?,
            from: minutes(from)?,
            to: minutes(to)?,
        };
        (hours.from != hours.to).then_some(hours)
    }

    fn include(self, there: NaiveDateTime) -> bool {
        let day = there.weekday().num_days_from_monday() as u8;
        let minute = (there.hour() * 60 + there.minute()) as u16;
        if self.from < self.to {
            return self.is_on(day) && (self.from..self.to).contains(&minute);
        }
        let yesterday = (day + 6) % 7;
        (self.is_on(day) && minute >= self.from) || (self.is_on(yesterday) && minute < self.to)
    }

    fn is_on(self, day: u8) -> bool {
        if self.first <= self.last {
            (self.first..=self.last).contains(&day)
        } else {
            day >= self.first || day <= self.last
        }
    }
}

impl Days {
    /// Reads one day, or two with `..` between them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (Day::parse(first)?, Day::parse(last)?);
        let is_whole = match (first.year, last.year) {
            (None, None) => true,
            (Some(_), Some(_)) => first.key() <= last.key(),
            (None, Some(_)) | (Some(_), None) => false,
        };
        is_whole.then_some(Self { first, last })
    }

    fn include(self, there: NaiveDateTime) -> bool {
        let (month, day) = (there.month() as u8, there.day() as u8);
        let year = u16::try_from(there.year()).ok().filter(|_| self.first.year.is_some());
        let today = Day { year, month, day }.key();
        let (first, last) = (self.first.key(), self.last.key());
        if first <= last {
            (first..=last).contains(&today)
        } else {
            today >= first || today <= last
        }
    }
}

impl Day {
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let (year, month, day) = match *parts.as_slice() {
            [month, day] => (None, month, day),
            [year, month, day] => (Some(year.parse().ok()?), month, day),
            _ => return None,
        };
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        Date::new(day, month, year)?;
        Some(Self { year, month, day })
    }

    fn key(self) -> (Option<u16>, u8, u8) {
        (self.year, self.month, self.day)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

fn weekday(name: &str) -> Option<u8> {
    let day = Weekday::from_str(name).ok().filter(|_| name.len() == 3)?;
    Some(day.num_days_from_monday() as u8)
}

/// `09:00` in minutes from midnight; `24:00` is the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (hour <= 24 && minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_by_the_clock_of_their_place_with_its_changes() {
        let berlin = schedule("Europe/Berlin", &["mon-fri 09:00-18:00"], &[]);
        for (at, is_open) in [
            // Summer time, two hours ahead of UTC, and winter time, one.
            ("2026-07-27 07:00", true),
            ("2026-07-27 06:59", false),
            ("2026-07-27 16:00", false),
            ("2026-11-27 07:30", false),
            ("2026-11-27 08:00", true),
            ("2026-11-28 10:00", false),
        ] {
            assert_eq!(berlin.is_open(utc(at)), is_open, "{at}");
        }
    }

    #[test]
    fn a_night_and_a_weekend_go_on_past_their_end() {
        let night = schedule("UTC", &["fri-sun 22:00-06:00"], &[]);
        for (at, is_open) in [
            ("2026-11-27 23:00", true),
            ("2026-11-28 05:59", true),
            ("2026-11-28 06:00", false),
            // Monday before six still belongs to Sunday's night.
            ("2026-11-30 05:00", true),
            ("2026-11-30 22:00", false),
        ] {
            assert_eq!(night.is_open(utc(at)), is_open, "{at}");
        }
        let around = schedule("UTC", &["sat-mon 00:00-24:00"], &[]);
        let open = ["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01"]
            .map(|day| around.is_open(utc(&format!("{day} 12:00"))));
        assert_eq!(open, [true, true, true, false]);
    }

    #[test]
    fn holidays_close_what_hours_would_open() {
        let hours = ["mon-sun 00:00-24:00"];
        let work = schedule("UTC", &hours, &["12-30..01-08", "2026-05-09", "05-11"]);
        for (at, is_open) in [
            ("2026-12-29 12:00", true),
            ("2026-12-30 12:00", false),
            ("2027-01-08 23:59", false),
            ("2027-01-09 00:00", true),
            ("2026-05-09 12:00", false),
            ("2027-05-09 12:00", true),
            ("2027-05-11 12:00", false),
        ] {
            assert_eq!(work.is_open(utc(at)), is_open, "{at}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in
            ["mon", "mon-fri", "mo 09:00-10:00", "mon 9-10", "mon 09:00-09:00", "mon 24:01-25:00"]
        {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
        for text in ["", "5", "13-01", "02-30", "2026-05-09..05-10", "2026-05-10..2026-05-09"] {
            assert_eq!(Days::parse(text), None, "{text}");
        }
        assert!(Days::parse("02-29").is_some() && Zone::named("Mars/Olympus").is_none());
    }

    fn schedule(zone: &str, open: &[&str], closed: &[&str]) -> Schedule {
        Schedule {
            name: "work".to_owned(),
            zone: Zone::named(zone).unwrap(),
            open: open.iter().map(|it| Hours::parse(it).unwrap()).collect(),
            closed: closed.iter().map(|it| Days::parse(it).unwrap()).collect(),
        }
    }

    fn utc(text: &str) -> UnixMillis {
        Zone::UTC.moment(text).unwrap()
    }
}
