//! Which entries may be one nodule: proposals for people, and what people decided.
//!
//! The program proposes and never merges. A proposal names two entries, how well they fit and why; a named person's
//! decision is a fact of the record, which the evaluation follows and which can be taken back.

mod assign;
mod crowd;
mod fit;
pub(super) mod links;

use std::collections::{BTreeMap, HashSet};

use crate::{
    domain::{
        imaging::ImagingStudy,
        text::{NoduleId, StudyKey},
    },
    protocol::thresholds::MatchingThresholds,
};

use super::{
    evidence::DataTask,
    facts::{Facts, NoduleFacts, before},
    novelty::first_sight,
    removed::{RemovedLobe, removed_lobes},
};

pub use self::fit::Fit;

/// Two entries that may be one nodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchProposal {
    /// The entry that was first seen on the later study.
    pub nodule: NoduleId,
    /// The entry known before.
    pub same_as: NoduleId,
    /// How well they fit.
    pub fit: Fit,
    /// The last study that showed the known one, and the first that showed the other.
    pub studies: [StudyKey; 2],
}

impl MatchProposal {
    /// The task of the person who decides.
    fn task(&self) -> DataTask {
        let doubt = if self.fit.low_confidence { ", with low confidence" } else { "" };
        let reason = format!(
            "{} on {} may be {} of {}{doubt}: {}. Decide whether they are the same nodule; nothing is merged until \
             then",
            self.nodule,
            self.studies[1],
            self.same_as,
            self.studies[0],
            self.fit.reasons.join("; ")
        );
        DataTask::new("match-proposal", format!("{}/{}", self.nodule, self.same_as), reason)
    }
}

/// Pairs on which a person decided, in the order of their ids.
pub(super) type Decided = HashSet<(NoduleId, NoduleId)>;

/// Both ids in one order, whichever way round they were named.
fn pair(one: &NoduleId, other: &NoduleId) -> (NoduleId, NoduleId) {
    if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

/// Proposes, for every nodule first seen on a later study, the known one it may be: each at most once.
pub(super) fn proposals(
    facts: &Facts<'_>,
    decided: &Decided,
    limits: &MatchingThresholds,
    tasks: &mut Vec<DataTask>,
) -> Vec<MatchProposal> {
    let single: Vec<Entry<'_, '_>> =
        facts.nodules.iter().enumerate().filter(|(_, known)| known.nodule.count.is_single()).collect();
    let removed = removed_lobes(facts);
    let mut found = Vec::new();
    for study in &facts.studies {
        let is_first = |known: &NoduleFacts<'_>| {
            first_sight(known).is_some_and(|(first, _)| std::ptr::eq(first, *study))
        };
        let earlier = || single.iter().filter(|(_, known)| before(known.reported_on, study.on).is_true());
        if earlier().next().is_none() {
            continue;
        }
        let earlier: Vec<Entry<'_, '_>> = earlier().copied().collect();
        let new = single.iter().filter(|(_, known)| is_first(known));
        let rows = new.filter_map(|(at, newcomer)| {
            let fits = fits(facts, &removed, study, newcomer, &earlier, decided, limits);
            (!fits.is_empty()).then_some((*at, fits))
        });
        let rows = crowd::set_aside(facts, study, rows.collect(), limits, tasks);
        found.extend(assign::one_to_one(rows));
    }
    tasks.extend(found.iter().map(MatchProposal::task));
    found
}

/// A single nodule with its place in the record.
type Entry<'f, 'h> = (usize, &'f NoduleFacts<'h>);

/// A newcomer and everything it may be, in the order of the record.
type Row = (usize, BTreeMap<usize, MatchProposal>);

/// What a nodule first seen on a study may be, of those known before it.
fn fits(
    facts: &Facts<'_>,
    removed: &[RemovedLobe<'_>],
    study: &ImagingStudy,
    newcomer: &NoduleFacts<'_>,
    earlier: &[Entry<'_, '_>],
    decided: &Decided,
    limits: &MatchingThresholds,
) -> BTreeMap<usize, MatchProposal> {
    let open = earlier.iter().filter(|(_, known)| {
        decided.is_empty() || !decided.contains(&pair(&newcomer.nodule.id, &known.nodule.id))
    });
    let fits = open.filter_map(|(position, known)| {
        let (last, fit) = fit::fit(facts, removed, known, newcomer, limits)?;
        let proposal = MatchProposal {
            nodule: newcomer.nodule.id.clone(),
            same_as: known.nodule.id.clone(),
            fit,
            studies: [last.id.clone(), study.id.clone()],
        };
        Some((*position, proposal))
    });
    fits.collect()
}
