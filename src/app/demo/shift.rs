//! Moves the dates of a published case so that its last contact lies in the recent past.
//!
//! Whole calendar months only, so that a date known to the day or the month stays as precise as it was. Works on
//! the document text: what is no date is left alone, and the result is read like any other document.

use chrono::{Datelike, Months, NaiveDate};
use serde_json::Value;

use crate::domain::dates::PartialDate;

/// Keys that hold a civil date, besides those that end in `_on`.
const DATE_KEYS: [&str; 2] = ["on", "birth_date"];

/// Moves every date of a document by whole months.
pub fn shift_months(document: &mut Value, months: i32) {
    match document {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key.ends_with("_on") || DATE_KEYS.contains(&key.as_str()) => {
                        if let Some(moved) = moved(text, months) {
                            *text = moved;
                        }
                    }
                    _ => shift_months(value, months),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift_months(item, months)),
        _ => {}
    }
}

/// Months from the last day named anywhere in the document to the month of `target`.
#[must_use]
pub fn months_to(document: &Value, target: NaiveDate) -> i32 {
    let Some(last) = last_day(document) else { return 0 };
    let months = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0);
    let whole = months(target) - months(last);
    let overshoots = plus_months(last, whole).is_none_or(|moved| moved > target);
    whole - i32::from(overshoots)
}

fn last_day(document: &Value) -> Option<NaiveDate> {
    match document {
        Value::Object(map) => map
            .iter()
            .filter_map(|(key, value)| match value {
                Value::String(text) if key.ends_with("_on") || DATE_KEYS.contains(&key.as_str()) => {
                    let date: PartialDate = text.parse().ok()?;
                    date.latest().or(date.earliest())
                }
                other => last_day(other),
            })
            .max(),
        Value::Array(items) => items.iter().filter_map(last_day).max(),
        _ => None,
    }
}

fn moved(text: &str, months: i32) -> Option<String> {
    let date: PartialDate = text.parse().ok()?;
    let shift = |day: NaiveDate| plus_months(day, months);
    let moved = match date {
        PartialDate::Day(day) => PartialDate::Day(shift(day)?),
        PartialDate::Month(first) => PartialDate::Month(shift(first)?),
        PartialDate::Year(first) if months % 12 == 0 => PartialDate::Year(shift(first)?),
        PartialDate::NotBefore(day) => PartialDate::NotBefore(shift(day)?),
        PartialDate::NotAfter(day) => PartialDate::NotAfter(shift(day)?),
        PartialDate::Year(_) | PartialDate::Within(_) => {
            PartialDate::within(shift(date.earliest()?)?, shift(date.latest()?)?)
        }
    };
    Some(moved.to_string())
}

fn plus_months(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let step = Months::new(months.unsigned_abs());
    if months < 0 { day.checked_sub_months(step) } else { day.checked_add_months(step) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_move_and_keep_their_precision() {
        let mut document = json!({
            "patient": {"study_id": "2001-05", "birth_date": "1984"},
            "imaging": [{"id": "2001", "on": "2001-05", "reported_on": "2001-05-31"}],
            "operations": [{"on": "[2001-01-01..2001-12-31]"}],
        });
        let target = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let months = months_to(&document, target);
        assert_eq!(months, 298);
        shift_months(&mut document, months);
        assert_eq!(document["patient"]["study_id"], "2001-05", "an id is no date");
        assert_eq!(document["imaging"][0]["id"], "2001");
        assert_eq!(document["imaging"][0]["on"], "2026-03");
        assert_eq!(document["imaging"][0]["reported_on"], "2026-03-31");
        assert_eq!(document["operations"][0]["on"], "[2025-11-01..2026-10-31]");
        assert_eq!(document["patient"]["birth_date"], "[2008-11-01..2009-10-31]");
    }

    #[test]
    fn the_last_day_never_lies_after_the_target() {
        let document = json!({"follow_up": {"last_contact_on": "2001-05-31"}});
        let target = NaiveDate::from_ymd_opt(2026, 5, 30).unwrap();
        assert_eq!(months_to(&document, target), 299);
        assert_eq!(months_to(&json!({}), target), 0);
    }
}
