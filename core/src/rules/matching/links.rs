//! What people decided on which entries are one nodule, and the history read accordingly.
//!
//! Only a decision with a name counts, and of two on the same pair the later one. What cannot hold together joins
//! nothing and becomes a task: no entry is ever lost by a link.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use crate::domain::{
    history::HistoryParts, imaging::Finding, nodule::NoduleLink, operation::ResectionTarget, text::NoduleId,
    vocabulary::LinkDecision,
};

use crate::rules::{
    evidence::{DataTask, listed},
    facts::{before, is_seen},
};

use super::{Decided, pair};

/// The history with linked entries read as one nodule.
pub(in crate::rules) struct Linked<'h> {
    pub parts: Cow<'h, HistoryParts>,
    /// Per nodule: the other ids it is recorded under.
    pub also: HashMap<NoduleId, Vec<NoduleId>>,
    /// Pairs on which somebody decided, either way.
    pub decided: Decided,
    pub tasks: Vec<DataTask>,
}

/// Reads linked entries as one nodule.
pub(in crate::rules) fn linked(parts: &HistoryParts) -> Linked<'_> {
    let mut linked = Linked {
        parts: Cow::Borrowed(parts),
        also: HashMap::new(),
        decided: Decided::new(),
        tasks: Vec::new(),
    };
    if parts.nodule_links.is_empty() {
        return linked;
    }
    let decisions = decisions(parts, &mut linked.tasks);
    linked.decided = decisions.keys().map(|(one, other)| pair(one, other)).collect();
    let mut joined: HashMap<NoduleId, NoduleId> = HashMap::new();
    for group in groups(&decisions) {
        if let Some(why) = contradiction(parts, &group, &decisions) {
            let reason =
                format!("{} were decided to be one nodule, but {why}; correct one of these", listed(&group));
            linked.tasks.push(DataTask::new("link-contradicted", listed(&group), reason));
            continue;
        }
        let Some(kept) = kept(parts, &group) else { continue };
        let others: Vec<NoduleId> = group.into_iter().filter(|id| *id != kept).collect();
        joined.extend(others.iter().map(|id| (id.clone(), kept.clone())));
        linked.also.insert(kept, others);
    }
    if !joined.is_empty() {
        linked.parts = Cow::Owned(read_as_one(parts.clone(), &joined));
    }
    linked
}

/// The decision in force on every pair on which there is one.
fn decisions(
    parts: &HistoryParts,
    tasks: &mut Vec<DataTask>,
) -> BTreeMap<(NoduleId, NoduleId), LinkDecision> {
    let mut made: BTreeMap<(NoduleId, NoduleId), Vec<&NoduleLink>> = BTreeMap::new();
    for link in &parts.nodule_links {
        if link.by.is_some() {
            made.entry(pair(&link.nodule, &link.same_as)).or_default().push(link);
        } else {
            let reason = format!(
                "whether {} and {} are one nodule was decided without a name, so it does not count: add who decided",
                link.nodule, link.same_as
            );
            tasks.push(DataTask::new(
                "link-without-name",
                format!("{}/{}", link.nodule, link.same_as),
                reason,
            ));
        }
    }
    let mut decisions = BTreeMap::new();
    for (both, links) in made {
        let last = links.iter().filter(|link| !links.iter().any(|later| before(link.on, later.on).is_true()));
        let said: BTreeSet<LinkDecision> = last.map(|link| link.decision).collect();
        match (said.first(), said.len()) {
            (Some(decision), 1) => {
                decisions.insert(both, *decision);
            }
            _ => {
                let reason = format!(
                    "{} and {} were decided to be the same and to be different, and the days do not say which came \
                     last; add them",
                    both.0, both.1
                );
                tasks.push(DataTask::new("link-contradicted", format!("{} and {}", both.0, both.1), reason));
            }
        }
    }
    decisions
}

/// Entries that are one nodule by a chain of decisions.
fn groups(decisions: &BTreeMap<(NoduleId, NoduleId), LinkDecision>) -> Vec<BTreeSet<NoduleId>> {
    let mut groups: Vec<BTreeSet<NoduleId>> = Vec::new();
    for ((one, other), _) in decisions.iter().filter(|(_, decision)| **decision == LinkDecision::Same) {
        let mut group = BTreeSet::from([one.clone(), other.clone()]);
        groups.retain(|own| {
            let apart = own.is_disjoint(&BTreeSet::from([one.clone(), other.clone()]));
            if !apart {
                group.extend(own.iter().cloned());
            }
            apart
        });
        groups.push(group);
    }
    groups
}

/// Why entries cannot be one nodule.
fn contradiction(
    parts: &HistoryParts,
    group: &BTreeSet<NoduleId>,
    decisions: &BTreeMap<(NoduleId, NoduleId), LinkDecision>,
) -> Option<String> {
    let different = decisions.iter().find(|((one, other), decision)| {
        **decision == LinkDecision::Different && group.contains(one) && group.contains(other)
    });
    if let Some(((one, other), _)) = different {
        return Some(format!("{one} and {other} to be different"));
    }
    let counted = parts.nodules.iter().find(|nodule| group.contains(&nodule.id) && !nodule.count.is_single());
    if let Some(counted) = counted {
        return Some(format!("{} stands for several", counted.id));
    }
    let both_seen = parts.imaging.iter().find(|study| {
        study
            .findings
            .iter()
            .filter(|finding| group.contains(&finding.nodule) && is_seen(finding.fate))
            .count()
            > 1
    });
    both_seen.map(|study| format!("{} shows them side by side", study.id))
}

/// The id that stays: one that no link calls another, the first of the record where there are several or none.
fn kept(parts: &HistoryParts, group: &BTreeSet<NoduleId>) -> Option<NoduleId> {
    let called_another = |id: &NoduleId| {
        parts.nodule_links.iter().any(|link| link.nodule == *id && group.contains(&link.same_as))
    };
    let members = || parts.nodules.iter().map(|nodule| &nodule.id).filter(|id| group.contains(*id));
    members().find(|id| !called_another(id)).or_else(|| members().next()).cloned()
}

fn read_as_one(mut parts: HistoryParts, joined: &HashMap<NoduleId, NoduleId>) -> HistoryParts {
    let rename = |id: &mut NoduleId| {
        if let Some(kept) = joined.get(id) {
            id.clone_from(kept);
        }
    };
    for study in &mut parts.imaging {
        for finding in &mut study.findings {
            rename(&mut finding.nodule);
        }
        keep_one_each(&mut study.findings);
    }
    for resection in parts.operations.iter_mut().flat_map(|operation| &mut operation.resections) {
        if let ResectionTarget::Nodule { nodule, .. } = &mut resection.target {
            rename(nodule);
        }
    }
    for therapy in &mut parts.local_therapies {
        therapy.nodules.iter_mut().for_each(rename);
        let mut seen = BTreeSet::new();
        therapy.nodules.retain(|nodule| seen.insert(nodule.clone()));
        therapy.local_statuses.iter_mut().for_each(|status| rename(&mut status.nodule));
    }
    parts.nodules.retain(|nodule| !joined.contains_key(&nodule.id));
    parts
}

/// A study that looked for one entry in vain and shows the other shows the nodule.
fn keep_one_each(findings: &mut Vec<Finding>) {
    let mut seen: BTreeSet<NoduleId> = BTreeSet::new();
    findings.sort_by_key(|finding| !is_seen(finding.fate));
    findings.retain(|finding| seen.insert(finding.nodule.clone()));
}
