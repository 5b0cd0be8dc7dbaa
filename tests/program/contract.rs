//! `assess` answers with the keys of the contract, for every case and a document with everything in it: each of them is
//! there, and what is added to them stands in the published schema.

use std::collections::BTreeSet;

use lobewatch::document::assessment::AssessmentDocument;
use serde_json::{Value, json};

use crate::running::{Program, case_files, days_ago, operated, parsed};

const LOBES: [&str; 5] = ["RUL", "RML", "RLL", "LUL", "LLL"];

/// Fails unless an object has these keys. Others may have been added; the contract allows that.
#[track_caller]
fn assert_keys(object: &Value, keys: &[&str], place: &str) {
    let map = object.as_object().unwrap_or_else(|| panic!("{place} is no object: {object}"));
    let found: BTreeSet<&str> = map.keys().map(String::as_str).collect();
    let missing: Vec<_> = keys.iter().filter(|key| !found.contains(**key)).collect();
    assert!(missing.is_empty(), "{place} lacks {missing:?}: {object}");
}

#[track_caller]
fn assert_one_of(value: &Value, codes: &[&str], place: &str) {
    assert!(
        value.as_str().is_some_and(|code| codes.contains(&code)),
        "{place} is {value}, none of {codes:?}"
    );
}

fn items<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    value.as_array().unwrap_or_else(|| panic!("{place} is no list: {value}"))
}

fn is_count(value: &Value) -> bool {
    value.is_u64()
        || value.as_object().is_some_and(|it| it.len() == 1 && it.get("min").is_some_and(Value::is_u64))
}

fn is_bounds(value: &Value) -> bool {
    let end = |end: &Value| end.is_i64() || end.is_null();
    value
        .as_object()
        .is_some_and(|it| it.len() == 2 && it.get("min").is_some_and(end) && it.get("max").is_some_and(end))
}

const TRUTH: [&str; 3] = ["true", "false", "unknown"];
const PATTERN: [&str; 4] = ["true", "false", "unknown", "not_applicable"];

fn assert_fits_the_contract(assessment: &Value) {
    let top = [
        "format",
        "study_id",
        "as_of",
        "protocol",
        "dfi",
        "episodes",
        "lobes",
        "patterns",
        "tier",
        "plan",
        "data_tasks",
    ];
    assert_keys(assessment, &top, "$");
    assert_eq!(assessment["format"], "lobewatch.assessment/1");
    // The type from which the schema is made refuses keys that it does not name.
    let carried: AssessmentDocument = serde_json::from_value(assessment.clone()).unwrap();
    assert_eq!(serde_json::to_value(carried).unwrap(), *assessment);
    assert_keys(&assessment["protocol"], &["id", "version"], "$.protocol");
    let dfi = &assessment["dfi"];
    assert_keys(dfi, &["class", "days", "lt_12_months"], "$.dfi");
    assert_one_of(
        &dfi["class"],
        &["synchronous", "during_primary_treatment", "metachronous", "unknown"],
        "dfi.class",
    );
    assert!(dfi["days"].is_null() || is_bounds(&dfi["days"]), "{dfi}");
    assert_one_of(&dfi["lt_12_months"], &TRUTH, "dfi.lt_12_months");
    for (at, episode) in items(&assessment["episodes"], "$.episodes").iter().enumerate() {
        assert_eq!(episode["number"], json!(at + 1));
        assert_episode(episode);
    }
    let lobes = assessment["lobes"].as_object().unwrap();
    for lobe in LOBES {
        assert!(lobes.contains_key(lobe), "{lobe} is always there");
    }
    for (lobe, counts) in lobes {
        assert!(
            LOBES.contains(&lobe.as_str()) || matches!(lobe.as_str(), "right_nos" | "left_nos" | "nos"),
            "{lobe}"
        );
        assert_keys(counts, &["nodules", "active", "resected", "metastases", "benign"], lobe);
        assert!(counts.as_object().unwrap().values().all(is_count), "{lobe}: {counts}");
    }
    assert_patterns(&assessment["patterns"]);
    let tier = &assessment["tier"];
    assert_keys(tier, &["tier", "triggers"], "$.tier");
    assert_one_of(&tier["tier"], &["A", "H", "S", "L"], "tier");
    for trigger in items(&tier["triggers"], "$.tier.triggers") {
        assert_keys(trigger, &["id", "state", "reason", "evidence", "source"], "trigger");
        assert_one_of(&trigger["state"], &PATTERN, "trigger.state");
        assert!(trigger["reason"].as_str().is_some_and(|why| !why.is_empty()), "{trigger}");
    }
    assert_plan(&assessment["plan"]);
    for task in items(&assessment["data_tasks"], "$.data_tasks") {
        assert_keys(task, &["id", "reason"], "data task");
    }
}

