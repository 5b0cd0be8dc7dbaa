//! What is known of each nodule on the day: seen, suspected, resected, treated, gone or refuted.

use std::collections::HashSet;

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        lung::NodulePlace,
        nodule::NoduleCount,
        operation::ResectionTarget,
        text::NoduleId,
        truth::Truth,
        vocabulary::{Certainty, Fate},
    },
    protocol::{PatternThresholds, thresholds::GrowthThresholds},
};

use super::{
    facts::{Facts, NoduleFacts, before, is_seen, on_or_before},
    growth::{Growth, GrowthMark, growth_of},
    local_control::treats_nodules,
    nodule_history::{self, StateChange},
    novelty::{Novelty, novelty},
    pathology::{PathologyClass, Specimen, weightiest},
};

/// One nodule or group on the day of the evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct NoduleStatus {
    /// Which one.
    pub nodule: NoduleId,
    /// The other ids under which it is recorded, by decision of a person.
    pub also: Vec<NoduleId>,
    /// Where it lies.
    pub place: NodulePlace,
    /// How many it stands for.
    pub count: NoduleCount,
    /// Where it stands.
    pub state: NoduleState,
    /// The states it went through, the present one last; what is resected ends as refuted where pathology found no
    /// tumour to follow.
    pub states: Vec<StateChange>,
    /// Whether it is held to be a metastasis while untreated: by the reader's certainty or by growth.
    pub suspicious: Truth,
    /// What pathology said of it, over all specimens.
    pub result: PathologyClass,
    /// First day on which it can be seen, corrected by hindsight; `None` where no study shows it.
    pub first_seen_on: Option<PartialDate>,
    /// Last day on which it was looked for and seen.
    pub last_seen_on: Option<PartialDate>,
    /// Largest long axis ever measured, millimetres.
    pub largest_mm: Option<f64>,
    /// Long axis on the last study that measured it, millimetres.
    pub last_mm: Option<f64>,
    /// Growth over its studies.
    pub growth: Growth,
    /// Whether it had grown on some study while untreated, also where a later one shows it smaller.
    pub grew: bool,
    /// Whether it is new on the first study that shows it; `None` where none does.
    pub novelty: Option<Novelty>,
    /// Whether it may be closed, but the order of its studies is not certain.
    pub order_open: bool,
}

impl NoduleStatus {
    /// Whether it grows: as the last study shows, and not known where an earlier one did and it is smaller since.
    #[must_use]
    pub fn grows(&self) -> Truth {
        if self.grew { self.growth.grown.or(Truth::Unknown) } else { self.growth.grown }
    }

    /// Whether it is still there and untreated.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, NoduleState::Observed | NoduleState::Suspected | NoduleState::Planned)
    }
}

/// Where a nodule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoduleState {
    /// Untreated, not called a metastasis.
    Observed,
    /// Untreated, called a metastasis or growing.
    Suspected,
    /// Untreated, and named by an operation that is planned and was not done.
    Planned,
    /// Resected.
    Resected,
    /// Treated by radiotherapy or ablation.
    Treated,
    /// Gone on consecutive studies.
    Resolved,
    /// Shown not to be a metastasis without resection.
    Refuted,
    /// Settled by decision of a named person with a reason; nothing but that closes an untreated nodule.
    Closed,
}

impl NoduleState {
    /// Kebab-case code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Suspected => "suspected",
            Self::Planned => "planned",
            Self::Resected => "resected",
            Self::Treated => "treated",
            Self::Resolved => "resolved",
            Self::Refuted => "refuted",
            Self::Closed => "closed",
        }
    }
}

/// An untreated nodule, as the surveillance planner needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedNodule {
    /// Which one.
    pub nodule: NoduleId,
    /// Whether it is suspected.
    pub suspected: bool,
    /// First day on which it was seen.
    pub first_seen_on: Option<PartialDate>,
    /// Largest long axis ever measured, millimetres.
    pub largest_mm: Option<f64>,
}

