//! The plan: candidates held against the studies that were made.

use chrono::{Days, NaiveDate};

use super::{
    PlanFacts,
    adequacy::{ScoredStudy, score},
    series,
    slot::{Candidate, Slot, SlotState, Window, open_state},
    standing::Standing,
};
use crate::{
    domain::{
        dates::{PartialDate, age_in_years},
        text::StudyKey,
        truth::Truth,
    },
    protocol::{Protocol, Tier},
};

/// The surveillance plan of one patient on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What due dates are counted from.
    pub anchor_on: Option<PartialDate>,
    /// How the patient stands towards follow-up.
    pub standing: Standing,
    /// All slots by due date.
    pub slots: Vec<Slot>,
    /// Why a followed patient has no next slot, in words; a data task, never silence.
    pub gap: Option<String>,
    /// A board's re-scan date that is too far away to replace the guard unasked; a data task.
    pub doubtful_rescan_on: Option<NaiveDate>,
}

impl Plan {
    /// The oldest slot on which somebody still has to act.
    #[must_use]
    pub fn next(&self) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.state.is_open())
    }

    /// Whether a CT is still to be made; an overdue one is.
    #[must_use]
    pub fn has_open_ct(&self) -> bool {
        self.slots.iter().any(|slot| slot.state.is_open() && slot.kind.asks_for_ct())
    }
}

/// Plans the surveillance of one patient.
///
/// Clinical source: default schedule and slot mechanics of the clinical reference. A followed patient gets a next
/// slot or a stated gap: the safety net of the nightly check rests on this function.
#[must_use]
pub fn plan(facts: &PlanFacts<'_>, protocol: &Protocol) -> Plan {
    let standing = Standing::of(facts.follow_up);
    let anchor_on = facts.clearance.or(facts.diagnosed_on);
    let studies = score(facts.studies, facts.boards);
    let (mut candidates, mut doubtful_rescan_on) = (Vec::new(), None);
    if standing.is_scanned() {
        (candidates, doubtful_rescan_on) = of_tier(facts.tier, facts, &studies, protocol);
        if let Some((before, lowered_on)) = facts.lowered {
            let (mut due, _) = of_tier(before, facts, &studies, protocol);
            due.retain(|own| own.due_on <= lowered_on);
            candidates.retain(|own| !due.iter().any(|kept| kept.key == own.key));
            candidates.extend(due);
        }
        let added = series::observed_nodules(protocol, facts, &candidates);
        candidates.extend(added);
    }
    candidates.extend(series::review(protocol, &standing));
    candidates.sort_by(|a, b| (a.due_on, a.kind, &a.key).cmp(&(b.due_on, b.kind, &b.key)));
    let mut slots = close(candidates, &studies, facts, protocol);
    slots.sort_by(|a, b| (a.due_on, a.kind, &a.key).cmp(&(b.due_on, b.kind, &b.key)));
    let has_next = slots.iter().any(|slot| slot.state.is_open());
    let gap = (standing.is_followed() && !has_next).then(|| gap_sentence(&standing));
    Plan { anchor_on, standing, slots, gap, doubtful_rescan_on }
}

/// What a tier plans, and a re-scan date of the board that its guard does not believe.
fn of_tier(
    tier: Tier,
    facts: &PlanFacts<'_>,
    studies: &[ScoredStudy],
    protocol: &Protocol,
) -> (Vec<Candidate>, Option<NaiveDate>) {
    match (tier, facts.clearance) {
        (Tier::High | Tier::Standard | Tier::Low, Some(cleared)) if cleared.earliest().is_some() => {
            (series::tier_series(protocol, tier, cleared), None)
        }
        _ => {
            let guard = series::guard(protocol, facts, studies);
            (guard.slot.into_iter().collect(), guard.doubtful_rescan_on)
        }
    }
}

fn gap_sentence(standing: &Standing) -> String {
    if standing.reviewed().is_some() {
        "The day of the recorded decision is not known, so no review can be planned: enter the day."
            .to_owned()
    } else {
        "No CT can be planned: neither the clearance nor the diagnosis of lung metastases has a date, or a first possible \
         day. Enter one of them."
            .to_owned()
    }
}

/// Holds the candidates against the studies, oldest first; one study closes at most one slot.
fn close(
    candidates: Vec<Candidate>,
    studies: &[ScoredStudy],
    facts: &PlanFacts<'_>,
    protocol: &Protocol,
) -> Vec<Slot> {
    let adequate: Vec<_> = studies.iter().filter(|study| study.lacks.is_none()).collect();
    let mut used: Vec<&StudyKey> = Vec::new();
    let mut first_open = true;
    let mut slots = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        let Some((window, severe_from)) = candidate.dates() else { continue };
        if !candidate.kind.asks_for_ct() {
            let state = open_state(candidate.due_on, window, severe_from, facts.as_of);
            slots.extend(candidate.into_slot(state));
            continue;
        }
        let done =
            adequate.iter().find(|study| surely_within(study.on, window) && !used.contains(&&study.id));
        let later = |study: &&ScoredStudy| study.on.earliest().is_some_and(|on| on > window.to);
        if let Some(study) = done {
            used.push(&study.id);
            candidate.explain(format_args!("Closed by study {}.", study.id));
            slots.extend(candidate.into_slot(SlotState::Done(study.id.clone())));
        } else if adequate.iter().any(later) {
            candidate.explain(format_args!("No adequate CT inside the window; one was made later."));
            slots.extend(candidate.into_slot(SlotState::Missed));
        } else {
            slots.extend(open_slot(candidate, studies, first_open, facts, protocol));
            first_open = false;
        }
    }
    slots
}

