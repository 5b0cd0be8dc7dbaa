//! A story as the scenario files write it, made into a history document.

use serde_json::{Map, Value, json};

const LOBES: [&str; 5] = ["RUL", "RML", "RLL", "LUL", "LLL"];

/// The beginning without some of its parts, and with what is added, as a history document.
pub fn document(beginning: &Map<String, Value>, without: &[String], add: &Map<String, Value>) -> Value {
    let mut story = json!({ "patient": {} });
    merge(&mut story, &Value::Object(beginning.clone()));
    for path in without {
        assert!(remove(&mut story, path), "there is no `{path}` to leave out");
    }
    merge(&mut story, &Value::Object(add.clone()));
    spell_out(&mut story);
    story["format"] = json!("lobewatch.history/1");
    let patient = story["patient"].as_object_mut().unwrap();
    patient.entry("study_id").or_insert_with(|| json!("P-0001"));
    story
}

/// Tables are joined key by key; entries of a list with the same id (findings and
/// resections: of the same nodule) likewise; other entries are appended.
pub fn merge(onto: &mut Value, other: &Value) {
    match (onto, other) {
        (Value::Object(onto), Value::Object(other)) => {
            for (key, value) in other {
                merge(onto.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(onto), Value::Array(other)) if other.iter().all(Value::is_object) => {
            let before = onto.len();
            for value in other {
                let same = ["id", "nodule"].into_iter().find(|key| !value[key].is_null());
                let mut old = onto[..before].iter_mut();
                match same.and_then(|key| old.find(|one| one[key] == value[key])) {
                    Some(same) => merge(same, value),
                    None => onto.push(value.clone()),
                }
            }
        }
        (onto, other) => *onto = other.clone(),
    }
}

/// Takes `operations/op1/completeness` out: keys, and in lists the id (or the number from 0) of an entry.
fn remove(story: &mut Value, path: &str) -> bool {
    let Some((first, rest)) = path.split_once('/') else {
        return match story {
            Value::Object(object) => object.remove(path).is_some(),
            Value::Array(list) => entry(list, path).is_some_and(|at| {
                list.remove(at);
                true
            }),
            _ => false,
        };
    };
    match story {
        Value::Object(object) => object.get_mut(first).is_some_and(|inner| remove(inner, rest)),
        Value::Array(list) => entry(list, first).is_some_and(|at| remove(&mut list[at], rest)),
        _ => false,
    }
}

fn entry(list: &[Value], name: &str) -> Option<usize> {
    let by_id = list.iter().position(|one| one["id"] == name);
    by_id.or_else(|| name.parse().ok().filter(|at| *at < list.len()))
}

/// `lobes = "clear"` states all five, `others = "clear"` those that are not named; `count = "several"` is the
/// document's `null`, which TOML cannot write.
fn spell_out(story: &mut Value) {
    for study in entries(story, "imaging") {
        if let Some(all) = study.get("lobes").filter(|lobes| lobes.is_string()).cloned() {
            study["lobes"] = json!({ "others": all });
        }
        if let Some(lobes) = study.get_mut("lobes").and_then(Value::as_object_mut)
            && let Some(others) = lobes.remove("others")
        {
            for lobe in LOBES {
                lobes.entry(lobe).or_insert_with(|| others.clone());
            }
        }
        several(study, "not_itemised");
    }
    several(story, "nodules");
}

fn several(within: &mut Value, list: &str) {
    for entry in entries(within, list) {
        if entry["count"] == "several" {
            entry["count"] = Value::Null;
        }
    }
}

fn entries<'a>(within: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    within.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

#[test]
fn a_story_is_the_beginning_without_some_and_with_more() {
    let text = r#"
        beginning = { operations = [{ id = "op1", on = "2020-01-01", completeness = "R0" }] }
        add = { operations = [{ id = "op1", on = "2020-02-01" }, { id = "op2" }], imaging = [{ id = "ct1", lobes = { RLL = "nodules", others = "clear" } }] }
    "#;
    let value: Value = toml::from_str(text).unwrap();
    let part = |name: &str| value[name].as_object().unwrap().clone();
    let story = document(&part("beginning"), &["operations/op1/completeness".to_owned()], &part("add"));
    assert_eq!(story["operations"], json!([{ "id": "op1", "on": "2020-02-01" }, { "id": "op2" }]));
    let lobes = json!({ "RUL": "clear", "RML": "clear", "RLL": "nodules", "LUL": "clear", "LLL": "clear" });
    assert_eq!(story["imaging"][0]["lobes"], lobes);
}
