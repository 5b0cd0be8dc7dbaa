//! Reads typed values out of the merged layers, remembering each key, its source and every problem on the way.
//!
//! A key is known because a section asked for it; what nobody asked for is unknown and refused. Reading goes on after a
//! problem: the caller gets `None` and no settings are handed out in the end.

use std::{collections::BTreeSet, ops::RangeInclusive, path::PathBuf, str::FromStr};

use figment::{
    Figment, Profile, Provider,
    value::{Dict, Num, Value},
};
use lettre::Address;

use super::{
    layers::{BUILT_IN, TEXT_LAYER},
    nearest::nearest,
    problem::ConfigProblem,
    secret::{HIDDEN, Secret, hide_url_password, read_secret_file},
};
use crate::mail::address::MailAddress;

/// How an unset key is shown.
const UNSET: &str = "(not set)";

/// One key with the value in force and its source, fit for a terminal: secrets are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedValue {
    /// The full key, for example `database.url`.
    pub key: String,
    /// The value in force; `[hidden]` for a secret, `(not set)` for a key without one.
    pub shown_value: String,
    /// Where it came from: `built-in default`, `file PATH`, `environment variable NAME` or `command line`.
    pub source: String,
}

/// How a value may be shown.
#[derive(Clone, Copy)]
enum Show {
    Plain,
    Url,
    Never,
}

/// The merged layers, while the sections read them.
pub(super) struct Reader {
    figment: Figment,
    tree: Dict,
    known: BTreeSet<String>,
    refused: Vec<String>,
    values: Vec<DescribedValue>,
    problems: Vec<ConfigProblem>,
}

impl Reader {
    pub(super) fn new(figment: Figment, mut problems: Vec<ConfigProblem>) -> Self {
        let tree = match figment.data() {
            Ok(mut profiles) => profiles.remove(&Profile::Default).unwrap_or_default(),
            Err(error) => {
                problems.push(ConfigProblem {
                    key: "--config".to_owned(),
                    source: "all layers".to_owned(),
                    problem: format!("cannot be merged: {}", error.kind),
                    remedy: "give each section as a table".to_owned(),
                });
                Dict::new()
            }
        };
        Self { figment, tree, known: BTreeSet::new(), refused: Vec::new(), values: Vec::new(), problems }
    }

    /// Text that must be there and not be empty.
    pub(super) fn text(&mut self, key: &str, remedy: &str) -> Option<String> {
        let before = self.problems.len();
        let text = self.shown_text(key, Show::Plain);
        if text.is_none() && self.problems.len() == before {
            self.problem(key, "is needed and not set", remedy);
        }
        text
    }

    /// Text that may be missing; empty text counts as missing.
    pub(super) fn optional_text(&mut self, key: &str) -> Option<String> {
        self.shown_text(key, Show::Plain)
    }

