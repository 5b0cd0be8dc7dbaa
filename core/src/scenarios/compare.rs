//! What an assessment must show, compared with what it shows.

use serde_json::Value;

use crate::domain::dates::PartialDate;

/// Compares what is expected with what was said; every difference is one line.
pub fn subset(expected: &Value, actual: &Value, path: &str, problems: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(bound), _) if is_lower_bound(bound) => {
            let least = actual.as_u64().or_else(|| actual["min"].as_u64());
            if least.is_none_or(|least| least < bound["min"].as_u64().unwrap()) {
                problems.push(format!("{path}: expected {expected}, got {actual}"));
            }
        }
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                subset(value, actual.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"), problems);
            }
            if path.ends_with(".by_lobe") && actual.len() != expected.len() {
                problems.push(format!("{path}: holds other lobes: {actual:?}"));
            }
        }
        (Value::Array(expected), Value::Array(actual)) => list(expected, actual, path, problems),
        // A list that holds nothing may be left out of the document.
        (Value::Array(expected), Value::Null) if expected.is_empty() => {}
        (Value::String(absent), Value::Null) if absent == "absent" => {}
        (Value::String(words), Value::Object(bound)) if is_lower_bound(bound) => {
            if *words != format!("at least {}", bound["min"]) {
                problems.push(format!("{path}: expected {expected}, got {actual}"));
            }
        }
        (Value::String(one), Value::String(other)) if same_days(one, other) => {}
        _ if expected == actual => {}
        _ => problems.push(format!("{path}: expected {expected}, got {actual}")),
    }
}

fn is_lower_bound(object: &serde_json::Map<String, Value>) -> bool {
    object.len() == 1 && object.contains_key("min")
}

/// Objects are matched by their number, id or label, or one after the other where they have none; everything else as a
/// set.
fn list(expected: &[Value], actual: &[Value], path: &str, problems: &mut Vec<String>) {
    let key_of = |one: &Value| ["number", "id", "label"].into_iter().find(|key| one.get(key).is_some());
    let in_order = |one: &Value| one.is_object() && key_of(one).is_none();
    if expected.iter().any(in_order) {
        if expected.len() != actual.len() {
            problems.push(format!("{path}: expected {} entries, got {actual:?}", expected.len()));
        }
        for (at, (one, other)) in expected.iter().zip(actual).enumerate() {
            subset(one, other, &format!("{path}[{at}]"), problems);
        }
        return;
    }
    for one in expected {
        let Some(key) = key_of(one) else { continue };
        match actual.iter().find(|other| other[key] == one[key]) {
            Some(other) => subset(one, other, &format!("{path}[{}]", one[key]), problems),
            None => problems.push(format!("{path}: no entry {}", one[key])),
        }
    }
    let plain = |values: &[Value]| {
        let mut texts: Vec<String> =
            values.iter().filter(|one| !one.is_object()).map(ToString::to_string).collect();
        texts.sort();
        texts
    };
    let is_plain = expected.iter().all(|one| !one.is_object());
    if is_plain && (plain(expected) != plain(actual) || (expected.is_empty() && !actual.is_empty())) {
        problems.push(format!("{path}: expected {expected:?}, got {actual:?}"));
    }
}

/// Whether two texts are the same range of days.
fn same_days(one: &str, other: &str) -> bool {
    let range = |text: &str| text.parse::<PartialDate>().ok().map(|date| (date.earliest(), date.latest()));
    one == other || range(one).is_some_and(|days| Some(days) == range(other))
}

#[test]
fn the_comparison_finds_what_differs() {
    let differs = |expected: Value, actual: Value| {
        let mut problems = Vec::new();
        subset(&expected, &actual, "", &mut problems);
        !problems.is_empty()
    };
    use serde_json::json;
    assert!(differs(json!({"a": 1}), json!({"a": 2, "b": 1})));
    assert!(!differs(json!({"a": 1}), json!({"a": 1, "b": 1})));
    assert!(differs(json!({"a": {"min": 3}}), json!({"a": 2})));
    assert!(!differs(json!({"a": {"min": 3}}), json!({"a": {"min": 4}})));
    assert!(!differs(json!({"a": "at least 3"}), json!({"a": {"min": 3}})));
    assert!(differs(json!({"a": "at least 3"}), json!({"a": {"min": 4}})));
    assert!(differs(json!({"a": "at least 3"}), json!({"a": 3})));
    assert!(differs(json!({"min": 1, "max": 2}), json!({"min": 1, "max": 3})));
    assert!(differs(json!({"by_lobe": {"RLL": 1}}), json!({"by_lobe": {"RLL": 1, "LUL": 1}})));
    assert!(differs(json!([{"id": "P01", "state": "true"}]), json!([{"id": "P02", "state": "true"}])));
    assert!(differs(json!([{"state": "a"}]), json!([{"state": "a"}, {"state": "b"}])));
    assert!(differs(json!([{"state": "a"}]), json!([{"state": "b"}])));
    assert!(differs(json!([]), json!(["RLL"])));
    assert!(!differs(json!({"marks": [], "on": "absent"}), json!({"on": null})));
    assert!(differs(json!({"on": "absent"}), json!({"on": "2020"})));
    assert!(differs(json!(["RLL"]), json!(["RLL", "LUL"])));
    assert!(differs(json!([]), json!(["RLL"])) && !differs(json!([]), json!(null)));
    assert!(differs(json!([]), json!([{"id": "P01"}])));
    assert!(!differs(json!(["RLL", "LUL"]), json!(["LUL", "RLL"])));
    assert!(!differs(json!("2020-03"), json!("[2020-03-01..2020-03-31]")));
    assert!(differs(json!("2020-03"), json!("2020-04")));
}
