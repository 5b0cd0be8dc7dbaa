//! What is known of each nodule on the day: seen, suspected, resected, treated, gone or refuted.

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        lung::NodulePlace,
        nodule::NoduleCount,
        text::NoduleId,
        truth::Truth,
        vocabulary::{Certainty, Fate},
    },
    protocol::thresholds::GrowthThresholds,
};

use super::{
    facts::{Facts, NoduleFacts, is_seen, on_or_before},
    growth::{Growth, growth},
    pathology::{PathologyClass, Specimen, outcome},
};

/// One nodule or group on the day of the evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct NoduleStatus {
    /// Which one.
    pub nodule: NoduleId,
    /// Where it lies.
    pub place: NodulePlace,
    /// How many it stands for.
    pub count: NoduleCount,
    /// Where it stands.
    pub state: NoduleState,
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
    /// Whether it may be closed, but the order of its studies is not certain.
    pub order_open: bool,
}

impl NoduleStatus {
    /// Whether it is still there and untreated.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, NoduleState::Observed | NoduleState::Suspected)
    }
}

/// Where a nodule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoduleState {
    /// Untreated, not called a metastasis.
    Observed,
    /// Untreated, called a metastasis or growing.
    Suspected,
    /// Resected.
    Resected,
    /// Treated by radiotherapy or ablation.
    Treated,
    /// Gone on consecutive studies.
    Resolved,
    /// Shown not to be a metastasis without resection.
    Refuted,
}