    /// Text of a form of its own, for example an address and port. `form` says what is expected.
    pub(super) fn parsed<T: FromStr>(&mut self, key: &str, form: &str) -> Option<T> {
        let text = self.text(key, &format!("give {form}"))?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(
                key,
                &format!("is `{}`, which is not {form}", printable(&text)),
                &format!("give {form}"),
            );
        }
        parsed
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let remedy = format!("choose one of {}", words.join(", "));
        let text = self.text(key, &remedy)?;
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if chosen.is_none() {
            self.problem(key, &format!("is `{}`, which does not exist", printable(&text)), &remedy);
        }
        chosen
    }

    /// A whole number within `range`, both ends allowed.
    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let remedy = format!("give a whole number from {} to {}", range.start(), range.end());
        let found = self.find(key).cloned();
        let text_layer = found.as_ref().is_some_and(|value| self.is_text_layer(value));
        let number = match &found {
            Some(Value::Num(_, number)) => whole(*number).and_then(|n| u64::try_from(n).ok()),
            Some(Value::String(_, text)) if text_layer => text.trim().parse().ok(),
            _ => None,
        };
        self.note(key, found.as_ref(), Show::Plain);
        match number {
            Some(number) if range.contains(&number) => Some(number),
            _ => {
                let shown = found.as_ref().map_or_else(|| UNSET.to_owned(), show_plain);
                self.problem(key, &format!("is {shown}, which is not possible"), &remedy);
                None
            }
        }
    }

    /// An e-mail address that may be missing.
    pub(super) fn optional_address(&mut self, key: &str) -> Option<Address> {
        let text = self.optional_text(key)?;
        self.address(key, &text)
    }

    /// An address that every relay takes, as strict as the mail module: what passes here can be sent to.
    pub(super) fn address(&mut self, key: &str, text: &str) -> Option<Address> {
        let address = MailAddress::parse(text).ok().and_then(|_| text.parse().ok());
        if address.is_none() {
            let problem = format!("is `{}`, which is no e-mail address", printable(text));
            self.problem(key, &problem, "give one plain address, as in name@clinic.example");
        }
        address
    }

    /// A path that may be missing.
    pub(super) fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        self.optional_text(key).map(PathBuf::from)
    }

    /// A secret given directly or, better, by a file; giving both is a problem, since one of them would be ignored.
    pub(super) fn secret(&mut self, key: &str, file_key: &str) -> Option<Secret> {
        self.secret_shown_as(key, file_key, Show::Never)
    }

    /// A URL that may hold a password, given directly or by a file.
    pub(super) fn secret_url(&mut self, key: &str, file_key: &str) -> Option<Secret> {
        self.secret_shown_as(key, file_key, Show::Url)
    }

    fn secret_shown_as(&mut self, key: &str, file_key: &str, show: Show) -> Option<Secret> {
        let direct = self.shown_text(key, show);
        let path = self.optional_path(file_key);
        let Some(path) = path else { return direct.map(Secret::new) };
        if direct.is_some() && !self.is_default(key) {
            let source = self.source(key);
            let problem = format!("is set beside `{key}` ({source}), so one of them would be ignored");
            self.problem(file_key, &problem, &format!("remove `{key}` or `{file_key}`"));
            return None;
        }
        match read_secret_file(&path) {
            Ok(secret) => Some(secret),
            Err(error) => {
                let problem = format!("names the file `{}`, which {error}", path.display());
                self.problem(
                    file_key,
                    &problem,
                    "make it readable by this user only (chmod 600) and put the value in",
                );
                None
            }
        }
    }

    /// The text of a key as it stands, without noting it or judging it; for checks that span several keys.
    pub(super) fn peek(&self, key: &str) -> Option<&str> {
        self.find(key)?.as_str()
    }

    /// The names directly below `section`, and whether each is a table.
    pub(super) fn names_below(&self, section: &str) -> Vec<(String, bool)> {
        match self.find(section) {
            Some(Value::Dict(_, dict)) => {
                dict.iter().map(|(name, value)| (name.clone(), matches!(value, Value::Dict(..)))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Reports a problem with the whole of `section` and leaves its keys alone.
    pub(super) fn refuse_section(&mut self, section: String, problem: &str, remedy: &str) {
        let source = self.first_source_below(&section);
        self.problems.push(ConfigProblem {
            key: section.clone(),
            source,
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        });
        self.refused.push(section);
    }

    /// Reports a problem with `key`.
    pub(super) fn problem(&mut self, key: &str, problem: &str, remedy: &str) {
        self.problems.push(ConfigProblem {
            key: key.to_owned(),
            source: self.source(key),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    /// Whether the value of `key` is the one of the embedded defaults.
    pub(super) fn is_default(&self, key: &str) -> bool {
        self.source(key) == BUILT_IN
    }

    /// How many problems there are so far.
    pub(super) fn problem_count(&self) -> usize {
        self.problems.len()
    }

    /// Reports every key no section has asked for.
    pub(super) fn refuse_unknown_keys(&mut self) {
        let mut leaves = Vec::new();
        collect_leaves("", &self.tree, &mut leaves);
        for (key, value) in leaves {
            let below = format!("{key}.");
            let is_empty_section =
                matches!(value, Value::Dict(..)) && self.known.iter().any(|known| known.starts_with(&below));
            let is_refused =
                self.refused.iter().any(|section| key == *section || key.starts_with(&format!("{section}.")));
            if self.known.contains(&key) || is_empty_section || is_refused {
                continue;
            }
            let remedy = match nearest(&key, self.known.iter()) {
                Some(known) => format!("remove it; did you mean `{known}`?"),
                None => "remove it; the built-in default.toml names every key".to_owned(),
            };
            let source = self.source_of(&value);
            self.problems.push(ConfigProblem {
                key,
                source,
                problem: "is not a known key".to_owned(),
                remedy,
            });
        }
    }

    /// Everything seen and everything wrong.
    pub(super) fn finish(self) -> (Vec<DescribedValue>, Vec<ConfigProblem>) {
        (self.values, self.problems)
    }

    fn shown_text(&mut self, key: &str, show: Show) -> Option<String> {
        let found = self.find(key).cloned();
        self.note(key, found.as_ref(), show);
        match found? {
            Value::String(_, text) if text.trim().is_empty() => None,
            Value::String(_, text) => Some(text),
            _ => {
                self.problem(key, "is not text", "write it in quotes");
                None
            }
        }
    }

    fn note(&mut self, key: &str, value: Option<&Value>, show: Show) {
        self.known.insert(key.to_owned());
        let shown_value = match (value, show) {
            (None, _) => UNSET.to_owned(),
            (Some(Value::String(_, text)), _) if text.trim().is_empty() => UNSET.to_owned(),
            (Some(_), Show::Never) => HIDDEN.to_owned(),
            (Some(Value::String(_, text)), Show::Url) => hide_url_password(text),
            (Some(value), _) => show_plain(value),
        };
        self.values.push(DescribedValue { key: key.to_owned(), shown_value, source: self.source(key) });
    }

    fn find(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let mut value = self.tree.get(parts.next()?)?;
        for part in parts {
            value = value.as_dict()?.get(part)?;
        }
        Some(value)
    }

    fn source(&self, key: &str) -> String {
        self.find(key).map_or_else(|| "no layer sets it".to_owned(), |value| self.source_of(value))
    }

    fn source_of(&self, value: &Value) -> String {
        let metadata = self.figment.get_metadata(value.tag());
        metadata.map_or_else(|| "unknown source".to_owned(), |metadata| metadata.name.to_string())
    }

    fn first_source_below(&self, section: &str) -> String {
        let mut leaves = Vec::new();
        collect_leaves("", &self.tree, &mut leaves);
        let below = format!("{section}.");
        let found = leaves.iter().find(|(key, _)| key == section || key.starts_with(&below));
        found.map_or_else(|| self.source(section), |(_, value)| self.source_of(value))
    }

    fn is_text_layer(&self, value: &Value) -> bool {
        let metadata = self.figment.get_metadata(value.tag());
        let source = metadata.and_then(|metadata| metadata.source.as_ref());
        source.and_then(|source| source.custom()) == Some(TEXT_LAYER)
    }
}

fn collect_leaves(path: &str, dict: &Dict, leaves: &mut Vec<(String, Value)>) {
    for (name, value) in dict {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => collect_leaves(&key, inner, leaves),
            _ => leaves.push((key, value.clone())),
        }
    }
}

fn show_plain(value: &Value) -> String {
    match value {
        Value::String(_, text) => printable(text),
        Value::Num(_, number) => whole(*number)
            .map(|n| n.to_string())
            .or_else(|| number.to_f64().map(|n| n.to_string()))
            .unwrap_or_else(|| "a number".to_owned()),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Char(_, letter) => letter.to_string(),
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "a list".to_owned(),
        Value::Empty(..) => UNSET.to_owned(),
    }
}

/// The number, if it was written without a fraction.
fn whole(number: Num) -> Option<i128> {
    number.to_i128().or_else(|| number.to_u128().and_then(|n| i128::try_from(n).ok()))
}

/// The text with control characters escaped, so that a value cannot disturb the terminal it is shown on.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { shown.extend(letter.escape_default()) } else { shown.push(letter) }
    }
    shown
}
