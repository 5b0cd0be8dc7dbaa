//! Between the facts of a document and the facts of the registry: same content, two owners.

use crate::{
    document::facts::{DocumentFact, FactChangeKind, FactDifference, FactKind, FactProblem, assemble},
    domain::{history::History, vocabulary::Vocabulary},
    store::{Fact, FactChange},
};

/// A fact of a document as the registry keeps it.
#[must_use]
pub fn stored_fact(fact: &DocumentFact) -> Fact {
    Fact {
        kind: fact.kind.code().to_owned(),
        key: fact.key.clone(),
        position: i64::from(fact.position),
        lobe: fact.lobe.map(|lobe| lobe.to_owned()),
        side: fact.side.map(|side| side.to_owned()),
        earliest_on: fact.earliest_on,
        latest_on: fact.latest_on,
        content: fact.content.clone(),
    }
}
