//! Partial dates as ranges of days, and comparisons that may answer "unknown".
//!
//! Clinical source: date and logic conventions of the clinical reference (civil dates, no time zone; a partial
//! date is an interval; `lt_months` clamps to the month's end; exactly k months is not "less than k").

use std::{fmt, str::FromStr};

use chrono::{Datelike, Days, Months, NaiveDate};

use super::truth::Truth;

/// Years a date of a patient record may lie in. Outside of it a date is a slip, not a fact.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2999;

/// One civil day of which perhaps only the month, the year or bounds are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// The day is known.
    Day(NaiveDate),
    /// Only the month is known; holds its first day.
    Month(NaiveDate),
    /// Only the year is known; holds its first day.
    Year(NaiveDate),
    /// Some day not before this one.
    NotBefore(NaiveDate),
    /// Some day not after this one.
    NotAfter(NaiveDate),
    /// Some day within these bounds, both included; the first is not after the second.
    Within(Bounds),
}

/// Two days in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    earliest: NaiveDate,
    latest: NaiveDate,
}

/// Why a text is not a partial date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The text has none of the accepted forms.
    #[error("`{0}` is not a date; write YYYY-MM-DD, YYYY-MM, YYYY or [YYYY-MM-DD..YYYY-MM-DD]")]
    Form(String),
    /// The calendar has no such day or month.
    #[error("`{0}` is not in the calendar; correct the day or month, or give only what is known (YYYY-MM)")]
    NotInCalendar(String),
    /// The year is outside 1800 to 2999.
    #[error("the year of `{0}` is outside 1800 to 2999; correct the year")]
    Year(String),
    /// The first bound lies after the second.
    #[error("the bounds of `{0}` are out of order; write the earlier day first")]
    Order(String),
    /// Neither bound is given.
    #[error("`{0}` has no bound; use null for a date that is not known at all")]
    NoBound(String),
}

impl PartialDate {
    /// A date known to the day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self::Day(day)
    }

    /// A day within two bounds given in any order; one day where they are equal.
    #[must_use]
    pub fn within(one: NaiveDate, other: NaiveDate) -> Self {
        if one == other {
            return Self::Day(one);
        }
        Self::Within(Bounds { earliest: one.min(other), latest: one.max(other) })
    }

    /// The first day it can be; `None` when open towards the past.
    #[must_use]
    pub fn earliest(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) | Self::Month(day) | Self::Year(day) | Self::NotBefore(day) => Some(day),
            Self::NotAfter(_) => None,
            Self::Within(bounds) => Some(bounds.earliest),
        }
    }

    /// The last day it can be; `None` when open towards the future.
    #[must_use]
    pub fn latest(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) | Self::NotAfter(day) => Some(day),
            Self::Month(first) => first.with_day(u32::from(first.num_days_in_month())),
            Self::Year(first) => NaiveDate::from_ymd_opt(first.year(), 12, 31),
            Self::NotBefore(_) => None,
            Self::Within(bounds) => Some(bounds.latest),
        }
    }

    /// The day itself, where it is known.
    #[must_use]
    pub fn exact(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => Some(day),
            _ => None,
        }
    }

    /// Whether this date lies before the other.
    #[must_use]
    pub fn before(self, other: Self) -> Truth {
        // Most days are known, and most of what the rules do is to compare them.
        if let (Self::Day(one), Self::Day(other)) = (self, other) {
            return Truth::from(one < other);
        }
        before(self.range(), other.range())
    }

    /// Whether this date lies on or before the other.
    #[must_use]
    pub fn on_or_before(self, other: Self) -> Truth {
        !other.before(self)
    }

    /// Days from this date to the other; negative where the other is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> DayRange {
        let days = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
            Some(to?.signed_duration_since(from?).num_days())
        };
        DayRange { min: days(self.latest(), other.earliest()), max: days(self.earliest(), other.latest()) }
    }

    /// Whether `other` lies less than `months` calendar months after this date:
    /// true iff `other < add_months(self, months)`, so exactly `months` is not less.
    #[must_use]
    pub fn lt_months(self, other: Self, months: u32) -> Truth {
        let shift = |day: Option<NaiveDate>| day.and_then(|day| add_months(day, months));
        if let Self::Day(day) = self {
            let limit = add_months(day, months);
            return before(other.range(), (limit, limit));
        }
        let (earliest, latest) = self.range();
        before(other.range(), (shift(earliest), shift(latest)))
    }

    /// The same uncertainty moved by whole days; `None` where the calendar ends.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let shift = |day: NaiveDate| {
            let step = Days::new(days.unsigned_abs());
            if days < 0 { day.checked_sub_days(step) } else { day.checked_add_days(step) }
        };
        match (self.earliest(), self.latest()) {
            (Some(earliest), Some(latest)) => Some(Self::within(shift(earliest)?, shift(latest)?)),
            (Some(earliest), None) => Some(Self::NotBefore(shift(earliest)?)),
            (None, Some(latest)) => Some(Self::NotAfter(shift(latest)?)),
            (None, None) => None,
        }
    }

    fn range(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        (self.earliest(), self.latest())
    }
}