/// The status of every nodule, in the order of the record.
pub(super) fn statuses(facts: &Facts<'_>, limits: &PatternThresholds) -> Vec<NoduleStatus> {
    let planned: HashSet<&NoduleId> = facts
        .planned
        .iter()
        .flat_map(|operation| &operation.resections)
        .filter_map(|resection| match &resection.target {
            ResectionTarget::Nodule { nodule, .. } => Some(nodule),
            ResectionTarget::Specimen { .. } => None,
        })
        .collect();
    facts.nodules.iter().map(|nodule| status(facts, nodule, &planned, limits)).collect()
}

fn status(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    planned: &HashSet<&NoduleId>,
    limits: &PatternThresholds,
) -> NoduleStatus {
    let novelty = novelty(facts, known, &limits.new_nodules);
    let limits = &limits.growth;
    let nodule = known.nodule;
    let mut growth = growth_of(nodule.count, &known.sightings, limits);
    after_local_therapy(facts, known, &mut growth, limits);
    let order_open =
        !in_order(&known.sightings) && known.sightings.iter().any(|(_, finding)| may_close(finding));
    if order_open {
        // It may be the last study that no longer shows it: nothing follows from the order of the record.
        growth.grown = growth.grown.and(Truth::Unknown);
    }
    let specimens = known.removals(&facts.operations).map(|(_, resection)| Specimen::of(resection));
    let suspicious = match suspicion(&known.sightings).or(Truth::from(growth.grown.is_true())) {
        _ if order_open => Truth::Unknown,
        suspicious => suspicious,
    };
    let state = if specimens.clone().next().is_some() {
        NoduleState::Resected
    } else if known.therapies.iter().filter_map(|at| facts.therapies.get(*at)).any(|one| treats_nodules(one))
    {
        NoduleState::Treated
    } else {
        let untreated =
            if order_open { NoduleState::Observed } else { untreated(&known.sightings, suspicious, limits) };
        match untreated {
            _ if closed_on(known).is_some() => NoduleState::Closed,
            NoduleState::Observed | NoduleState::Suspected if planned.contains(&nodule.id) => {
                NoduleState::Planned
            }
            untreated => untreated,
        }
    };
    let sizes = || known.sightings.iter().filter_map(|(_, finding)| finding.long_mm.map(|long| long.get()));
    let mut status = NoduleStatus {
        nodule: nodule.id.clone(),
        also: Vec::new(),
        place: nodule.place,
        count: nodule.count,
        state,
        states: Vec::new(),
        suspicious,
        result: weightiest(specimens.clone()),
        first_seen_on: known.seen_on,
        last_seen_on: last_seen(&known.sightings),
        largest_mm: sizes().max_by(f64::total_cmp),
        last_mm: sizes().next_back(),
        growth,
        grew: false,
        novelty,
        order_open,
    };
    nodule_history::tell(facts, known, &mut status, limits);
    if status.grew && !status.suspicious.is_true() {
        status.suspicious = Truth::Unknown;
    }
    status
}

/// After irradiation or ablation growth takes two studies in a row (Lebow): one alone leaves it open.
fn after_local_therapy(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    growth: &mut Growth,
    limits: &GrowthThresholds,
) {
    let last = known.therapies.last().and_then(|at| facts.therapies.get(*at));
    let Some(last) = last.filter(|_| growth.grown.is_true()) else { return };
    let (started_on, ended_on) = (last.started_on.or(last.ended_on), last.ended_on.or(last.started_on));
    let says = |finding: &Finding| {
        finding.long_mm.is_some() || finding.volume_mm3.is_some() || finding.fate == Some(Fate::Grown)
    };
    let telling: Vec<_> = known.sightings.iter().copied().filter(|(_, finding)| says(finding)).collect();
    let [.., (before_study, _), (last_study, _)] = telling.as_slice() else { return };
    if on_or_before(last_study.on, started_on).is_true() {
        return;
    }
    let twice = before(ended_on, before_study.on).is_true()
        && telling
            .split_last()
            .is_some_and(|(_, earlier)| growth_of(known.nodule.count, earlier, limits).grown.is_true());
    if !twice {
        growth.open();
        growth.marks.push(GrowthMark::AfterLocalTherapy);
    }
}

