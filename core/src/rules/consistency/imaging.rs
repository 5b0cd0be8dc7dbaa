//! Checks of nodules and studies: places, statements, sizes.

use std::collections::BTreeMap;

use crate::{
    domain::{
        imaging::{Finding, ImagingStudy},
        lung::{Lobe, Place},
        measure::Millimetres,
        vocabulary::{Fate, LobeStatement},
    },
    rules::{
        case::Case,
        evidence::{DataTask, listed},
        facts::{NoduleFacts, before, is_ct, is_seen},
        nodule_state::closed_on,
        removed::{RemovedLobe, removed_lobes},
    },
};

/// Sizes outside of this need confirmation, millimetres.
const PLAUSIBLE_MM: std::ops::RangeInclusive<f64> = 1.0..=150.0;
/// A size that changes by this factor from one measurement to the next is a slip of unit until somebody confirms it.
const SLIP_FACTOR: f64 = 10.0;

pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let mut removed: BTreeMap<Lobe, RemovedLobe<'_>> = BTreeMap::new();
    for lobe in removed_lobes(case.facts) {
        removed.entry(lobe.lobe).or_insert(lobe);
    }
    for known in &case.facts.nodules {
        place(known, tasks);
        closure(known, tasks);
        in_removed_lobe(known, &removed, tasks);
        sizes(known, tasks);
    }
    for study in &case.facts.studies {
        statements(case, study, tasks);
    }
    unlisted(case, tasks);
    uncertain(case, tasks);
}

fn place(known: &NoduleFacts<'_>, tasks: &mut Vec<DataTask>) {
    let (id, place) = (&known.nodule.id, known.nodule.place);
    match place.place() {
        Place::SideOnly(_) => {
            tasks.push(DataTask::new("lobe-not-reported", id, "only the side is recorded; add the lobe"));
        }
        Place::NotReported => {
            tasks.push(DataTask::new("lobe-not-reported", id, "neither lobe nor side is recorded; add them"));
        }
        Place::Lobe(lobe) => {
            if let Some(other) = place.fissural_with() {
                let reason =
                    format!("lies in the fissure of {lobe} and {other}; it is counted in {lobe}, confirm");
                tasks.push(DataTask::new("fissural-nodule", id, reason));
            }
        }
    }
    if let Some(segment) = place.segment().filter(|_| !place.segment_fits()) {
        let reason =
            format!("segment {} does not belong to {}; correct one of them", segment.code(), place.place());
        tasks.push(DataTask::new("segment-mismatch", id, reason));
    }
}

fn in_removed_lobe(
    known: &NoduleFacts<'_>,
    removed: &BTreeMap<Lobe, RemovedLobe<'_>>,
    tasks: &mut Vec<DataTask>,
) {
    let place = known.nodule.place;
    // A fissural nodule may lie in the lobe that is still there.
    let Some(lobe) = place.place().lobe().and_then(|lobe| removed.get(&lobe)) else { return };
    if place.fissural_with().is_some_and(|other| !removed.contains_key(&other)) {
        return;
    }
    let seen_later = known
        .sightings
        .iter()
        .any(|(study, finding)| is_seen(finding.fate) && before(lobe.on, study.on).is_true());
    if seen_later {
        let reason = format!(
            "recorded in {}, which operation {} removed; correct the lobe, or confirm with a reason (stump, shifted \
             anatomy)",
            lobe.lobe, lobe.operation
        );
        tasks.push(DataTask::new("nodule-in-removed-lobe", &known.nodule.id, reason));
    }
}

fn sizes(known: &NoduleFacts<'_>, tasks: &mut Vec<DataTask>) {
    let long = known.sightings.iter().filter_map(|(_, finding)| finding.long_mm);
    let specimens = known.specimens.iter().filter_map(|(_, resection)| resection.size_mm);
    let measured = long.chain(specimens).map(Millimetres::get);
    let short = known.sightings.iter().filter_map(|(_, finding)| Some(finding.short_mm?.get()));
    if let Some(odd) = measured.clone().chain(short).find(|mm| !PLAUSIBLE_MM.contains(mm)) {
        let reason = format!("a size of {odd} mm is recorded; confirm it or correct the unit");
        tasks.push(DataTask::new("size-implausible", &known.nodule.id, reason));
    }
    let mut pairs = measured.clone().zip(measured.skip(1));
    let slip = pairs.any(|(one, other)| one / other >= SLIP_FACTOR || other / one >= SLIP_FACTOR);
    if slip {
        let reason =
            "the size changes tenfold from one measurement to the next; confirm it or correct the unit";
        tasks.push(DataTask::new("size-tenfold", &known.nodule.id, reason));
    }
    let crossed = known.sightings.iter().find(|(_, finding)| match (finding.long_mm, finding.short_mm) {
        (Some(long), Some(short)) => short.get() > long.get(),
        _ => false,
    });
    if let Some((study, _)) = crossed {
        let reason =
            format!("on {} the short axis is longer than the long one; swap or correct them", study.id);
        tasks.push(DataTask::new("axes-swapped", &known.nodule.id, reason));
    }
}