/// `a < b` for two ranges of days with open ends.
fn before(a: (Option<NaiveDate>, Option<NaiveDate>), b: (Option<NaiveDate>, Option<NaiveDate>)) -> Truth {
    match (a, b) {
        ((_, Some(a_latest)), (Some(b_earliest), _)) if a_latest < b_earliest => Truth::True,
        ((Some(a_earliest), _), (_, Some(b_latest))) if a_earliest >= b_latest => Truth::False,
        _ => Truth::Unknown,
    }
}

/// The day `months` calendar months later, clamped to the month's end; `None` where the calendar ends.
#[must_use]
pub fn add_months(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.checked_add_months(Months::new(months))
}

/// A number of days that may be known only within bounds; an absent bound is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayRange {
    /// The smallest value the facts allow.
    pub min: Option<i64>,
    /// The largest value the facts allow.
    pub max: Option<i64>,
}

impl DayRange {
    /// Whether the number is certainly, possibly or never below `limit` days.
    #[must_use]
    pub fn lt(self, limit: i64) -> Truth {
        match (self.min, self.max) {
            (_, Some(max)) if max < limit => Truth::True,
            (Some(min), _) if min >= limit => Truth::False,
            _ => Truth::Unknown,
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write_day(*day, f),
            Self::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Year(first) => write!(f, "{:04}", first.year()),
            Self::NotBefore(day) => write!(f, "[{}..]", Self::Day(*day)),
            Self::NotAfter(day) => write!(f, "[..{}]", Self::Day(*day)),
            Self::Within(Bounds { earliest, latest }) => {
                write!(f, "[{}..{}]", Self::Day(*earliest), Self::Day(*latest))
            }
        }
    }
}

/// A day as `YYYY-MM-DD`, made in one piece: days are a large part of what an assessment holds, and chrono writes them
/// digit by digit.
#[derive(Debug, Clone, Copy)]
pub struct DayText([u8; 10]);

impl DayText {
    /// `None` for a year that does not have four digits.
    #[must_use]
    pub fn of(day: NaiveDate) -> Option<Self> {
        let (year, month, date) = (u32::try_from(day.year()).ok()?, day.month(), day.day());
        let digit = |value: u32| b'0' + u8::try_from(value % 10).unwrap_or_default();
        let [thousands, hundreds, tens, ones] = [year / 1000, year / 100, year / 10, year].map(digit);
        let [month_tens, month_ones] = [month / 10, month].map(digit);
        let [date_tens, date_ones] = [date / 10, date].map(digit);
        let text =
            [thousands, hundreds, tens, ones, b'-', month_tens, month_ones, b'-', date_tens, date_ones];
        (year <= 9999).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn write_day(day: NaiveDate, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match DayText::of(day) {
        Some(text) => f.write_str(text.as_str()),
        None => write!(f, "{day}"),
    }
}

impl FromStr for PartialDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return parse_plain(text, text);
        };
        let (from, to) = inner.split_once("..").ok_or_else(|| DateError::Form(text.to_owned()))?;
        let bound = |part: &str| (!part.is_empty()).then(|| parse_plain(part, text)).transpose();
        let earliest = bound(from)?.and_then(Self::earliest);
        let latest = bound(to)?.and_then(Self::latest);
        match (earliest, latest) {
            (Some(earliest), Some(latest)) if earliest > latest => Err(DateError::Order(text.to_owned())),
            (Some(earliest), Some(latest)) => Ok(Self::Within(Bounds { earliest, latest })),
            (Some(earliest), None) => Ok(Self::NotBefore(earliest)),
            (None, Some(latest)) => Ok(Self::NotAfter(latest)),
            (None, None) => Err(DateError::NoBound(text.to_owned())),
        }
    }
}

/// Parses `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `whole` is what the error shows.
fn parse_plain(part: &str, whole: &str) -> Result<PartialDate, DateError> {
    let form = || DateError::Form(whole.to_owned());
    let mut fields = part.split('-');
    let year = digits(fields.next(), 4).ok_or_else(form)?;
    let year = i32::try_from(year).map_err(|_| form())?;
    let month = fields.next().map(|text| digits(Some(text), 2).ok_or_else(form)).transpose()?;
    let day = fields.next().map(|text| digits(Some(text), 2).ok_or_else(form)).transpose()?;
    if fields.next().is_some() {
        return Err(form());
    }
    if !YEARS.contains(&year) {
        return Err(DateError::Year(whole.to_owned()));
    }
    let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))
        .ok_or_else(|| DateError::NotInCalendar(whole.to_owned()))?;
    Ok(match (month, day) {
        (None, _) => PartialDate::Year(first),
        (Some(_), None) => PartialDate::Month(first),
        (Some(_), Some(_)) => PartialDate::Day(first),
    })
}

