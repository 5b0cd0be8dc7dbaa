//! The published cases against the values that follow with certainty from their facts, worked out by hand.
//!
//! An expected value is a part of the assessment: what is not named is not decided there. Numbers are equal, `{"min": 3}`
//! is a lower bound, `{"min", "max"}` are equal bounds; episodes meet by number, patterns by id, other lists as sets;
//! dates as ranges of days; `by_lobe` holds no other lobe.

use std::{collections::BTreeSet, fs};

use lobewatch::domain::dates::PartialDate;
use serde_json::{Map, Value};

use crate::running::{Program, case_files, parsed};

/// What differs, each with its place.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn note(&mut self, place: &str, expected: &Value, found: &Value) {
        self.0.push(format!("{place}: expected {expected}, found {found}"));
    }

    fn compare(&mut self, place: &str, expected: &Value, found: &Value) {
        match (expected, found) {
            (Value::Object(map), _) if map.len() == 1 && map.contains_key("min") => {
                if !is_at_least(&map["min"], found) {
                    self.note(place, expected, found);
                }
            }
            (Value::Object(map), Value::Object(own)) => self.object(place, map, own),
            (Value::Array(list), Value::Array(own)) => self.list(place, list, own),
            _ if expected == found || same_days(expected, found) => {}
            _ => self.note(place, expected, found),
        }
    }

    fn object(&mut self, place: &str, expected: &Map<String, Value>, found: &Map<String, Value>) {
        for (key, value) in expected {
            match found.get(key) {
                Some(own) => self.compare(&format!("{place}.{key}"), value, own),
                None => self.note(&format!("{place}.{key}"), value, &Value::Null),
            }
        }
        if place.ends_with(".by_lobe") {
            for (lobe, count) in found.iter().filter(|(lobe, _)| !expected.contains_key(*lobe)) {
                self.note(&format!("{place}.{lobe}"), &Value::Null, count);
            }
        }
    }

    fn list(&mut self, place: &str, expected: &[Value], found: &[Value]) {
        let key = ["number", "id"].into_iter().find(|key| expected.iter().any(|it| it.get(key).is_some()));
        let Some(key) = key else {
            let set = |list: &[Value]| list.iter().map(Value::to_string).collect::<BTreeSet<_>>();
            if set(expected) != set(found) {
                self.note(place, &Value::Array(expected.to_vec()), &Value::Array(found.to_vec()));
            }
            return;
        };
        for value in expected {
            let place = format!("{place}[{}]", value[key]);
            match found.iter().find(|own| own[key] == value[key]) {
                Some(own) => self.compare(&place, value, own),
                None => self.note(&place, value, &Value::Null),
            }
        }
    }
}

/// Whether a count, exact or itself a lower bound, is not below `least`.
fn is_at_least(least: &Value, found: &Value) -> bool {
    let found = if found.is_object() { &found["min"] } else { found };
    found.as_i64().zip(least.as_i64()).is_some_and(|(found, least)| found >= least)
}

/// Whether two texts are the same range of days.
fn same_days(one: &Value, other: &Value) -> bool {
    let range = |value: &Value| {
        let date: PartialDate = value.as_str()?.parse().ok()?;
        Some((date.earliest(), date.latest()))
    };
    range(one).is_some_and(|days| range(other) == Some(days))
}

fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut all = Differences::default();
    all.compare("$", expected, found);
    all.0
}

#[test]
fn the_comparison_finds_what_differs() {
    let found = parsed(
        r#"{"dfi": {"days": {"min": 3, "max": 9}}, "on": "2001-05", "lobes": {"RLL": {"nodules": {"min": 4}}},
            "episodes": [{"number": 2, "by_lobe": {"RLL": 1, "LUL": 2}, "operations": ["b", "a"]}]}"#,
    );
    let same = parsed(
        r#"{"dfi": {"days": {"min": 3, "max": 9}}, "on": "[2001-05-01..2001-05-31]", "lobes": {"RLL": {"nodules": {"min": 3}}},
            "episodes": [{"number": 2, "operations": ["a", "b"], "by_lobe": {"LUL": 2, "RLL": 1}}]}"#,
    );
    assert_eq!(differences(&same, &found), [""; 0]);
    for wrong in [
        r#"{"dfi": {"days": {"min": 3, "max": 10}}}"#,
        r#"{"dfi": null}"#,
        r#"{"on": "2001-06"}"#,
        r#"{"on": "2001"}"#,
        r#"{"lobes": {"RLL": {"nodules": {"min": 5}}}}"#,
        r#"{"lobes": {"RLL": {"nodules": 4}}}"#,
        r#"{"lobes": {"LLL": {}}}"#,
        r#"{"episodes": [{"number": 1}]}"#,
        r#"{"episodes": [{"number": 2, "operations": ["a"]}]}"#,
        r#"{"episodes": [{"number": 2, "by_lobe": {"RLL": 1}}]}"#,
    ] {
        assert_eq!(differences(&parsed(wrong), &found).len(), 1, "{wrong}");
    }
}

#[test]
fn every_published_case_is_assessed_as_worked_out_by_hand() {
    let program = Program::on_sqlite();
    let cases: Vec<(String, Value, Value)> = case_files()
        .iter()
        .map(|file| {
            let path = std::path::Path::new(file);
            let name = path.file_name().unwrap().to_str().unwrap();
            let by_hand = path.parent().unwrap().join("expected").join(name);
            let expected = parsed(&fs::read_to_string(by_hand).unwrap());
            let day = expected["as_of"].as_str().unwrap();
            let found = parsed(&program.done(&["assess", "--as-of", day, file]));
            (name.to_owned(), expected, found)
        })
        .collect();
    assert_eq!(cases.len(), 14);
    let mut wrong = Vec::new();
    for (name, expected, found) in &cases {
        let mut differences = differences(&expected["expect"], found);
        if let Some(count) = expected["episodes_count"].as_u64()
            && found["episodes"].as_array().unwrap().len() as u64 != count
        {
            differences.push(format!("$.episodes: expected {count}, found {}", found["episodes"]));
        }
        wrong.extend(differences.into_iter().map(|it| format!("{name}: {it}")));
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
