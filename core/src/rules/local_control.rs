//! Local failure of radiotherapy or ablation: growth of a treated nodule on consecutive studies.
//!
//! The first months after treatment are not judged, neither as growth nor as what later sizes are compared with,
//! and one study alone never decides. Where the reader is not sure that what grows is tumour and not fibrosis, growth
//! is open.

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        nodule::NoduleCount,
        text::{NoduleId, TherapyId},
        therapy::LocalTherapy,
        truth::Truth,
        vocabulary::{Certainty, Fate, LocalIntent, LocalStatus, LocalTherapyKind, Modality},
    },
    protocol::thresholds::PatternThresholds,
};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{Facts, NoduleFacts, last_of, on_or_before, plus_months},
    growth::{Sighting, at_least, growth_of},
    nodule_state::NoduleState,
    units::Unit,
};

/// What is known of local therapy without resection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LocalControl {
    /// Every nodule that was treated locally and not resected.
    pub nodules: Vec<Controlled>,
    /// Therapies of which it is not recorded which nodules they treated.
    pub unlinked: Vec<TherapyId>,
}

/// One locally treated nodule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Controlled {
    pub nodule: NoduleId,
    /// Whether treatment failed.
    pub failed: Truth,
    /// The first study that shows the failure; `None` where there is none, or it has no day.
    pub failed_on: Option<PartialDate>,
    /// What would decide an open answer.
    pub lacks: Lacks,
    pub evidence: Vec<Evidence>,
}

/// What would decide an open answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacks {
    /// A study after the months that are not judged.
    Study,
    /// A repeat of the last study, which shows or may show growth.
    Repeat,
    /// Days, sizes, or what the reader holds the change for.
    Detail,
}

impl LocalControl {
    pub(super) fn failed(&self) -> Truth {
        let nodules = Truth::any(self.nodules.iter().map(|one| one.failed));
        if self.unlinked.is_empty() { nodules } else { nodules.or(Truth::Unknown) }
    }
}

/// Judges every locally treated nodule.
pub(super) fn local_control(case: &Case<'_, '_>) -> LocalControl {
    let treated = case
        .facts
        .nodules
        .iter()
        .zip(case.nodules)
        .filter(|(_, status)| status.state == NoduleState::Treated);
    let whole_lung = |one: &LocalTherapy| one.kind == Some(LocalTherapyKind::WholeLungIrradiation);
    let unlinked = case.facts.therapies.iter().filter(|one| one.nodules.is_empty() && !whole_lung(one));
    LocalControl {
        nodules: treated.map(|(known, _)| judged(case.facts, known, case.limits)).collect(),
        unlinked: unlinked.map(|therapy| therapy.id.clone()).collect(),
    }
}

/// Whether a therapy was aimed at the nodules it names: stereotactic irradiation and ablation are. Irradiation of the whole
/// lung, and radiotherapy of which nobody said that it was curative, leave them on the list of those that have to be
/// followed.
pub(super) fn treats_nodules(therapy: &LocalTherapy) -> bool {
    match therapy.kind {
        Some(
            LocalTherapyKind::Sbrt
            | LocalTherapyKind::Radiofrequency
            | LocalTherapyKind::Microwave
            | LocalTherapyKind::Cryo,
        ) => true,
        Some(LocalTherapyKind::WholeLungIrradiation) => false,
        Some(LocalTherapyKind::Radiotherapy) | None => therapy.intent == Some(LocalIntent::Curative),
    }
}

/// What one day after treatment says.
#[derive(Debug, Clone)]
struct Look {
    on: Option<PartialDate>,
    grown: Truth,
    shrunk: bool,
}

