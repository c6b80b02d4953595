//! Days and times of the day as people say them.

/// A day of the Gregorian calendar, with or without its year.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Date {
    day: u8,
    month: u8,
    year: Option<u16>,
}

/// A time of the day, to the minute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockTime {
    hour: u8,
    minute: u8,
}

impl Date {
    /// A day from 1 of a month from 1; `None` if there is no such day, or if the year has no words:
    /// those from 1900 to 2099 do.
    pub fn new(day: u8, month: u8, year: Option<u16>) -> Option<Self> {
        if year.is_some_and(|it| !(1900..=2099).contains(&it)) {
            return None;
        }
        // Of these years only 1900 is divisible by 4 and has no 29 February.
        let is_leap = year.is_none_or(|it| it.is_multiple_of(4) && it != 1900);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { day, month, year })
    }

    /// Of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// From 1.
    pub fn month(self) -> u8 {
        self.month
    }

    /// If it is to be said.
    pub fn year(self) -> Option<u16> {
        self.year
    }
}

impl ClockTime {
    /// `None` if there is no such time.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }

    /// 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_days_as_the_calendar_has() {
        for year in 1900..=2099_u16 {
            let days = (1..=12).flat_map(|month| (1..=31).map(move |day| (day, month)));
            let count = days.filter(|(day, month)| Date::new(*day, *month, Some(year)).is_some());
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            assert_eq!(count.count(), if is_leap { 366 } else { 365 }, "{year}");
        }
        assert!(Date::new(29, 2, None).is_some());
        for (day, month, year) in [(0, 1, None), (30, 2, None), (1, 13, None), (1, 0, None)] {
            assert_eq!(Date::new(day, month, year), None, "{day}.{month}");
        }
        assert!([1899, 2100].into_iter().all(|year| Date::new(1, 1, Some(year)).is_none()));
    }

    #[test]
    fn a_day_has_1440_minutes() {
        let times = (0..=255).flat_map(|hour| (0..=255).map(move |minute| (hour, minute)));
        let count = times.filter(|(hour, minute)| ClockTime::new(*hour, *minute).is_some()).count();
        assert_eq!(count, 1440);
    }
}
