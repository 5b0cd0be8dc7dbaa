//! Puts a history together from stored facts. Stored content is input: what is wrong with it comes back as a
//! problem that names the fact, never as a panic and never as a history with a hole.

use serde::de::DeserializeOwned;

use super::{
    facts::{DocumentFact, FactKind},
    history::{
        SourceEntry,
        course::{
            BoardDecisionEntry, ExtrathoracicEventEntry, FollowUpEntry, SlotActionEntry, ThoracicEventEntry,
            TierOverrideEntry,
        },
        imaging::ImagingEntry,
        nodule::{NoduleEntry, NoduleLinkEntry},
        operation::OperationEntry,
        patient::{FitnessEntry, IdentityEntry, PatientEntry},
        primary::{LungMetastasesEntry, PrimaryEntry},
        therapy::{LocalTherapyEntry, SystemicTherapyEntry},
    },
    path::{Path, Problems},
    read,
    slot::Slot,
};
use crate::domain::{
    history::{History, HistoryError, HistoryParts},
    text::PrimaryId,
};

/// Why a stored fact does not make a part of a history.
///
/// The sentence may quote the fact, so it is never for a log line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} `{key}` at {path}: {problem}", kind.code())]
pub struct FactProblem {
    /// Kind of the fact.
    pub kind: FactKind,
    /// Its key.
    pub key: String,
    /// JSON path within its content.
    pub path: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Puts a history together from its facts; only kind, key, position and content are looked at.
///
/// # Errors
/// Every fact that cannot be read, and everything that keeps the facts from being one history.
pub fn assemble(facts: &[DocumentFact]) -> Result<History, Vec<FactProblem>> {
    let mut sorted: Vec<&DocumentFact> = facts.iter().collect();
    sorted.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let mut shelf = Shelf { facts: sorted, problems: Vec::new() };
    let source = shelf.single::<SourceEntry>(FactKind::Source);
    let patient = shelf.single::<PatientEntry>(FactKind::Patient);
    let identity = shelf.single::<IdentityEntry>(FactKind::Identity);
    let fitness = shelf.single::<FitnessEntry>(FactKind::Fitness);
    let primary = shelf.single::<PrimaryEntry>(FactKind::Primary);
    let other_primaries = shelf
        .list::<PrimaryEntry>(FactKind::OtherPrimary, |primary| primary.id.as_ref().map(PrimaryId::as_str));
    let lung_metastases = shelf.single::<LungMetastasesEntry>(FactKind::LungMetastases);
    let nodules = shelf.list::<NoduleEntry>(FactKind::Nodule, |nodule| Some(nodule.id.as_str()));
    let nodule_links = shelf.list::<NoduleLinkEntry>(FactKind::NoduleLink, |_| None);
    let imaging = shelf.list::<ImagingEntry>(FactKind::Imaging, |study| Some(study.id.as_str()));
    let operations =
        shelf.list::<OperationEntry>(FactKind::Operation, |operation| Some(operation.id.as_str()));
    let systemic_therapies =
        shelf.list::<SystemicTherapyEntry>(FactKind::SystemicTherapy, |therapy| Some(therapy.id.as_str()));
    let local_therapies =
        shelf.list::<LocalTherapyEntry>(FactKind::LocalTherapy, |therapy| Some(therapy.id.as_str()));
    let thoracic_events = shelf.list::<ThoracicEventEntry>(FactKind::ThoracicEvent, |_| None);
    let extrathoracic_events = shelf.list::<ExtrathoracicEventEntry>(FactKind::ExtrathoracicEvent, |_| None);
    let board_decisions = shelf.list::<BoardDecisionEntry>(FactKind::BoardDecision, |_| None);
    let tier_overrides = shelf.list::<TierOverrideEntry>(FactKind::TierOverride, |_| None);
    let slot_actions = shelf.list::<SlotActionEntry>(FactKind::SlotAction, |_| None);
    let follow_up = shelf.single::<FollowUpEntry>(FactKind::FollowUp);
    let patient = match patient {
        Some(patient) if shelf.problems.is_empty() => patient,
        Some(_) => return Err(shelf.problems),
        None => return Err(shelf.without_a_patient()),
    };
    History::new(HistoryParts {
        source,
        patient,
        identity,
        fitness,
        primary,
        other_primaries,
        lung_metastases,
        nodules,
        nodule_links,
        imaging,
        operations,
        systemic_therapies,
        local_therapies,
        thoracic_events,
        extrathoracic_events,
        board_decisions,
        tier_overrides,
        slot_actions,
        follow_up,
    })
    .map_err(|errors| errors.into_iter().map(|error| shelf.place(error)).collect())
}

/// Order within a history: position first; numbered keys by number, so that `10` follows `9`.
fn rank(fact: &DocumentFact) -> (FactKind, i32, usize, &str) {
    (fact.kind, fact.position, fact.key.len(), &fact.key)
}

/// The facts in order, and what was wrong with them.
struct Shelf<'a> {
    facts: Vec<&'a DocumentFact>,
    problems: Vec<FactProblem>,
}

