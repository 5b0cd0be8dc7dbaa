//! Arbitrary histories for property tests, grown from the published schema, so that a new key is tested the day
//! it is added. Documents are in canonical form: nothing in them may get lost or be added on the way.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{read, schema};
use crate::domain::history::History;

/// Any legal document in canonical form.
pub fn any_document() -> impl Strategy<Value = Value> {
    any::<u64>().prop_map(document)
}

/// Any legal history.
pub fn any_history() -> impl Strategy<Value = History> {
    any_document().prop_map(|document| read::read(&document.to_string()).unwrap())
}

/// The document of a seed.
pub fn document(seed: u64) -> Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(schema::history);
    let mut grower = Grower { root: &SCHEMA, state: seed };
    let mut document = grower.grow(&SCHEMA);
    document["format"] = json!("lobewatch.history/1");
    document["patient"]["study_id"] = json!(format!("P-{seed}"));
    grower.fit_together(&mut document);
    document
}

struct Grower<'a> {
    root: &'a Value,
    state: u64,
}

impl Grower<'_> {
    /// The splitmix64 sequence: small, and the same on every machine.
    fn next(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn pick<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        let index = self.next(list.len() as u64);
        &list[usize::try_from(index).unwrap()]
    }

    fn grow(&mut self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap();
            return self.grow(target);
        }
        if let Some(either) = schema["anyOf"].as_array() {
            return self.grow(&either[0]);
        }
        if let Some(codes) = schema["enum"].as_array() {
            let codes: Vec<_> = codes.iter().filter(|code| !code.is_null()).collect();
            return (*self.pick(&codes)).clone();
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap();
        match kind {
            "object" => self.object(schema),
            "array" => {
                let length = 1 + self.next(2);
                (0..length).map(|_| self.grow(&schema["items"])).collect()
            }
            "boolean" => json!(self.next(2) == 0),
            "integer" => {
                let least = schema["minimum"].as_u64().unwrap();
                let span = (schema["maximum"].as_u64().unwrap() - least + 1).min(1_000);
                json!(least + self.next(span))
            }
            "number" => self.number(schema["maximum"].as_f64().unwrap()),
            "string" => self.text(schema),
            other => panic!("a schema type that is not grown yet: {other}"),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (key, property) in schema["properties"].as_object().unwrap() {
            if required.iter().any(|it| it == key) || self.next(10) < 6 {
                object.insert(key.clone(), self.grow(property));
            }
        }
        Value::Object(object)
    }

    fn number(&mut self, most: f64) -> Value {
        match self.next(3) {
            0 => json!(1 + self.next(most as u64)),
            1 => json!((1 + 10 * self.next(most as u64)) as f64 / 10.0),
            // All digits a float has: reading and writing them must settle.
            _ => json!(most * (self.next(1 << 53) as f64 + 0.5) / (1_u64 << 53) as f64),
        }
    }

    fn text(&mut self, schema: &Value) -> Value {
        match schema["pattern"].as_str() {
            Some(pattern) if pattern.starts_with("^[89]") => {
                json!(format!("{}/{}", 8000 + self.next(2000), self.pick(&[0, 1, 2, 3, 6, 9])))
            }
            Some(_) => json!(self.date()),
            None if schema["maxLength"] == 10_000 => {
                json!(*self.pick(&[
                    "a",
                    "ö 水 \u{1f600}",
                    "line\nand\ttab",
                    " outer ",
                    "\"quoted\" \\ {[",
                    "null"
                ]))
            }
            None => json!(*self.pick(&["x", "default", "ä-1", "[", "\"q\""])),
        }
    }

    fn date(&mut self) -> String {
        let (a, b) = (1900 + self.next(60), 1960 + self.next(60));
        let (month, day) = (1 + self.next(12), 1 + self.next(28));
        match self.next(7) {
            0 => format!("{a}"),
            1 => format!("{a}-{month:02}"),
            2 => format!("[{a}-{month:02}-{day:02}..{b}-01-31]"),
            3 => format!("[{a}-{month:02}-{day:02}..]"),
            4 => format!("[..{b}-{month:02}-{day:02}]"),
            _ => format!("{b}-{month:02}-{day:02}"),
        }
    }

    /// Makes ids unique, references lead somewhere, and takes out what the contract forbids together.
    fn fit_together(&mut self, document: &mut Value) {
        self.fit_primaries(document);
        let count = entries(document, "nodules").len() as u64;
        for (index, nodule) in entries(document, "nodules").iter_mut().enumerate() {
            nodule["id"] = json!(format!("n{index}"));
            self.count(nodule);
            let neighbours = matches!(
                (nodule["lobe"].as_str(), nodule["fissural_with"].as_str()),
                (Some("RUL"), Some("RML" | "RLL"))
                    | (Some("RML"), Some("RUL" | "RLL"))
                    | (Some("RLL"), Some("RUL" | "RML"))
                    | (Some("LUL"), Some("LLL"))
                    | (Some("LLL"), Some("LUL"))
            );
            retain(nodule, "fissural_with", neighbours);
            let upper_left = nodule["lobe"] == "LUL";
            retain(nodule, "sub", upper_left);
        }
        for (index, study) in entries(document, "imaging").iter_mut().enumerate() {
            study["id"] = json!(format!("s{index}"));
            let stated = study["lobes"].as_object().is_some_and(|lobes| !lobes.is_empty());
            retain(study, "lobes", stated);
            if study.get("comparator").is_some() {
                study["comparator"] = json!(format!("s{}", self.next(index as u64 + 1)));
            }
            for place in entries(study, "not_itemised") {
                self.count(place);
            }
            if let Some(Value::Array(findings)) = study.get_mut("findings") {
                findings.truncate(usize::try_from(count).unwrap());
            }
            for (place, finding) in entries(study, "findings").iter_mut().enumerate() {
                finding["nodule"] = json!(format!("n{place}"));
            }
            prune(study, "findings");
        }
        for (index, operation) in entries(document, "operations").iter_mut().enumerate() {
            self.fit_operation(operation, index as u64, count);
        }
        for (index, therapy) in entries(document, "systemic_therapies").iter_mut().enumerate() {
            therapy["id"] = json!(format!("t{index}"));
        }
        let operated = !entries(document, "operations").is_empty();
        for (index, therapy) in entries(document, "local_therapies").iter_mut().enumerate() {
            retain(therapy, "stage_of", operated);
            if therapy.get("stage_of").is_some() {
                therapy["stage_of"] = json!("o0");
            }
            therapy["id"] = json!(format!("l{index}"));
            retain(therapy, "nodules", count > 0);
            retain(therapy, "local_statuses", count > 0);
            for nodule in entries(therapy, "nodules") {
                *nodule = json!(format!("n{}", self.next(count)));
            }
            for status in entries(therapy, "local_statuses") {
                status["nodule"] = json!(format!("n{}", self.next(count)));
            }
        }
        retain(document, "nodule_links", count > 1);
        for link in entries(document, "nodule_links") {
            let one = self.next(count);
            let other = (one + 1 + self.next(count - 1)) % count;
            link["nodule"] = json!(format!("n{one}"));
            link["same_as"] = json!(format!("n{other}"));
        }
        let alive = document["follow_up"]["vital_status"] == "alive";
        if document["follow_up"].is_null() {
            document.as_object_mut().unwrap().remove("follow_up");
        } else {
            retain(&mut document["follow_up"], "died_on", !alive);
        }
    }

    fn fit_primaries(&mut self, document: &mut Value) {
        let others = entries(document, "other_primaries");
        for (index, primary) in others.iter_mut().enumerate() {
            primary["id"] = json!(format!("p{index}"));
        }
        let number = others.len() as u64;
        if document.get("primary").is_some() {
            retain(&mut document["primary"], "id", false);
        }
        if document["lung_metastases"].get("from_primary").is_some() {
            let named = [json!("primary"), json!(format!("p{}", number.saturating_sub(1)))];
            let known = if number > 0 { &named[..] } else { &named[..1] };
            document["lung_metastases"]["from_primary"] = self.pick(known).clone();
        }
    }

    fn fit_operation(&mut self, operation: &mut Value, index: u64, nodules: u64) {
        operation["id"] = json!(format!("o{index}"));
        let default = operation["purpose"] == "metastasectomy";
        retain(operation, "purpose", !default);
        retain(operation, "stage_of", index > 0);
        if operation.get("stage_of").is_some() {
            operation["stage_of"] = json!(format!("o{}", self.next(index)));
        }
        for left in entries(operation, "left_behind") {
            self.count(left);
        }
        if let Some(nodes) = operation.get_mut("nodes")
            && nodes["positive"].as_u64() > nodes["sampled"].as_u64()
        {
            retain(nodes, "sampled", false);
        }
        for resection in entries(operation, "resections") {
            let recorded = nodules > 0 && self.next(2) == 0;
            if recorded {
                resection["nodule"] = json!(format!("n{}", self.next(nodules)));
                retain(resection, "specimen", false);
                retain(resection, "count", false);
            } else {
                retain(resection, "nodule", false);
                resection["specimen"] = json!(*self.pick(&["nodule", "bleb", "node", "parenchyma", "other"]));
                resection["lobe"] = json!(*self.pick(&["RUL", "LLL", "nos", "left_nos"]));
                self.count(resection);
            }
        }
    }

    /// Absent, several, or a number above one: one is written as absent.
    fn count(&mut self, entry: &mut Value) {
        match self.next(3) {
            0 => retain(entry, "count", false),
            1 => entry["count"] = Value::Null,
            _ => entry["count"] = json!(2 + self.next(50)),
        }
    }
}