fn assert_episode(episode: &Value) {
    let keys = [
        "number",
        "operations",
        "started_on",
        "cleared_on",
        "completeness",
        "cleared",
        "resected",
        "metastases",
        "viable",
        "benign",
        "occult",
        "by_lobe",
        "recurrence",
    ];
    assert_keys(episode, &keys, "episode");
    assert_one_of(&episode["cleared"], &TRUTH, "episode.cleared");
    for count in ["resected", "metastases", "viable", "benign", "occult"] {
        assert!(is_count(&episode[count]), "{count}: {episode}");
    }
    assert!(episode["by_lobe"].as_object().unwrap().values().all(is_count), "{episode}");
    let recurrence = &episode["recurrence"];
    assert_keys(recurrence, &["state", "on", "interval_days", "lobes", "same_lobe", "side"], "recurrence");
    assert_one_of(
        &recurrence["state"],
        &["none", "suspected", "confirmed", "refuted", "unknown"],
        "recurrence.state",
    );
    let sides = ["ipsilateral", "contralateral", "bilateral", "not_applicable", "unknown"];
    assert_one_of(&recurrence["side"], &sides, "recurrence.side");
    assert_one_of(&recurrence["same_lobe"], &TRUTH, "recurrence.same_lobe");
    assert!(recurrence["interval_days"].is_null() || is_bounds(&recurrence["interval_days"]), "{recurrence}");
}

/// Every pattern of the catalogue, in its order.
fn assert_patterns(patterns: &Value) {
    let ids: Vec<&str> = items(patterns, "$.patterns").iter().map(|it| it["id"].as_str().unwrap()).collect();
    let catalogue: Vec<String> = (1..=20).map(|number| format!("P{number:02}")).collect();
    assert_eq!(ids, catalogue);
    for pattern in items(patterns, "$.patterns") {
        assert_keys(pattern, &["id", "name", "state", "effect", "reason", "evidence", "missing"], "pattern");
        assert_one_of(&pattern["state"], &PATTERN, "pattern.state");
        assert!(pattern["reason"].as_str().is_some_and(|why| !why.is_empty()), "{pattern}");
        assert!(pattern["evidence"].is_array() && pattern["missing"].is_array(), "{pattern}");
    }
}

fn assert_plan(plan: &Value) {
    assert_keys(plan, &["anchor_on", "state", "next", "slots"], "$.plan");
    let states = ["active", "paused_by_decision", "refused", "transferring", "transferred", "ended"];
    assert_one_of(&plan["state"], &states, "plan.state");
    let slot_states = ["planned", "due", "overdue", "severely_overdue"];
    if !plan["next"].is_null() {
        assert_slot(&plan["next"]);
        assert_one_of(&plan["next"]["state"], &slot_states, "plan.next.state");
    }
    for slot in items(&plan["slots"], "$.plan.slots") {
        assert_slot(slot);
    }
}

/// A slot holds the keys of the contract; more of them are allowed here, because the contract leaves its slots open.
fn assert_slot(slot: &Value) {
    for key in ["due_on", "window", "state", "why"] {
        assert!(slot.get(key).is_some(), "{key}: {slot}");
    }
    assert_keys(&slot["window"], &["from", "to"], "window");
    let day = |value: &Value| value.as_str().unwrap().parse::<chrono::NaiveDate>().unwrap();
    assert!(
        day(&slot["window"]["from"]) <= day(&slot["due_on"])
            && day(&slot["due_on"]) <= day(&slot["window"]["to"])
    );
    assert!(!slot["why"].as_str().unwrap().is_empty(), "{slot}");
}

/// A patient with something in every part of the document, recurrence included.
fn full() -> Value {
    let mut document = operated("FULL-1", "default", days_ago(700), &[days_ago(600), days_ago(400)]);
    document["nodules"].as_array_mut().unwrap().extend([
        json!({"id": "n2", "lobe": "LUL", "sub": "lingula", "origin": "imaging"}),
        json!({"id": "g3", "lobe": "RLL", "count": 16, "origin": "palpation"}),
        json!({"id": "g4", "lobe": "left_nos", "count": null, "origin": "imaging"}),
    ]);
    let found = days_ago(400);
    document["imaging"][2]["lobes"]["LUL"] = json!("nodules");
    document["imaging"][2]["findings"] =
        json!([{"nodule": "n2", "status": "new", "long_mm": 7.5, "certainty": "probable"}]);
    document["imaging"][2]["not_itemised"] = json!([{"lobe": "LLL", "count": null, "max_mm": 3}]);
    document["operations"][0]["resections"].as_array_mut().unwrap().extend([
        json!({"nodule": "g3", "extent": "precision", "pathology": "met_viable"}),
        json!({"nodule": null, "lobe": "RLL", "specimen": "bleb", "extent": "wedge", "pathology": "benign"}),
    ]);
    document["systemic_therapies"] = json!([{"id": "s1", "regimen": "doxorubicin", "intent": "adjuvant", "started_on": "2020", "best_response": "SD"}]);
    document["local_therapies"] = json!([{"id": "r1", "kind": "sbrt", "intent": "curative", "started_on": days_ago(380), "ended_on": days_ago(370), "nodules": ["n2"]}]);
    document["thoracic_events"] = json!([{"on": found, "site": "mediastinum", "confirmed": true}]);
    document["extrathoracic_events"] = json!([{"on": days_ago(300), "kind": "distant", "site": "bone"}]);
    document["board_decisions"] = json!([{"on": days_ago(710), "decision": "metastasectomy", "planned_stages": 1,
        "preconditions": {"tolerates_resection": "yes", "primary_controlled": "yes", "complete_resection_achievable": "yes",
            "no_extrathoracic_disease": "yes", "no_better_option": "not_assessed"}}]);
    document
}