/// The day on which a named person closed the nodule with a reason, unless a study may have shown it since.
pub(super) fn closed_on(known: &NoduleFacts<'_>) -> Option<PartialDate> {
    let closed = known.nodule.closed.as_ref()?;
    let on = closed.on.filter(|_| closed.by.is_some() && closed.reason.is_some())?;
    let mut seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    seen.all(|(study, _)| on_or_before(study.on, Some(on)).is_true()).then_some(on)
}

/// Whether the studies are certainly in the order in which they stand.
pub(super) fn in_order(sightings: &[(&ImagingStudy, &Finding)]) -> bool {
    sightings.windows(2).all(|pair| match pair {
        [(one, _), (other, _)] => on_or_before(one.on, other.on).is_true(),
        _ => true,
    })
}

/// Whether a finding can close an untreated nodule.
const fn may_close(finding: &Finding) -> bool {
    matches!(finding.fate, Some(Fate::NotANodule | Fate::Resolved | Fate::NotSeen))
}

/// Whether a reader who is so sure holds it to be a metastasis.
pub(super) const fn held(certainty: Certainty) -> Truth {
    match certainty {
        Certainty::Definite | Certainty::Probable => Truth::True,
        Certainty::Indeterminate | Certainty::BenignLooking => Truth::False,
    }
}

/// Whether the last reader who said anything held it to be a metastasis. Readers of the same day, or of days whose order
/// is not certain, decide only where they agree.
pub(super) fn suspicion(sightings: &[(&ImagingStudy, &Finding)]) -> Truth {
    let mut stated =
        sightings.iter().rev().filter_map(|(study, finding)| Some((study.on, held(finding.certainty?))));
    let Some((last_on, last)) = stated.next() else { return Truth::Unknown };
    if stated.all(|(on, other)| other == last || before(on, last_on).is_true()) {
        last
    } else {
        Truth::Unknown
    }
}

/// Where an untreated nodule stands after these studies; only called with studies in order.
pub(super) fn untreated(
    sightings: &[(&ImagingStudy, &Finding)],
    suspicious: Truth,
    limits: &GrowthThresholds,
) -> NoduleState {
    let mut gone = 0_u32;
    for fate in sightings.iter().rev().map(|(_, finding)| finding.fate) {
        match fate {
            Some(Fate::NotANodule) if gone == 0 => return NoduleState::Refuted,
            Some(Fate::Resolved | Fate::NotSeen) => gone += 1,
            // What could not be looked at says nothing.
            Some(Fate::OutsideField | Fate::Obscured) => {}
            _ => break,
        }
    }
    if gone >= limits.resolved_studies {
        NoduleState::Resolved
    } else if suspicious.is_true() {
        NoduleState::Suspected
    } else {
        NoduleState::Observed
    }
}

fn last_seen(sightings: &[(&ImagingStudy, &Finding)]) -> Option<PartialDate> {
    sightings.iter().rev().find(|(_, finding)| is_seen(finding.fate)).and_then(|(study, _)| study.on)
}

/// The untreated nodules, as the surveillance planner needs them.
pub(super) fn observed(statuses: &[NoduleStatus]) -> Vec<ObservedNodule> {
    statuses
        .iter()
        .filter(|status| status.is_active())
        .map(|status| ObservedNodule {
            nodule: status.nodule.clone(),
            suspected: status.suspicious.is_true(),
            first_seen_on: status.first_seen_on,
            largest_mm: status.largest_mm,
        })
        .collect()
}