fn entries<'a>(object: &'a mut Value, key: &str) -> &'a mut [Value] {
    object.get_mut(key).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

fn retain(object: &mut Value, key: &str, keep: bool) {
    if !keep {
        object.as_object_mut().unwrap().remove(key);
    }
}

fn prune(object: &mut Value, key: &str) {
    let empty = object[key].as_array().is_none_or(Vec::is_empty);
    retain(object, key, !empty);
}

#[cfg(test)]
mod properties {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::{
        assemble::assemble,
        compare::{FactChange, compare},
        facts::split,
        write,
    };

    fn keys(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                into.extend(object.keys().cloned());
                object.values().for_each(|value| keys(value, into));
            }
            Value::Array(list) => list.iter().for_each(|value| keys(value, into)),
            _ => {}
        }
    }

    #[test]
    fn the_documents_use_every_key_of_the_schema() {
        let mut used = BTreeSet::new();
        for seed in 0..300 {
            keys(&document(seed), &mut used);
        }
        let schema = schema::history();
        let mut objects: Vec<&Value> = schema["$defs"].as_object().unwrap().values().collect();
        objects.push(&schema);
        for object in objects {
            for key in object["properties"].as_object().into_iter().flat_map(Map::keys) {
                assert!(used.contains(key), "no document holds `{key}`");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_added_between_reading_and_writing(document in any_document()) {
            let text = write::normalise(document.to_string().as_bytes()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
            prop_assert_eq!(&write::normalise(text.as_bytes()).unwrap(), &text);
        }

        #[test]
        fn a_history_written_is_read_back(history in any_history()) {
            prop_assert_eq!(&read::read(&write::pretty(&history)).unwrap(), &history);
            let line = write::compact(&history);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(read::read(&line).unwrap(), history);
        }

        #[test]
        fn facts_in_any_order_make_the_same_history(history in any_history()) {
            let mut facts = split(&history);
            prop_assert!(compare(&facts, &facts).is_empty());
            facts.reverse();
            prop_assert_eq!(assemble(&facts).unwrap(), history);
        }

        #[test]
        fn applying_the_differences_gives_the_incoming_history(old in any_history(), new in any_history()) {
            let (mut stored, incoming) = (split(&old), split(&new));
            for difference in compare(&stored, &incoming) {
                stored.retain(|fact| (fact.kind, &fact.key) != (difference.kind, &difference.key));
                if difference.change != FactChange::Withdrawn {
                    stored.push(difference.fact);
                }
            }
            prop_assert!(compare(&stored, &incoming).is_empty());
            prop_assert!(assemble(&stored).is_ok());
        }

        #[test]
        fn stored_rubbish_is_a_problem_and_not_a_panic(history in any_history(), at in any::<usize>(), rubbish in ".*") {
            let mut facts = split(&history);
            let index = at % facts.len();
            facts[index].content = rubbish;
            prop_assert!(assemble(&facts).is_err());
        }
    }
}
