//! One scenario file: a beginning that its stories share, and the stories with what is expected of each.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{compare::subset, story};
use crate::{
    assessment::assess,
    document::{assessment::AssessmentDocument, read},
    protocol::{Protocol, SHIPPED},
};

/// Where the files are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(skip)]
    pub path: String,
    /// What the file is about; a file of a pattern begins with its id.
    pub title: String,
    /// The day of every story that names none.
    as_of: Option<String>,
    /// What every story of the file begins with, in the words of the history document.
    #[serde(default)]
    beginning: Map<String, Value>,
    #[serde(rename = "scenario")]
    pub scenarios: Vec<Scenario>,
}

/// What a scenario shows of the pattern that its file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shows {
    /// The pattern is true.
    Flags,
    /// It is false.
    Clear,
    /// It is open.
    Unknown,
    /// It is true or false, exactly at the limit.
    Limit,
}

impl Shows {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Flags => "flags",
            Self::Clear => "clear",
            Self::Unknown => "unknown",
            Self::Limit => "limit",
        }
    }

    const fn states(self) -> &'static [&'static str] {
        match self {
            Self::Flags => &["true"],
            Self::Clear => &["false"],
            Self::Unknown => &["unknown"],
            Self::Limit => &["true", "false"],
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// The same in prose, for people.
    #[serde(rename = "story")]
    _story: Option<String>,
    pub shows: Option<Shows>,
    as_of: Option<String>,
    /// Added to the beginning; entries with an id that is there already are changed.
    #[serde(default)]
    add: Map<String, Value>,
    /// Taken out of the beginning before anything is added, such as `operations/op1/completeness`.
    #[serde(default)]
    without: Vec<String>,
    /// Values of the protocol that are other than shipped.
    #[serde(default)]
    protocol: Map<String, Value>,
    expect: Map<String, Value>,
}

impl File {
    /// Every file, in the order of their paths.
    pub fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        collect(std::path::Path::new(FOLDER), &mut paths);
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &std::path::Path) -> Self {
        let shown = path.strip_prefix(FOLDER).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let mut file: Self = toml::from_str(&text).unwrap_or_else(|problem| panic!("{shown}: {problem}"));
        file.path = shown;
        file
    }

    /// The id of the pattern that the file is about.
    pub fn pattern(&self) -> Option<String> {
        let first = self.title.split_whitespace().next()?;
        let is_id = self.path.starts_with("patterns/") && first.len() == 3 && first.starts_with('P');
        is_id.then(|| first.to_owned())
    }
}

fn collect(folder: &std::path::Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("statistics") {
            // Shares have a form of their own.
            continue;
        }
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
}

impl Scenario {
    /// Every difference between what is expected and what the assessment says.
    pub fn check(&self, file: &File) -> Vec<String> {
        let document = story::document(&file.beginning, &self.without, &self.add);
        let history = match read::read(&document.to_string()) {
            Ok(history) => history,
            Err(problems) => return vec![format!("is no history document: {problems:?}")],
        };
        let Some(as_of) = self.as_of.as_ref().or(file.as_of.as_ref()) else {
            return vec!["has no `as_of`, and neither has its file".to_owned()];
        };
        let assessment = assess(&history, &self.protocol(), as_of.parse().unwrap());
        let actual = serde_json::to_value(AssessmentDocument::from(&assessment)).unwrap();
        let mut problems = Vec::new();
        for (key, expected) in &self.expect {
            check_one(key, expected, &actual, &mut problems);
        }
        if let (Some(shows), Some(pattern)) = (self.shows, file.pattern()) {
            let state = pattern_of(&actual, &pattern)["state"].as_str().unwrap().to_owned();
            if !shows.states().contains(&state.as_str()) {
                problems.push(format!("{pattern} is `{state}`, which does not show `{}`", shows.code()));
            }
            if !self.expect.contains_key(&pattern) {
                problems.push(format!("does not say what it expects of {pattern}"));
            }
        }
        problems
    }

    fn protocol(&self) -> Protocol {
        static UNCHANGED: LazyLock<Protocol> = LazyLock::new(|| Protocol::parse(SHIPPED).unwrap());
        if self.protocol.is_empty() {
            return UNCHANGED.clone();
        }
        let mut shipped: Value = toml::from_str(SHIPPED).unwrap();
        story::merge(&mut shipped, &Value::Object(self.protocol.clone()));
        let text = toml::to_string(&shipped).unwrap();
        Protocol::parse(&text).unwrap_or_else(|problems| panic!("{}: {problems:?}", self.name))
    }
}

fn pattern_of<'a>(actual: &'a Value, id: &str) -> &'a Value {
    actual["patterns"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()
}

/// The short forms of `tests/scenarios/README.md`; every other key is one of the assessment document.
fn check_one(key: &str, expected: &Value, actual: &Value, problems: &mut Vec<String>) {
    let is_pattern = key.len() == 3 && key.starts_with('P');
    match key {
        _ if is_pattern => check_answer(key, expected, pattern_of(actual, key), problems),
        "tier" if expected.is_string() => subset(expected, &actual["tier"]["tier"], key, problems),
        "triggers" => {
            for (id, state) in expected.as_object().unwrap() {
                let triggers = actual["tier"]["triggers"].as_array().unwrap();
                match triggers.iter().find(|one| one["id"] == *id) {
                    Some(one) => check_answer(&format!("trigger {id}"), state, one, problems),
                    None => problems.push(format!("there is no trigger `{id}`")),
                }
            }
        }
        "tasks" | "no_tasks" => {
            let tasks = actual["data_tasks"].as_array().unwrap();
            for id in expected.as_array().unwrap() {
                let is_there = tasks.iter().any(|task| task["id"] == *id);
                if is_there != (key == "tasks") {
                    let ids: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
                    problems.push(format!(
                        "{key}: {id} is {}: {ids:?}",
                        if is_there { "there" } else { "not there" }
                    ));
                }
            }
        }
        "number_of_episodes" => {
            subset(expected, &json!(actual["episodes"].as_array().unwrap().len()), key, problems);
        }
        _ => subset(expected, &actual[key], key, problems),
    }
}

/// The answer of a pattern or a trigger of the tier: its state alone, or a table of what it holds.
fn check_answer(key: &str, expected: &Value, found: &Value, problems: &mut Vec<String>) {
    let mut expected = match expected {
        Value::String(state) => json!({ "state": state }),
        other => other.clone(),
    };
    check_words(key, &mut expected, &found["reason"], problems);
    let before = problems.len();
    subset(&expected, found, key, problems);
    if problems.len() > before {
        problems.push(format!("{key} says: {}", found["reason"]));
    }
}

/// `says` lists words that the sentence of a pattern must hold.
fn check_words(key: &str, expected: &mut Value, reason: &Value, problems: &mut Vec<String>) {
    let Some(says) = expected.as_object_mut().and_then(|expected| expected.remove("says")) else { return };
    for words in says.as_array().unwrap() {
        if !reason.as_str().unwrap().contains(words.as_str().unwrap()) {
            problems.push(format!("{key} does not say {words}: {reason}"));
        }
    }
}
