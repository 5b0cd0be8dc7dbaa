//! Published case histories and the example of the contract, through reading, writing and facts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use lobewatch::{
    document::{
        assemble::assemble,
        assessment::AssessmentDocument,
        compare::{FactChange, compare},
        facts::{DocumentFact, FactKind, split},
        read, write,
    },
    import::{check::Checker, limits::Limits},
};
use serde_json::Value;

fn cases() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 14);
    cases
}

/// The document without what means "not reported": nulls (but those of a count), empty lists, defaults.
fn stripped(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(key, value)| {
                let nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                let default =
                    (*key == "count" && **value == 1) || (*key == "purpose" && **value == "metastasectomy");
                (*key == "count" && value.is_null()) || !(nothing || default)
            })
            .map(|(key, value)| (key.clone(), stripped(value)))
            .collect(),
        Value::Array(list) => list.iter().map(stripped).collect(),
        // 1.0 and 1 are one number.
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 => serde_json::json!(float as i64),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

#[test]
fn every_case_is_read_and_written_without_loss() {
    for (name, text) in cases() {
        let history = read::read(&text).unwrap_or_else(|refusal| panic!("{name}: {refusal:#?}"));
        let normal = write::normalise(text.as_bytes()).unwrap();
        assert_eq!(normal, write::pretty(&history), "{name}");
        assert_eq!(write::normalise(normal.as_bytes()).unwrap(), normal, "{name}");
        let (before, after): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&normal).unwrap());
        assert_eq!(stripped(&before), after, "{name}");
        assert_eq!(assemble(&split(&history)).unwrap(), history, "{name}");
    }
}

#[test]
fn every_arrangement_of_the_cases_gives_the_same_histories() {
    let texts: Vec<String> = cases().into_iter().map(|(_, text)| text).collect();
    let expected: Vec<_> = texts.iter().map(|text| read::read(text).unwrap()).collect();
    let lines: String = expected.iter().map(|history| format!("{}\n", write::compact(history))).collect();
    for (arrangement, input) in
        [("concatenated", texts.concat()), ("array", format!("[{}]", texts.join(","))), ("lines", lines)]
    {
        let mut checker = Checker::new(Limits::default());
        let read: Vec<_> = checker.documents(input.as_bytes()).map(|it| it.unwrap().history).collect();
        assert_eq!(read, expected, "{arrangement}");
    }
}

#[test]
fn the_example_of_the_contract_is_read() {
    let text = include_str!("documents/contract-example.json");
    let history = read::read(text).unwrap();
    assert_eq!(history.patient.study_id.as_str(), "P-0001");
    let normal: Value = serde_json::from_str(&write::pretty(&history)).unwrap();
    assert_eq!(stripped(&serde_json::from_str(text).unwrap()), normal);
}

#[test]
fn keys_are_written_in_the_order_of_the_contract() {
    let history = read::read(include_str!("documents/contract-example.json")).unwrap();
    let text = write::compact(&history);
    let mut from = 0;
    for key in [
        "format",
        "source",
        "anchored",
        "patient",
        "study_id",
        "birth_date",
        "primary",
        "icd_o_3",
        "size_cm",
        "lung_metastases",
        "nodules",
        "\"count\":16",
        "imaging",
        "reported_on",
        "RUL",
        "LLL",
        "findings",
        "status",
        "not_itemised",
        "\"count\":null",
        "operations",
        "completeness",
        "nodes",
        "vascular",
        "resections",
        "complications",
        "systemic_therapies",
        "local_therapies",
        "thoracic_events",
        "extrathoracic_events",
        "board_decisions",
        "follow_up",
    ] {
        let at = text[from..].find(key).unwrap_or_else(|| panic!("`{key}` is not after position {from}"));
        from += at;
    }
    assert!(text.contains("\"slice_mm\":1,") && text.contains("\"long_mm\":8.2,"), "{text}");
}

#[test]
fn the_example_assessment_of_the_contract_is_carried_without_loss() {
    let text = include_str!("documents/contract-assessment.json");
    let document: AssessmentDocument = serde_json::from_str(text).unwrap();
    let written = serde_json::to_value(&document).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(text).unwrap());
    let line = serde_json::to_string(&document).unwrap();
    assert!(line.starts_with(
        r#"{"format":"lobewatch.assessment/1","study_id":"P-0001","as_of":"2024-02-01","protocol""#
    ));
}

fn facts_of(text: &str) -> Vec<DocumentFact> {
    split(&read::read(text).unwrap())
}

