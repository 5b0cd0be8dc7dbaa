//! What an incoming history changes in a stored one. The incoming document replaces the stored history, so a
//! fact it does not hold is withdrawn. The order of a list alone is no change.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::facts::{DocumentFact, FactKind};

/// What happens to one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactChange {
    /// It is new.
    Added,
    /// Its content changes.
    Changed {
        /// JSON paths within the content that differ, such as `$.findings[2].long_mm`.
        paths: Vec<String>,
    },
    /// The incoming document does not hold it any more.
    Withdrawn,
}

/// One fact that is not as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactDifference {
    /// Kind of the fact.
    pub kind: FactKind,
    /// Its key: the stored one where there is one, a free one for a new fact of a numbered kind.
    pub key: String,
    /// What happens.
    pub change: FactChange,
    /// The fact to store under that key; for a withdrawn fact, the one that was stored.
    pub fact: DocumentFact,
}

/// Compares stored facts with those of an incoming document. The result is in the order of the incoming
/// document, withdrawn facts last.
///
/// Facts with ids are matched by id. Numbered ones are matched by equal content first, then in their order, so
/// that an entry inserted at the front is one new fact and not a change of all. Pass only facts in force.
#[must_use]
pub fn compare(stored: &[DocumentFact], incoming: &[DocumentFact]) -> Vec<FactDifference> {
    let mut differences = Vec::new();
    let mut withdrawn = Vec::new();
    for kind in FactKind::ALL {
        let old: Vec<&DocumentFact> = stored.iter().filter(|fact| fact.kind == kind).collect();
        let new: Vec<&DocumentFact> = incoming.iter().filter(|fact| fact.kind == kind).collect();
        let pairs = if kind.is_numbered() { match_by_content(&old, &new) } else { match_by_key(&old, &new) };
        for (fact, before) in new.iter().zip(&pairs.matches) {
            differences.extend(match before {
                Some(before) => changed(before, fact),
                None => Some(difference((*fact).clone(), FactChange::Added)),
            });
        }
        withdrawn.extend(pairs.left.into_iter().map(|fact| difference(fact.clone(), FactChange::Withdrawn)));
        if kind.is_numbered() {
            number_added(&mut differences, kind, &old);
        }
    }
    differences.append(&mut withdrawn);
    differences
}

/// For each new fact the stored one it continues, and the stored ones that nothing continues.
struct Pairs<'a> {
    matches: Vec<Option<&'a DocumentFact>>,
    left: Vec<&'a DocumentFact>,
}

fn match_by_key<'a>(old: &[&'a DocumentFact], new: &[&DocumentFact]) -> Pairs<'a> {
    let mut by_key: HashMap<&str, &DocumentFact> =
        old.iter().map(|fact| (fact.key.as_str(), *fact)).collect();
    let matches = new.iter().map(|fact| by_key.remove(fact.key.as_str())).collect();
    let left = old.iter().copied().filter(|fact| by_key.contains_key(fact.key.as_str())).collect();
    Pairs { matches, left }
}

fn match_by_content<'a>(old: &[&'a DocumentFact], new: &[&DocumentFact]) -> Pairs<'a> {
    let mut left: Vec<&DocumentFact> = old.to_vec();
    left.sort_by_key(|fact| fact.position);
    let mut matches: Vec<Option<&DocumentFact>> = new
        .iter()
        .map(|fact| {
            let equal = left.iter().position(|before| before.content == fact.content)?;
            Some(left.remove(equal))
        })
        .collect();
    let mut rest = left.into_iter();
    for slot in matches.iter_mut().filter(|slot| slot.is_none()) {
        *slot = rest.next();
    }
    Pairs { matches, left: rest.collect() }
}

fn changed(before: &DocumentFact, fact: &DocumentFact) -> Option<FactDifference> {
    if before.content == fact.content {
        return None;
    }
    let paths = match (serde_json::from_str(&before.content), serde_json::from_str(&fact.content)) {
        (Ok(before), Ok(after)) => {
            let mut paths = Vec::new();
            differing(&before, &after, "$", &mut paths);
            paths
        }
        // Stored content that is no JSON any more is replaced as a whole.
        _ => vec!["$".to_owned()],
    };
    if paths.is_empty() {
        return None;
    }
    let fact = DocumentFact { key: before.key.clone(), ..fact.clone() };
    Some(difference(fact, FactChange::Changed { paths }))
}

fn difference(fact: DocumentFact, change: FactChange) -> FactDifference {
    FactDifference { kind: fact.kind, key: fact.key.clone(), change, fact }
}

/// Gives new facts of a numbered kind the numbers after every number in use.
fn number_added(differences: &mut [FactDifference], kind: FactKind, old: &[&DocumentFact]) {
    let mut last = old.iter().filter_map(|fact| fact.key.parse::<u64>().ok()).max().unwrap_or(0);
    for added in differences.iter_mut().filter(|it| it.kind == kind && it.change == FactChange::Added) {
        last += 1;
        added.key = last.to_string();
        added.fact.key.clone_from(&added.key);
    }
}

/// Collects the paths at which two fragments differ; lists are compared without regard to order.
fn differing(before: &Value, after: &Value, path: &str, paths: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeMap<&String, ()> =
                before.keys().chain(after.keys()).map(|key| (key, ())).collect();
            for key in keys.into_keys() {
                let below = format!("{path}.{key}");
                match (before.get(key), after.get(key)) {
                    (Some(before), Some(after)) => differing(before, after, &below, paths),
                    _ => paths.push(below),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => differing_lists(before, after, path, paths),
        _ if before != after => paths.push(path.to_owned()),
        _ => {}
    }
}

/// Pairs equal elements, then those about the same nodule, then the rest in order. Indices are those of the
/// incoming list, and of the stored one for elements that are gone.
fn differing_lists(before: &[Value], after: &[Value], path: &str, paths: &mut Vec<String>) {
    let mut left: Vec<(usize, &Value)> = before.iter().enumerate().collect();
    let mut unmatched: Vec<(usize, &Value)> = Vec::new();
    for (index, value) in after.iter().enumerate() {
        match left.iter().position(|(_, own)| same_without_order(own, value)) {
            Some(equal) => {
                left.remove(equal);
            }
            None => unmatched.push((index, value)),
        }
    }
    let mut rest = Vec::new();
    for (index, value) in unmatched {
        let about = value.get("nodule");
        match left.iter().position(|(_, own)| about.is_some() && own.get("nodule") == about) {
            Some(own) => differing(left.remove(own).1, value, &format!("{path}[{index}]"), paths),
            None => rest.push((index, value)),
        }
    }
    let mut left = left.into_iter();
    for (index, value) in rest {
        let below = format!("{path}[{index}]");
        match left.next() {
            Some((_, own)) => differing(own, value, &below, paths),
            None => paths.push(below),
        }
    }
    paths.extend(left.map(|(index, _)| format!("{path}[{index}]")));
}

fn same_without_order(before: &Value, after: &Value) -> bool {
    let mut paths = Vec::new();
    before == after || {
        differing(before, after, "", &mut paths);
        paths.is_empty()
    }
}
