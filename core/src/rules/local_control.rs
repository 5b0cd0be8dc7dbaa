//! Local failure of radiotherapy or ablation: growth of a treated nodule on consecutive studies.
//!
//! The first months after treatment are not judged, and one study alone never decides.

use crate::{
    domain::{
        dates::PartialDate,
        text::NoduleId,
        truth::Truth,
        vocabulary::{Fate, LocalStatus},
    },
    protocol::thresholds::PatternThresholds,
};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{Facts, NoduleFacts, before, plus_months},
    nodule_state::NoduleState,
};

/// What is known of the nodules that were treated locally and not resected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LocalControl {
    /// Per nodule: whether treatment failed.
    pub nodules: Vec<(NoduleId, Truth, Vec<Evidence>)>,
}

impl LocalControl {
    pub(super) fn failed(&self) -> Truth {
        Truth::any(self.nodules.iter().map(|(_, failed, _)| *failed))
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
    LocalControl {
        nodules: treated
            .map(|(known, status)| {
                let (failed, evidence) = failure(case.facts, known, case.limits);
                (status.nodule.clone(), failed, evidence)
            })
            .collect(),
    }
}

/// What one day after treatment says.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Progressed,
    Shrunk,
    Held,
}

fn failure(facts: &Facts<'_>, known: &NoduleFacts<'_>, limits: &PatternThresholds) -> (Truth, Vec<Evidence>) {
    let therapies = known.therapies.iter().filter_map(|at| facts.therapies.get(*at));
    let ended =
        therapies.clone().map(|therapy| therapy.ended_on.or(therapy.started_on)).next_back().flatten();
    let judged_from = ended.and_then(|ended| plus_months(ended, limits.therapy.local_quiet_months));
    let mut evidence: Vec<Evidence> =
        therapies.clone().map(|therapy| Evidence::Therapy(therapy.id.clone())).collect();
    let mut verdicts: Vec<(Option<PartialDate>, Verdict)> = Vec::new();
    let mut smallest: Option<f64> = None;
    let mut before_it: Option<f64> = None;
    for (study, finding) in &known.sightings {
        let size = finding.mean_mm();
        if !before(judged_from, study.on).is_true() {
            before_it = size.or(before_it);
            continue;
        }
        let compared = smallest.or(before_it);
        let rise = size.zip(compared).map(|(size, compared)| size - compared);
        let limit = limits.growth.diameter_mm;
        let verdict = match (finding.fate, rise) {
            (_, Some(rise)) if rise >= limit => Verdict::Progressed,
            (_, Some(rise)) if rise <= -limit => Verdict::Shrunk,
            (Some(Fate::Grown), _) => Verdict::Progressed,
            (Some(Fate::Shrunk | Fate::Resolved | Fate::NotSeen), _) => Verdict::Shrunk,
            (Some(Fate::OutsideField | Fate::Obscured), _) | (None, None) => continue,
            _ => Verdict::Held,
        };
        smallest = match (smallest, size) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        verdicts.push((study.on, verdict));
        evidence.push(Evidence::Study(study.id.clone()));
    }
    let statuses = therapies.flat_map(|therapy| &therapy.local_statuses);
    verdicts.extend(statuses.filter(|status| status.nodule == known.nodule.id).filter_map(|status| {
        let verdict = match status.status {
            LocalStatus::Progressed => Verdict::Progressed,
            LocalStatus::Controlled => Verdict::Held,
            LocalStatus::NotAssessable | LocalStatus::Unknown => return None,
        };
        before(judged_from, status.on).is_true().then_some((status.on, verdict))
    }));
    verdicts.sort_by_key(|(on, _)| on.and_then(PartialDate::earliest));
    // A study and a status of one day are one statement; progression outweighs.
    verdicts.dedup_by(|later, earlier| {
        let same_day = later.0 == earlier.0;
        if same_day && later.1 == Verdict::Progressed {
            earlier.1 = Verdict::Progressed;
        }
        same_day
    });
    (judge(&verdicts, limits.therapy.local_failure_studies), evidence)
}

fn judge(verdicts: &[(Option<PartialDate>, Verdict)], needed: u32) -> Truth {
    let (mut run, mut longest, mut shrunk, mut regrown) = (0_u32, 0_u32, false, false);
    for (_, verdict) in verdicts {
        run = if *verdict == Verdict::Progressed { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
        regrown |= shrunk && *verdict == Verdict::Progressed;
        shrunk |= *verdict == Verdict::Shrunk;
    }
    if longest >= needed || regrown {
        Truth::True
    } else if verdicts.is_empty() || run > 0 {
        Truth::Unknown
    } else {
        Truth::False
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Story;

    fn failed(sizes: &[(&str, f64)]) -> Truth {
        let mut story = Story::new().nodule("n1", "RLL").ct("ct0", "2022-12-01", &[("n1", 10.0)]).therapy(
            "r1",
            "2023-01-01",
            "curative",
            &["n1"],
        );
        for (at, (on, mm)) in sizes.iter().enumerate() {
            story = story.ct(&format!("ct{}", at + 1), on, &[("n1", *mm)]);
        }
        let evaluation = story.evaluate("2024-06-01");
        evaluation.tier.triggers.iter().find(|one| one.id == "local-failure").unwrap().state
    }

    #[test]
    fn growth_counts_only_on_two_studies_in_a_row() {
        assert_eq!(failed(&[("2023-06-01", 12.0), ("2023-09-01", 14.0)]), Truth::True);
        assert_eq!(failed(&[("2023-06-01", 12.0)]), Truth::Unknown, "a repeat is needed");
        assert_eq!(failed(&[("2023-06-01", 12.0), ("2023-09-01", 12.5)]), Truth::False);
    }

    #[test]
    fn growth_after_shrinkage_counts_at_once() {
        assert_eq!(failed(&[("2023-06-01", 7.0), ("2023-09-01", 9.0)]), Truth::True);
    }

    #[test]
    fn the_first_three_months_are_not_judged() {
        assert_eq!(failed(&[("2023-03-01", 14.0), ("2023-04-01", 16.0)]), Truth::Unknown);
        assert_eq!(failed(&[("2023-06-01", 10.0)]), Truth::False);
    }
}