impl Shelf<'_> {
    fn of(&self, kind: FactKind) -> Vec<&DocumentFact> {
        self.facts.iter().copied().filter(|fact| fact.kind == kind).collect()
    }

    fn single<E: Slot + DeserializeOwned>(&mut self, kind: FactKind) -> Option<E::Domain> {
        let mut values = self.list::<E>(kind, |_| None);
        if values.len() > 1 {
            self.report(kind, kind.code(), "$", "is there more than once; keep one revision".to_owned());
        }
        values.pop()
    }

    fn list<E: Slot + DeserializeOwned>(
        &mut self,
        kind: FactKind,
        id: impl Fn(&E::Domain) -> Option<&str>,
    ) -> Vec<E::Domain> {
        let mut values = Vec::new();
        let mut found = Vec::new();
        for fact in self.of(kind) {
            match read_fact::<E>(fact, &id) {
                Ok(value) => values.push(value),
                Err(problems) => found.extend(problems),
            }
        }
        self.problems.append(&mut found);
        values
    }

    fn report(&mut self, kind: FactKind, key: &str, path: &str, problem: String) {
        self.problems.push(FactProblem { kind, key: key.to_owned(), path: path.to_owned(), problem });
    }

    fn without_a_patient(mut self) -> Vec<FactProblem> {
        if self.of(FactKind::Patient).is_empty() {
            let problem = "the patient is missing; restore its fact".to_owned();
            self.report(FactKind::Patient, FactKind::Patient.code(), "$", problem);
        }
        self.problems
    }

    /// Leads a problem of the whole history back to the fact it lies in.
    fn place(&self, error: HistoryError) -> FactProblem {
        let (list, rest) = error.at.split_once(['[', '.']).unwrap_or((&error.at, ""));
        let kind = kind_of_list(list);
        let (index, path) = rest.split_once(']').unwrap_or(("0", rest));
        let facts = self.of(kind);
        let fact = index.parse().ok().and_then(|index: usize| facts.get(index));
        FactProblem {
            kind,
            key: fact.map_or_else(|| kind.code().to_owned(), |fact| fact.key.clone()),
            path: format!("$.{}", path.trim_start_matches('.')),
            problem: error.problem,
        }
    }
}

fn read_fact<E: Slot + DeserializeOwned>(
    fact: &DocumentFact,
    id: impl Fn(&E::Domain) -> Option<&str>,
) -> Result<E::Domain, Vec<FactProblem>> {
    let of_fact =
        |path: String, problem: String| FactProblem { kind: fact.kind, key: fact.key.clone(), path, problem };
    let entry: E =
        read::parse(&fact.content).map_err(|problem| vec![of_fact(problem.path, problem.problem)])?;
    let mut problems = Problems::default();
    let value = entry.read(Path::Root, &mut problems);
    match value {
        Some(value) if problems.is_empty() => match id(&value) {
            Some(id) if id != fact.key => {
                let problem = format!("the id `{id}` is not the key of the fact; restore one of them");
                Err(vec![of_fact("$.id".to_owned(), problem)])
            }
            _ => Ok(value),
        },
        _ => Err(problems.into_list().into_iter().map(|it| of_fact(it.path, it.problem)).collect()),
    }
}

/// The kind of the facts in a list of the document.
fn kind_of_list(list: &str) -> FactKind {
    match list {
        "primary" => FactKind::Primary,
        "other_primaries" => FactKind::OtherPrimary,
        "lung_metastases" => FactKind::LungMetastases,
        "nodules" => FactKind::Nodule,
        "nodule_links" => FactKind::NoduleLink,
        "imaging" => FactKind::Imaging,
        "operations" => FactKind::Operation,
        "systemic_therapies" => FactKind::SystemicTherapy,
        "local_therapies" => FactKind::LocalTherapy,
        "follow_up" => FactKind::FollowUp,
        _ => FactKind::Patient,
    }
}