fn digits(text: Option<&str>, length: usize) -> Option<u32> {
    let text = text?;
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Completed years of age on `today`, where both birth date and its anniversary are decided by the facts.
#[must_use]
pub fn age_in_years(born_on: PartialDate, today: NaiveDate) -> (Option<i32>, Option<i32>) {
    let completed = |birth: NaiveDate| {
        let before_birthday = (today.month(), today.day()) < (birth.month(), birth.day());
        today.year() - birth.year() - i32::from(before_birthday)
    };
    (born_on.latest().map(completed), born_on.earliest().map(completed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> PartialDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_twelve_month_boundary_is_exact() {
        // W1: exactly twelve months is not "less than twelve months".
        let treated = date("2021-03-10");
        assert_eq!(treated.lt_months(date("2022-03-09"), 12), Truth::True);
        assert_eq!(treated.days_until(date("2022-03-09")), DayRange { min: Some(364), max: Some(364) });
        assert_eq!(treated.lt_months(date("2022-03-10"), 12), Truth::False);
    }

    #[test]
    fn a_month_makes_the_twelve_month_test_unknown() {
        // W2
        let treated = date("2021-03");
        assert_eq!(treated.days_until(date("2022-03-15")), DayRange { min: Some(349), max: Some(379) });
        assert_eq!(treated.lt_months(date("2022-03-15"), 12), Truth::Unknown);
    }

    #[test]
    fn months_are_clamped_to_the_month_end() {
        assert_eq!(date("2023-08-31").lt_months(date("2024-02-29"), 6), Truth::False);
        assert_eq!(date("2023-08-31").lt_months(date("2024-02-28"), 6), Truth::True);
    }

    #[test]
    fn open_bounds_stay_open() {
        let open = date("[2007-01-01..]");
        assert_eq!(open.latest(), None);
        assert_eq!(open.before(date("2006")), Truth::False);
        assert_eq!(open.before(date("2020")), Truth::Unknown);
        assert_eq!(date("2000").days_until(open).max, None);
    }

    #[test]
    fn dates_that_are_not_dates_are_refused_with_a_remedy() {
        for (text, part) in [
            ("2021-02-31", "not in the calendar"),
            ("2021-13", "not in the calendar"),
            ("21-01-01", "is not a date"),
            ("2021-1-1", "is not a date"),
            ("2021-01-01-01", "is not a date"),
            ("0001-01-01", "outside 1800"),
            ("[2021..2020]", "out of order"),
            ("[..]", "null"),
            ("[2021", "is not a date"),
            ("", "is not a date"),
            ("２０２１", "is not a date"),
        ] {
            let error = text.parse::<PartialDate>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_day_is_written_as_the_calendar_writes_it() {
        for (year, month, day) in [(1, 1, 1), (987, 12, 31), (1800, 10, 9), (2024, 2, 29), (9999, 12, 31)] {
            let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            assert_eq!(PartialDate::Day(day).to_string(), day.to_string());
        }
        for day in [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap()] {
            assert_eq!(PartialDate::Day(day).to_string(), day.to_string());
        }
    }

    #[test]
    fn age_is_a_range_for_a_birth_year() {
        let today = NaiveDate::from_ymd_opt(2024, 6, 1).unwrap();
        assert_eq!(age_in_years(date("2006"), today), (Some(17), Some(18)));
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0..60_000_i32).prop_map(|offset| NaiveDate::from_num_days_from_ce_opt(690_000 + offset).unwrap())
    }

    fn widened(day: NaiveDate) -> Vec<PartialDate> {
        let month = day.format("%Y-%m").to_string();
        let year = day.format("%Y").to_string();
        vec![date(&month), date(&year), PartialDate::NotAfter(day), PartialDate::NotBefore(day)]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(a in any_day(), b in any_day()) {
            for shown in widened(a).into_iter().chain([PartialDate::Day(a), PartialDate::within(a, b)]) {
                prop_assert_eq!(date(&shown.to_string()), shown);
            }
        }

        #[test]
        fn widening_never_flips_an_answer(a in any_day(), b in any_day(), months in 0..40_u32) {
            let (exact_a, exact_b) = (PartialDate::Day(a), PartialDate::Day(b));
            for wide_a in widened(a) {
                for wide_b in widened(b).into_iter().chain([exact_b]) {
                    for (narrow, wide) in [
                        (exact_a.before(exact_b), wide_a.before(wide_b)),
                        (exact_a.lt_months(exact_b, months), wide_a.lt_months(wide_b, months)),
                    ] {
                        prop_assert!(wide == narrow || wide.is_unknown(), "{wide_a} {wide_b}: {narrow} became {wide}");
                    }
                    let exact = exact_a.days_until(exact_b).min.unwrap();
                    let range = wide_a.days_until(wide_b);
                    prop_assert!(range.min.is_none_or(|min| min <= exact) && range.max.is_none_or(|max| exact <= max));
                }
            }
        }

        #[test]
        fn text_never_panics(text in ".*") {
            let _ = text.parse::<PartialDate>();
        }
    }
}