fn statements(case: &Case<'_, '_>, study: &ImagingStudy, tasks: &mut Vec<DataTask>) {
    let seen = |finding: &&Finding| is_seen(finding.fate) && finding.fate != Some(Fate::NotANodule);
    let has_nodules = study.findings.iter().any(|finding| seen(&finding)) || !study.not_itemised.is_empty();
    if has_nodules && !study.lobes.complete() {
        let reason =
            "shows nodules, but does not state all five lobes; a lobe without a statement is not clear";
        tasks.push(DataTask::new("lobes-not-stated", &study.id, reason));
    } else if is_ct(study) && study.lobes.is_empty() {
        let reason = "states no lobe; a lobe without a statement is not clear";
        tasks.push(DataTask::new("lobes-not-stated", &study.id, reason));
    }
    let mut shown: Vec<(Lobe, bool)> = Vec::new();
    let mut open = false;
    for finding in study.findings.iter().filter(seen) {
        let Some(known) = case.facts.nodule(&finding.nodule) else { continue };
        let place = known.nodule.place;
        match place.place().lobe() {
            Some(lobe) => {
                let fissural = place.fissural_with().is_some();
                match shown.iter_mut().find(|(own, _)| *own == lobe) {
                    Some((_, last)) => *last = fissural,
                    None => shown.push((lobe, fissural)),
                }
            }
            None => open = true,
        }
    }
    for (lobe, statement) in study.lobes.iter() {
        let listed = shown.iter().find(|(own, _)| *own == lobe).map(|(_, fissural)| *fissural);
        let unlisted = study.not_itemised.iter().any(|one| one.place.is_in(lobe).may_be_true());
        if statement == LobeStatement::Clear && listed == Some(false) {
            let reason = format!("states {lobe} to be clear and lists a nodule there; correct one of them");
            tasks.push(DataTask::new("lobe-statement-contradicted", format!("{}/{lobe}", study.id), reason));
        }
        let in_fissure = shown.iter().any(|(_, fissural)| *fissural);
        if statement == LobeStatement::Nodules && listed.is_none() && !unlisted && !open && !in_fissure {
            let reason = format!("states nodules in {lobe} and lists none there; list or count them");
            tasks.push(DataTask::new("nodules-not-listed", format!("{}/{lobe}", study.id), reason));
        }
    }
}

/// Decisions to close a nodule that close nothing.
fn closure(known: &NoduleFacts<'_>, tasks: &mut Vec<DataTask>) {
    if known.nodule.closed.is_some() && closed_on(known).is_none() {
        let reason = "is recorded as closed, and stays open: that needs a day, a name and a reason, and no study that \
                      shows it since; complete or withdraw it";
        tasks.push(DataTask::new("closure-does-not-count", &known.nodule.id, reason));
    }
}

/// Untreated nodules of which it is not certain that they are new, though there is a study to compare with.
fn uncertain(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for nodule in case.active() {
        let Some(novelty) = nodule.novelty.as_ref().filter(|novelty| novelty.state.is_unknown()) else {
            continue;
        };
        let Some(comparator) = &novelty.comparator else { continue };
        let reason = format!(
            "whether it is new on {} against {comparator} is uncertain ({}); complete these, or record whether it can \
             be seen there in hindsight",
            novelty.study,
            listed(novelty.doubts.iter().map(|doubt| doubt.code().replace('-', " ")))
        );
        tasks.push(DataTask::new("new-nodule-uncertain", &nodule.nodule, reason));
    }
}

/// Nodules that a study mentions and nobody listed.
fn unlisted(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    if let Some(last) = case.facts.unlisted() {
        let reason = "mentions nodules without listing them; list them or record them as a counted group";
        tasks.push(DataTask::new("nodules-not-itemised", &last.id, reason));
    }
    for nodule in case.nodules {
        let grown_by_reader = case
            .facts
            .nodule(&nodule.nodule)
            .and_then(|known| known.sightings.last())
            .is_some_and(|(_, finding)| finding.fate == Some(Fate::Grown));
        if grown_by_reader && nodule.growth.grown.is_unknown() && nodule.growth.from_last_mm.is_some() {
            let reason = "the reader says it has grown, but the sizes differ less than the limit; check them";
            tasks.push(DataTask::new("growth-disagreement", &nodule.nodule, reason));
        }
    }
}