fn judged(facts: &Facts<'_>, known: &NoduleFacts<'_>, limits: &PatternThresholds) -> Controlled {
    let therapies = || known.therapies.iter().filter_map(|at| facts.therapies.get(*at));
    let ended = known.therapies.iter().map(|at| Unit::Therapy(*at).until(facts)).reduce(last_of).flatten();
    let judged_from = ended.and_then(|ended| plus_months(ended, limits.therapy.local_quiet_months));
    let is_judged = |on: Option<PartialDate>| on_or_before(judged_from, on);
    let mut evidence: Vec<Evidence> = therapies().map(|one| Evidence::Therapy(one.id.clone())).collect();
    let mut measured: Vec<Sighting<'_>> = baseline(facts, known, judged_from).into_iter().collect();
    let mut looks: Vec<Look> = Vec::new();
    let mut certain = true;
    for (study, finding) in &known.sightings {
        let judged = is_judged(study.on);
        let unseen = matches!(finding.fate, Some(Fate::OutsideField | Fate::Obscured));
        let compares = is_measured(&(study, finding));
        if judged.is_false() || unseen || (finding.fate.is_none() && !compares) {
            continue;
        }
        certain &= judged.is_true();
        if compares {
            measured.push((study, finding));
        }
        // A group takes no growth rule.
        let sizes = if compares && known.nodule.count.is_single() { measured.as_slice() } else { &[] };
        looks.push(look(study, finding, sizes, limits));
        evidence.push(Evidence::Study(study.id.clone()));
    }
    for status in therapies().flat_map(|therapy| &therapy.local_statuses) {
        let grown = match status.status {
            LocalStatus::Progressed => Truth::True,
            LocalStatus::Controlled => Truth::False,
            LocalStatus::NotAssessable | LocalStatus::Unknown => continue,
        };
        let judged = is_judged(status.on);
        if status.nodule == known.nodule.id && judged.may_be_true() {
            certain &= judged.is_true();
            looks.push(Look { on: status.on, grown, shrunk: false });
        }
    }
    let looks = by_day(looks);
    certain &= looks.windows(2).all(|pair| match pair {
        [one, other] => on_or_before(one.on, other.on).is_true(),
        _ => true,
    });
    let (failed, failed_on) = failure(&looks, limits.therapy.local_failure_studies);
    let failed = match failed {
        // Another order, or another end of the first months, might give another answer.
        _ if !certain && looks.iter().any(|look| look.grown.may_be_true()) => Truth::Unknown,
        decided => decided,
    };
    let lacks = match looks.last() {
        None => Lacks::Study,
        Some(last) if certain && last.grown.is_true() => Lacks::Repeat,
        Some(_) => Lacks::Detail,
    };
    let failed_on = failed_on.filter(|_| failed.is_true());
    Controlled { nodule: known.nodule.id.clone(), failed, failed_on, lacks, evidence }
}

/// What later sizes are compared with: the last measurement before treatment, else the last one in the first months.
fn baseline<'h>(
    facts: &Facts<'h>,
    known: &NoduleFacts<'h>,
    judged_from: Option<PartialDate>,
) -> Option<Sighting<'h>> {
    let began = known.therapies.last().and_then(|at| Unit::Therapy(*at).from(facts));
    let measured = || known.sightings.iter().copied().filter(is_measured);
    let before = measured().rfind(|(study, _)| on_or_before(study.on, began).is_true());
    before.or_else(|| measured().rfind(|(study, _)| on_or_before(judged_from, study.on).is_false()))
}

/// Whether a size on a study compares with others: not one on a chest radiograph.
fn is_measured((study, finding): &Sighting<'_>) -> bool {
    (finding.mean_mm().is_some() || finding.volume_mm3.is_some())
        && !matches!(study.modality, Some(Modality::Cxr | Modality::Other))
}

/// Growth and shrinkage on one study. `sizes` ends with it, and is empty where its size does not compare.
fn look(study: &ImagingStudy, finding: &Finding, sizes: &[Sighting<'_>], limits: &PatternThresholds) -> Look {
    let mut grown = match finding.fate {
        Some(Fate::Grown) => Truth::True,
        Some(Fate::Stable | Fate::Shrunk | Fate::Resolved | Fate::NotSeen | Fate::NotANodule) => Truth::False,
        _ => Truth::Unknown,
    };
    let mut shrunk = matches!(finding.fate, Some(Fate::Shrunk | Fate::Resolved | Fate::NotSeen));
    if sizes.len() > 1 {
        let growth = growth_of(NoduleCount::ONE, sizes, &limits.growth);
        grown = growth.grown;
        shrunk |= growth.from_first_mm.is_some_and(|rise| at_least(-rise, limits.growth.diameter_mm));
    }
    let doubtful = matches!(finding.certainty, Some(Certainty::Indeterminate | Certainty::BenignLooking));
    if doubtful {
        // It may be fibrosis.
        grown = grown.and(Truth::Unknown);
    }
    Look { on: study.on, grown, shrunk }
}

/// In order of time; a study and a status of one day are one statement, in which growth outweighs.
fn by_day(mut looks: Vec<Look>) -> Vec<Look> {
    looks.sort_by_key(|look| look.on.and_then(PartialDate::earliest));
    looks.dedup_by(|later, earlier| {
        let same_day = later.on == earlier.on;
        if same_day {
            earlier.grown = earlier.grown.or(later.grown);
            earlier.shrunk |= later.shrunk;
        }
        same_day
    });
    looks
}

/// Whether there was growth on enough studies in a row or after shrinkage, and the first day of it.
fn failure(looks: &[Look], needed: u32) -> (Truth, Option<PartialDate>) {
    let (mut run, mut possible, mut reached) = (0_u32, 0_u32, false);
    let (mut began, mut shrunk) = (None, false);
    for look in looks {
        if look.grown.is_true() {
            if run == 0 {
                began = look.on;
            }
            run = run.saturating_add(1);
            if run >= needed || shrunk {
                return (Truth::True, began);
            }
        } else {
            run = 0;
        }
        possible = if look.grown.may_be_true() { possible.saturating_add(1) } else { 0 };
        reached |= possible >= needed || (shrunk && possible > 0);
        shrunk |= look.shrunk;
    }
    // The last study may be the first of a run.
    let open = looks.is_empty() || reached || possible > 0;
    (if open { Truth::Unknown } else { Truth::False }, None)
}