#[test]
fn every_case_and_a_full_document_are_answered_with_the_keys_of_the_contract() {
    let program = Program::on_sqlite();
    let mut files = case_files();
    files.push(format!("{}/tests/documents/contract-example.json", env!("CARGO_MANIFEST_DIR")));
    files.push(program.write("full.json", full().to_string()));
    let mut arguments = vec!["assess".to_owned()];
    arguments.extend(files.iter().cloned());
    let lines = program.done(&arguments);
    assert_eq!(lines.lines().count(), files.len(), "one line a document");
    for line in lines.lines() {
        assert_fits_the_contract(&parsed(line));
    }
    let last = parsed(lines.lines().last().unwrap());
    assert_eq!(last["study_id"], "FULL-1");
    assert_eq!(last["episodes"][0]["resected"], 17, "a bleb is no nodule: {last}");
    assert_eq!(last["lobes"]["left_nos"]["nodules"], json!({"min": 1}), "several are at least one");
    assert!(!program.path("registry.db").exists(), "assess needs no registry");
}

#[test]
fn an_assessment_depends_on_its_day_and_on_nothing_else() {
    let program = Program::on_sqlite();
    let file = program.write("full.json", full().to_string());
    let early = days_ago(650).to_string();
    let one = program.done(&["assess", "--as-of", &early, &file]);
    assert_eq!(one, program.done(&["assess", "--as-of", &early, &file]));
    let then = parsed(&one);
    assert_eq!(then["as_of"], json!(early));
    let (before, after) = (&then["episodes"][0]["recurrence"], parsed(&program.done(&["assess", &file])));
    assert!(
        before["on"].is_null() && before["lobes"] == json!([]),
        "what came later was not known then: {then}"
    );
    let after = &after["episodes"][0]["recurrence"];
    assert_eq!(after["on"], json!(days_ago(400)), "{after}");
    assert!(after["lobes"].as_array().unwrap().contains(&json!("LUL")), "{after}");
    let pretty = program.done(&["assess", "--pretty", "--as-of", &early, &file]);
    assert!(pretty.lines().count() > 50, "{pretty}");
    assert_eq!(parsed(&pretty), then);
    let read =
        program.run_reading(&["assess", "--as-of", &early, "-"], full().to_string().as_bytes()).with_code(0);
    assert_eq!(read.out, one);
}

#[test]
fn the_registry_and_assess_give_the_same_answer() {
    let program = Program::on_sqlite();
    let mut files = case_files();
    files.push(program.write("full.json", full().to_string()));
    program.import(&files).with_code(0);
    for file in &files {
        let alone = parsed(&program.done(&["assess", file]));
        let shown = program.done(&["patients", "show", alone["study_id"].as_str().unwrap(), "--json"]);
        assert_eq!(parsed(&shown)["assessment"], alone, "{file}");
    }
}

#[test]
fn assess_refuses_what_import_refuses_and_answers_the_rest() {
    let program = Program::on_sqlite();
    let mut wrong = full();
    wrong["nodules"][0]["lobe"] = json!("XLL");
    wrong["patient"]["study_id"] = json!("BAD-1");
    let file = program.write("mixed.json", json!([wrong, full()]).to_string());
    let ended = program.run(&["assess", &file]).with_code(2);
    assert_eq!(ended.out.lines().count(), 1, "{ended}");
    assert!(ended.err.contains("$.nodules[0].lobe"), "{ended}");
    let protocol = program.write("protocol.toml", "id = 7");
    let ended = program.run(&["assess", "--protocol", &protocol, &file]).with_code(2);
    assert!(ended.err.contains("protocol.toml"), "{ended}");
}
