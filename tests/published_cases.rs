//! The published case histories against the values a correct assessment must show.
//!
//! An expected file holds a subset of the assessment document: numbers equal, `{"min": k}` a lower bound, episodes
//! matched by number, patterns by id, other lists as sets, dates equal as ranges of days. What an expected file
//! leaves out is not decided there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail the test")]

use lobewatch::{
    assessment::assess,
    document::{assessment::AssessmentDocument, read},
    domain::dates::PartialDate,
    protocol::{Protocol, SHIPPED},
};
use serde_json::Value;

fn read_file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/cases/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn check(name: &str) {
    let expected: Value = serde_json::from_str(&read_file(&format!("expected/{name}.json"))).unwrap();
    let history = read::read(&read_file(&format!("{name}.json"))).unwrap();
    let as_of = expected["as_of"].as_str().unwrap().parse().unwrap();
    let assessment = assess(&history, &Protocol::parse(SHIPPED).unwrap(), as_of);
    let actual = serde_json::to_value(AssessmentDocument::from(&assessment)).unwrap();
    let mut problems = Vec::new();
    subset(&expected["expect"], &actual, "", &mut problems);
    if let Some(count) = expected.get("episodes_count")
        && actual["episodes"].as_array().map(Vec::len) != count.as_u64().and_then(|n| usize::try_from(n).ok())
    {
        problems.push(format!("episodes: expected {count}, got {}", actual["episodes"]));
    }
    assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
}

/// Compares what is expected with what was said; every difference is one line.
fn subset(expected: &Value, actual: &Value, path: &str, problems: &mut Vec<String>) {
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
        (Value::String(one), Value::String(other)) if same_days(one, other) => {}
        _ if expected == actual => {}
        _ => problems.push(format!("{path}: expected {expected}, got {actual}")),
    }
}

fn is_lower_bound(object: &serde_json::Map<String, Value>) -> bool {
    object.len() == 1 && object.contains_key("min")
}

/// Objects are matched by their key, everything else as a set.
fn list(expected: &[Value], actual: &[Value], path: &str, problems: &mut Vec<String>) {
    for one in expected {
        let Some(key) = ["number", "id"].into_iter().find(|key| one.get(key).is_some()) else { continue };
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
    if plain(expected) != plain(actual) && expected.iter().all(|one| !one.is_object()) && !expected.is_empty()
    {
        problems.push(format!("{path}: expected {expected:?}, got {actual:?}"));
    }
}

/// Whether two texts are the same range of days.
fn same_days(one: &str, other: &str) -> bool {
    let range = |text: &str| text.parse::<PartialDate>().ok().map(|date| (date.earliest(), date.latest()));
    one == other || range(one).is_some_and(|days| Some(days) == range(other))
}

macro_rules! cases {
    ($($test:ident: $name:literal,)+) => {
        $(#[test] fn $test() { check($name); })+

        #[test]
        fn every_expected_file_is_checked() {
            let folder = format!("{}/tests/cases/expected", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$($name),+]);
        }
    };
}

cases! {
    seven_operations_without_single_dates: "bml-seven-operations-87-lesions",
    contralateral_then_same_lobe: "colon-ca-three-thoracotomies-1992",
    late_relapse_of_both_sides: "ivc-leiomyosarcoma-rll-then-rml-and-lul",
    the_definition_of_the_interval_decides: "mpnst-scapula-nf1-dfi-definition",
    twelve_months_undecidable: "osteosarcoma-olecranon-lul-then-brain",
    contralateral_after_84_months: "pancreatic-ca-contralateral-after-84-months",
    nodules_without_lobe_or_side: "radiation-osteosarcoma-tibia-two-pm",
    relapse_at_the_staple_line: "rectal-ca-four-lobes-staple-line-relapse",
    a_resected_nodule_without_tumour_is_no_episode: "rothmund-thomson-osteosarcoma-benign-rll-resection",
    twenty_two_nodules_in_one_operation: "seed-fig1-right-lung-22-nodules",
    an_observed_nodule_becomes_suspicious: "sigmoid-ca-lll-nodule-4-9-13mm",
    a_suture_line_mass_left_in_place: "undifferentiated-sarcoma-foot-lul-suture-line",
    never_operated: "ups-chest-wall-five-3mm-nodules-observed",
    synchronous_and_three_operations_on_one_lung: "uterine-lms-synchronous-three-left-pm",
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
    assert!(differs(json!({"min": 1, "max": 2}), json!({"min": 1, "max": 3})));
    assert!(differs(json!({"by_lobe": {"RLL": 1}}), json!({"by_lobe": {"RLL": 1, "LUL": 1}})));
    assert!(differs(json!([{"id": "P01", "state": "true"}]), json!([{"id": "P02", "state": "true"}])));
    assert!(differs(json!(["RLL"]), json!(["RLL", "LUL"])));
    assert!(!differs(json!(["RLL", "LUL"]), json!(["LUL", "RLL"])));
    assert!(!differs(json!("2020-03"), json!("[2020-03-01..2020-03-31]")));
    assert!(differs(json!("2020-03"), json!("2020-04")));
}