/// An open slot; the first one keeps its distance from the last adequate CT.
fn open_slot(
    mut candidate: Candidate,
    studies: &[ScoredStudy],
    first_open: bool,
    facts: &PlanFacts<'_>,
    protocol: &Protocol,
) -> Option<Slot> {
    if first_open && let Some(moved) = due_after_last_ct(&candidate, studies, protocol) {
        let due_on = PartialDate::Day(candidate.due_on);
        candidate.explain(format_args!("Moved from {due_on}, because the last CT was close to it."));
        candidate.due_on = moved;
    }
    let (window, severe_from) = candidate.dates()?;
    if let Some(study) = studies.iter().rev().find(|study| may_be_within(study.on, window)) {
        let lacking = study.lacks.as_deref().unwrap_or("its day is not known well enough");
        candidate.explain(format_args!("Study {} does not close it: {lacking}.", study.id));
    }
    if young_on(candidate.due_on, facts, protocol) {
        candidate.explain(format_args!("A clinician confirms the modality because of the age."));
    }
    let state = open_state(candidate.due_on, window, severe_from, facts.as_of);
    candidate.into_slot(state)
}

/// `max(anchored date, last adequate CT + share of the interval)`, where that is later.
fn due_after_last_ct(
    candidate: &Candidate,
    studies: &[ScoredStudy],
    protocol: &Protocol,
) -> Option<NaiveDate> {
    let last =
        studies.iter().filter(|study| study.lacks.is_none()).filter_map(|study| study.on.latest()).max()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an interval of at most some thousand days, times a share of 0 to 1"
    )]
    let distance =
        (candidate.interval_days.max(0) as f64 * protocol.schedule.gap_after_study_share).round() as u64;
    let earliest = last.checked_add_days(Days::new(distance))?;
    (earliest > candidate.due_on).then_some(earliest)
}

fn surely_within(on: PartialDate, window: Window) -> bool {
    let (from, to) = (PartialDate::Day(window.from), PartialDate::Day(window.to));
    from.on_or_before(on).and(on.on_or_before(to)) == Truth::True
}

fn may_be_within(on: PartialDate, window: Window) -> bool {
    let (from, to) = (PartialDate::Day(window.from), PartialDate::Day(window.to));
    from.on_or_before(on).and(on.on_or_before(to)).may_be_true()
}

/// Whether the patient is, or may be, under the age at which a clinician confirms the modality.
fn young_on(due_on: NaiveDate, facts: &PlanFacts<'_>, protocol: &Protocol) -> bool {
    let Some(birth) = facts.birth_date else { return false };
    let (youngest, _) = age_in_years(birth, due_on);
    youngest.is_some_and(|age| age < protocol.schedule.confirm_modality_under_years)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::surveillance::{
        SlotKind,
        testing::{ct, day, facts, planned},
    };

    fn date(text: &str) -> NaiveDate {
        day(text).exact().unwrap()
    }

    #[test]
    fn an_observed_nodule_is_scanned_unless_a_slot_covers_it() {
        let observed = [day("2024-03-01")];
        let plan = planned(&PlanFacts {
            observed_since: &observed,
            ..facts(Tier::Standard, "2023-01-10", "2024-03-02")
        });
        let added: Vec<_> = plan
            .slots
            .iter()
            .filter(|slot| slot.kind == SlotKind::ObservedNodule)
            .map(|slot| slot.due_on)
            .collect();
        assert!(added.contains(&date("2024-06-01")), "{added:?}");
        let covering = [day("2024-01-12")];
        let covered = planned(&PlanFacts {
            observed_since: &covering,
            ..facts(Tier::Standard, "2024-01-10", "2024-03-02")
        });
        assert!(
            covered
                .slots
                .iter()
                .all(|slot| slot.kind != SlotKind::ObservedNodule || slot.due_on > date("2024-04-24"))
        );
    }

    proptest! {
        #[test]
        fn a_followed_patient_always_has_a_next_slot_or_a_gap(
            tier in prop::sample::select(Tier::ALL.to_vec()),
            cleared in prop::option::of(0_i64..5_000),
            diagnosed in prop::option::of(0_i64..5_000),
            scans in prop::collection::vec(0_i64..6_000, 0..12),
            today in 0_i64..8_000,
        ) {
            let at = |offset: i64| date("2010-01-01") + chrono::TimeDelta::days(offset);
            let studies: Vec<_> =
                scans.iter().enumerate().map(|(n, on)| ct(&format!("ct{n}"), &at(*on).to_string())).collect();
            let facts = PlanFacts {
                as_of: at(today),
                tier,
                clearance: cleared.map(at).map(PartialDate::Day),
                diagnosed_on: diagnosed.map(at).map(PartialDate::Day),
                studies: &studies,
                ..facts(tier, "2010-01-01", "2010-01-01")
            };
            let plan = planned(&facts);
            prop_assert!(plan.next().is_some() != plan.gap.is_some());
            prop_assert!(plan.slots.is_sorted_by_key(|slot| slot.due_on));
            for slot in &plan.slots {
                prop_assert!(slot.window.from <= slot.due_on && slot.due_on <= slot.window.to && slot.window.to < slot.severe_from);
            }
            let mut keys: Vec<_> = plan.slots.iter().map(|slot| &slot.key).collect();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), plan.slots.len());
        }
    }
}
