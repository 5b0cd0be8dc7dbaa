//! The JSON Schemas of both formats, generated from the wire structs.
//!
//! `docs/schema/*.json` holds them. A test compares; `LOBEWATCH_UPDATE=1 cargo test schema` writes them anew.

use schemars::{Schema, generate::SchemaSettings};
use serde_json::Value;

use super::{assessment::AssessmentDocument, field::REQUIRED_MARK, history::HistoryDocument};

/// The schema of `lobewatch.history/1`.
#[must_use]
pub fn history() -> Value {
    let mut schema = schema_of::<HistoryDocument>("lobewatch.history/1");
    // The patient is an object, so it carries no mark of its own.
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.push("patient".into());
    }
    schema
}

/// The schema of `lobewatch.assessment/1`.
#[must_use]
pub fn assessment() -> Value {
    schema_of::<AssessmentDocument>("lobewatch.assessment/1")
}

fn schema_of<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema: Schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    let mut value = schema.to_value();
    mark_required(&mut value);
    value
}

/// Lists marked keys under `required`, and drops the defaults that serde's `default` brings along: the contract
/// has no default but those its descriptions name.
fn mark_required(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(mark_required),
        Value::Object(object) => {
            let is_schema = !object.contains_key("properties") || object.contains_key("type");
            if is_schema {
                object.remove("default");
            }
            let mut required = Vec::new();
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                for (key, property) in properties.iter_mut() {
                    if property.as_object_mut().is_some_and(|it| it.remove(REQUIRED_MARK).is_some()) {
                        required.push(Value::from(key.as_str()));
                    }
                }
            }
            if !required.is_empty() {
                object.insert("required".to_owned(), required.into());
            }
            object.values_mut().for_each(mark_required);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schemas_are_those_of_the_types() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
        for (name, schema) in [("history-1.json", history()), ("assessment-1.json", assessment())] {
            let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
            let file = folder.join(name);
            if std::env::var_os("LOBEWATCH_UPDATE").is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            let published = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(
                published == text,
                "docs/schema/{name} is stale; run LOBEWATCH_UPDATE=1 cargo test schema"
            );
        }
    }

    #[test]
    fn a_coded_field_is_an_enum_and_required_keys_are_required() {
        let schema = history();
        let nodule = schema.pointer("/$defs/NoduleEntry").unwrap();
        assert_eq!(nodule["required"], serde_json::json!(["id", "lobe"]));
        assert_eq!(nodule["additionalProperties"], false);
        assert_eq!(nodule["properties"]["lobe"]["enum"][0], "RUL");
        assert_eq!(
            nodule["properties"]["origin"]["enum"],
            serde_json::json!(["imaging", "palpation", "specimen", null])
        );
        assert!(!schema.to_string().contains(REQUIRED_MARK));
    }
}