impl NoduleState {
    /// Kebab-case code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Suspected => "suspected",
            Self::Resected => "resected",
            Self::Treated => "treated",
            Self::Resolved => "resolved",
            Self::Refuted => "refuted",
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
pub(super) fn statuses(facts: &Facts<'_>, limits: &GrowthThresholds) -> Vec<NoduleStatus> {
    facts.nodules.iter().map(|nodule| status(facts, nodule, limits)).collect()
}

fn status(facts: &Facts<'_>, known: &NoduleFacts<'_>, limits: &GrowthThresholds) -> NoduleStatus {
    let nodule = known.nodule;
    let mut growth =
        if nodule.count.is_single() { growth(&known.sightings, limits) } else { Growth::unknown() };
    let order_open =
        !in_order(&known.sightings) && known.sightings.iter().any(|(_, finding)| may_close(finding));
    if order_open {
        // It may be the last study that no longer shows it: nothing follows from the order of the record.
        growth.grown = growth.grown.and(Truth::Unknown);
    }
    let specimens: Vec<Specimen> =
        known.removals(&facts.operations).map(|(_, resection)| Specimen::of(resection)).collect();
    let suspicious = match suspicion(&known.sightings).or(Truth::from(growth.grown.is_true())) {
        _ if order_open => Truth::Unknown,
        suspicious => suspicious,
    };
    let state = if !specimens.is_empty() {
        NoduleState::Resected
    } else if !known.therapies.is_empty() {
        NoduleState::Treated
    } else if order_open {
        NoduleState::Observed
    } else {
        untreated(&known.sightings, suspicious, limits)
    };
    let sizes = || known.sightings.iter().filter_map(|(_, finding)| finding.long_mm.map(|long| long.get()));
    NoduleStatus {
        nodule: nodule.id.clone(),
        place: nodule.place,
        count: nodule.count,
        state,
        suspicious,
        result: outcome(nodule.count, &specimens).class,
        first_seen_on: known.seen_on,
        last_seen_on: last_seen(&known.sightings),
        largest_mm: sizes().max_by(f64::total_cmp),
        last_mm: sizes().next_back(),
        growth,
        order_open,
    }
}

/// Whether the studies are certainly in the order in which they stand.
fn in_order(sightings: &[(&ImagingStudy, &Finding)]) -> bool {
    sightings.windows(2).all(|pair| match pair {
        [(one, _), (other, _)] => on_or_before(one.on, other.on).is_true(),
        _ => true,
    })
}

/// Whether a finding can close an untreated nodule.
const fn may_close(finding: &Finding) -> bool {
    matches!(finding.fate, Some(Fate::NotANodule | Fate::Resolved | Fate::NotSeen))
}

/// Whether the last reader who said anything held it to be a metastasis.
pub(super) fn suspicion(sightings: &[(&ImagingStudy, &Finding)]) -> Truth {
    let held = |certainty| match certainty {
        Certainty::Definite | Certainty::Probable => Truth::True,
        Certainty::Indeterminate | Certainty::BenignLooking => Truth::False,
    };
    let mut stated = sightings.iter().rev().filter_map(|(_, finding)| finding.certainty).map(held);
    let Some(last) = stated.next() else { return Truth::Unknown };
    // Where the order is not certain, only readers who agree decide.
    if in_order(sightings) || stated.all(|other| other == last) { last } else { Truth::Unknown }
}

fn untreated(
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
            suspected: status.state == NoduleState::Suspected,
            first_seen_on: status.first_seen_on,
            largest_mm: status.largest_mm,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Story;

    fn state_of(story: Story) -> NoduleState {
        story.evaluate("2024-01-01").nodules[0].state
    }

    fn fates(rows: &[(&str, &str)]) -> NoduleState {
        let mut story = Story::new().nodule("n1", "RLL");
        for (at, (on, fate)) in rows.iter().enumerate() {
            story = story.fate(&format!("ct{at}"), on, "n1", fate);
        }
        state_of(story)
    }

    #[test]
    fn a_nodule_is_resolved_only_after_two_studies_in_a_row() {
        assert_eq!(fates(&[("2023-01-01", "new"), ("2023-04-01", "not_seen")]), NoduleState::Suspected);
        let gone = [("2023-01-01", "new"), ("2023-04-01", "not_seen"), ("2023-07-01", "resolved")];
        assert_eq!(fates(&gone), NoduleState::Resolved);
        let hidden = [("2023-01-01", "new"), ("2023-04-01", "not_seen"), ("2023-07-01", "obscured")];
        assert_eq!(fates(&hidden), NoduleState::Suspected);
        let back = [("2023-01-01", "not_seen"), ("2023-04-01", "not_seen"), ("2023-07-01", "seen")];
        assert_eq!(fates(&back), NoduleState::Suspected);
    }

    #[test]
    fn what_the_last_study_calls_no_nodule_is_refuted() {
        assert_eq!(fates(&[("2023-01-01", "new"), ("2023-04-01", "not_a_nodule")]), NoduleState::Refuted);
    }

    #[test]
    fn certainty_separates_observed_from_suspected_and_growth_overrules_it() {
        let story = |sizes: [f64; 2]| {
            Story::new()
                .nodule("n1", "RLL")
                .doubtful_ct("ct1", "2023-01-01", &[("n1", sizes[0])])
                .doubtful_ct("ct2", "2023-04-01", &[("n1", sizes[1])])
        };
        assert_eq!(state_of(story([7.0, 8.0])), NoduleState::Observed);
        assert_eq!(state_of(story([7.0, 9.0])), NoduleState::Suspected);
    }

    #[test]
    fn resection_and_local_therapy_close_a_nodule_but_a_biopsy_does_not() {
        let base = || Story::new().nodule("n1", "RLL").ct("ct1", "2023-01-01", &[("n1", 8.0)]);
        let resected = base().operation("op1", "2023-02-01", "right", &[("n1", "met_viable")]);
        assert_eq!(state_of(resected), NoduleState::Resected);
        assert_eq!(state_of(base().therapy("r1", "2023-02-01", "curative", &["n1"])), NoduleState::Treated);
        let biopsied = base().operation("op1", "2023-02-01", "right", &[("n1", "met_viable")]).biopsy_only();
        assert_eq!(state_of(biopsied), NoduleState::Suspected);
    }
}