#[test]
fn facts_carry_kind_key_lobe_and_range_of_days() {
    let facts = facts_of(include_str!("documents/contract-example.json"));
    let fact = |kind, key: &str| facts.iter().find(|fact| fact.kind == kind && fact.key == key).unwrap();
    let nodule = fact(FactKind::Nodule, "g1");
    assert_eq!(
        (nodule.lobe.map(|place| place.code()), nodule.side, nodule.position),
        (Some("RLL"), Some("right"), 1)
    );
    assert_eq!(nodule.content, r#"{"id":"g1","lobe":"RLL","count":16,"origin":"palpation"}"#);
    let therapy = fact(FactKind::SystemicTherapy, "s1");
    let days = (therapy.earliest_on.unwrap().to_string(), therapy.latest_on.unwrap().to_string());
    assert_eq!(days, ("2022-01-01".to_owned(), "2022-01-31".to_owned()));
    assert_eq!(fact(FactKind::Operation, "op1").side, Some("right"));
    assert_eq!(fact(FactKind::Patient, "patient").earliest_on, None);
    assert_eq!(fact(FactKind::ThoracicEvent, "1").position, 0);
}

#[test]
fn a_changed_document_changes_only_what_it_changes() {
    let text = include_str!("documents/contract-example.json");
    let stored = facts_of(text);
    assert!(compare(&stored, &stored).is_empty());
    let incoming = facts_of(
        &text
            .replace("\"long_mm\": 8.2", "\"long_mm\": 9")
            .replace(
                "\"thoracic_events\": [",
                "\"thoracic_events\": [{\"on\": \"2023-01\", \"site\": \"pleura\"},",
            )
            .replace("\"local_therapies\": [{\"id\": \"r1\"", "\"local_therapies\": [{\"id\": \"r2\""),
    );
    let differences = compare(&stored, &incoming);
    let shown: Vec<_> =
        differences.iter().map(|it| (it.kind.code(), it.key.as_str(), it.change.clone())).collect();
    assert_eq!(
        shown,
        [
            ("imaging", "ct1", FactChange::Changed { paths: vec!["$.findings[0].long_mm".to_owned()] }),
            ("local_therapy", "r2", FactChange::Added),
            ("thoracic_event", "2", FactChange::Added),
            ("local_therapy", "r1", FactChange::Withdrawn),
        ]
    );
}

#[test]
fn the_order_of_lists_alone_is_no_change() {
    let one = r#"{"format":"lobewatch.history/1","patient":{"study_id":"P"},
        "nodules":[{"id":"a","lobe":"RUL"},{"id":"b","lobe":"LUL"}],
        "imaging":[{"id":"i","findings":[{"nodule":"a","status":"new"},{"nodule":"b","status":"seen"}]}],
        "thoracic_events":[{"on":"2020"},{"on":"2021"}]}"#;
    let other = r#"{"format":"lobewatch.history/1","patient":{"study_id":"P"},
        "nodules":[{"id":"b","lobe":"LUL"},{"id":"a","lobe":"RUL"}],
        "imaging":[{"id":"i","findings":[{"nodule":"b","status":"seen"},{"nodule":"a","status":"new"}]}],
        "thoracic_events":[{"on":"2021"},{"on":"2020"}]}"#;
    assert_eq!(compare(&facts_of(one), &facts_of(other)), []);
}

#[test]
fn stored_facts_that_do_not_fit_together_name_the_fact() {
    let mut facts = facts_of(include_str!("documents/contract-example.json"));
    facts.retain(|fact| fact.key != "n1");
    let problems: Vec<String> = assemble(&facts).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "imaging `ct1` at $.findings[0].nodule: there is no nodule `n1`; list it under `nodules` or correct the id",
            "operation `op1` at $.resections[0].nodule: there is no nodule `n1`; list it under `nodules` or correct the id",
            "local_therapy `r1` at $.nodules[0]: there is no nodule `n1`; list it under `nodules` or correct the id",
        ]
    );
    facts.retain(|fact| fact.kind != FactKind::Patient);
    assert_eq!(
        assemble(&facts).unwrap_err()[0].to_string(),
        "patient `patient` at $: the patient is missing; restore its fact"
    );
}

#[test]
fn a_fact_stored_under_the_key_of_another_is_reported() {
    let mut facts = facts_of(include_str!("documents/contract-example.json"));
    let fact = facts.iter_mut().find(|fact| fact.key == "g1").unwrap();
    fact.key = "g2".to_owned();
    assert!(assemble(&facts).unwrap_err()[0].problem.contains("is not the key of the fact"));
}
