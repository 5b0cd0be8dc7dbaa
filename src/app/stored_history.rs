//! Between the facts of a document and the facts of the registry: same content, two owners.

use std::collections::HashMap;

use crate::{
    document::{
        assemble::assemble,
        compare::{FactChange as Difference, FactDifference},
        facts::{DocumentFact, FactKind},
    },
    domain::{history::History, lung::Place},
    store::{Fact, FactChange},
};

/// A fact of a document as the registry keeps it.
#[must_use]
pub fn stored_fact(fact: &DocumentFact) -> Fact {
    Fact {
        kind: fact.kind.code().to_owned(),
        key: fact.key.clone(),
        position: i64::from(fact.position),
        lobe: fact.lobe.map(|place| place.code().to_owned()),
        side: fact.side.map(ToOwned::to_owned),
        earliest_on: fact.earliest_on,
        latest_on: fact.latest_on,
        content: fact.content.clone(),
    }
}

/// Why stored facts do not make a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored facts do not make a history ({}); correct the facts named here", .places.join(", "))]
pub struct StoredHistoryError {
    /// Kind and key of each fact at fault: safe for a log line.
    pub places: Vec<String>,
    /// The same with path and problem: for people who may see the facts.
    pub details: Vec<String>,
}

/// The stored facts as facts of a document.
///
/// # Errors
/// Names facts of a kind that this version does not know: a newer version wrote them.
pub fn document_facts(facts: &[Fact]) -> Result<Vec<DocumentFact>, StoredHistoryError> {
    let mut places = Vec::new();
    let mut known = Vec::with_capacity(facts.len());
    for fact in facts {
        let Some(kind) = FactKind::parse(&fact.kind) else {
            places.push(format!("{} {}", fact.kind, fact.key));
            continue;
        };
        known.push(DocumentFact {
            kind,
            key: fact.key.clone(),
            position: i32::try_from(fact.position).unwrap_or(i32::MAX),
            lobe: fact.lobe.as_deref().and_then(Place::parse),
            side: None,
            earliest_on: fact.earliest_on,
            latest_on: fact.latest_on,
            content: fact.content.clone(),
        });
    }
    if places.is_empty() {
        return Ok(known);
    }
    let remedy = "is of a kind this version does not know; use the version that wrote it or a newer one";
    let details = places.iter().map(|place| format!("{place}: {remedy}")).collect();
    Err(StoredHistoryError { places, details })
}

/// The history that stored facts make.
///
/// # Errors
/// Every fact that cannot be read, and everything that keeps the facts from being one history.
pub fn history_of(facts: &[Fact]) -> Result<History, StoredHistoryError> {
    assemble(&document_facts(facts)?).map_err(|problems| StoredHistoryError {
        places: problems.iter().map(|problem| format!("{} {}", problem.kind.code(), problem.key)).collect(),
        details: problems.iter().map(ToString::to_string).collect(),
    })
}

/// What has to be recorded so that the registry says what the incoming document says.
#[must_use]
pub fn changes_of(differences: &[FactDifference]) -> Vec<FactChange> {
    differences
        .iter()
        .map(|difference| match difference.change {
            Difference::Added | Difference::Changed { .. } => {
                FactChange::Put(Fact { key: difference.key.clone(), ..stored_fact(&difference.fact) })
            }
            Difference::Withdrawn => {
                FactChange::Withdraw { kind: difference.kind.code().to_owned(), key: difference.key.clone() }
            }
        })
        .collect()
}

/// What has to be recorded so that the facts of `before` are in force again instead of those of `now`.
#[must_use]
pub fn restoring_changes(now: &[Fact], before: &[Fact]) -> Vec<FactChange> {
    let place = |fact: &Fact| (fact.kind.clone(), fact.key.clone());
    let mut in_force: HashMap<_, _> = now.iter().map(|fact| (place(fact), fact)).collect();
    let mut changes: Vec<_> = before
        .iter()
        .filter(|fact| in_force.remove(&place(fact)).is_none_or(|current| current != *fact))
        .map(|fact| FactChange::Put(fact.clone()))
        .collect();
    let mut left: Vec<_> = in_force.into_keys().collect();
    left.sort();
    changes.extend(left.into_iter().map(|(kind, key)| FactChange::Withdraw { kind, key }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(key: &str, content: &str) -> Fact {
        Fact {
            kind: "nodule".to_owned(),
            key: key.to_owned(),
            position: 0,
            lobe: None,
            side: None,
            earliest_on: None,
            latest_on: None,
            content: content.to_owned(),
        }
    }

    #[test]
    fn restoring_puts_back_what_changed_and_withdraws_what_is_new() {
        let before = [fact("n1", "1"), fact("n2", "2"), fact("n3", "3")];
        let now = [fact("n1", "1"), fact("n2", "changed"), fact("n4", "4")];
        let changes = restoring_changes(&now, &before);
        assert_eq!(
            changes,
            [
                FactChange::Put(fact("n2", "2")),
                FactChange::Put(fact("n3", "3")),
                FactChange::Withdraw { kind: "nodule".to_owned(), key: "n4".to_owned() },
            ]
        );
        assert_eq!(restoring_changes(&before, &before), []);
    }

    #[test]
    fn a_fact_of_a_later_version_is_named_and_not_dropped() {
        let odd = Fact { kind: "genome".to_owned(), ..fact("g1", "{}") };
        let error = history_of(&[odd]).unwrap_err();
        assert_eq!(error.places, ["genome g1"]);
    }
}
