//! The plan: which slots there are, held against the studies that were made and the records of people.

use chrono::NaiveDate;

use super::{
    PlanFacts, PlanTask,
    actions::{Actions, postpone},
    active::{after_local_recurrence, guard, keeps_earlier_slots, repeat},
    adequacy::{ScoredStudy, score},
    close::{Record, close},
    late, modality, series,
    slot::{Candidate, Slot},
    standing::Standing,
};
use crate::{
    domain::dates::PartialDate,
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
    /// What else the plan leaves to a person, about single slots and studies.
    pub tasks: Vec<PlanTask>,
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
/// Clinical source: default schedule, slot mechanics and event table of the clinical reference. A followed patient gets a
/// next slot or a stated gap: the safety net of the nightly check rests on this function.
#[must_use]
pub fn plan(facts: &PlanFacts<'_>, protocol: &Protocol) -> Plan {
    let standing = Standing::of(facts.follow_up, protocol.contact);
    let anchor_on = facts.clearance.or(facts.diagnosed_on);
    let studies = score(facts.studies, facts.boards);
    let actions = Actions(facts.actions);
    let record = Record { facts, studies: &studies, protocol };
    let (mut candidates, mut doubtful_rescan_on) = (Vec::new(), None);
    if standing.is_scanned() {
        (candidates, doubtful_rescan_on) = scans(facts, &studies, protocol);
    }
    candidates.extend(series::reviews(protocol, &standing, actions));
    let mut tasks = actions.doubts(&candidates, protocol);
    for candidate in &mut candidates {
        postpone(candidate, actions, protocol);
    }
    candidates.sort_by(|a, b| (a.due_on, a.kind, &a.key).cmp(&(b.due_on, b.kind, &b.key)));
    let mut slots = close(candidates, record);
    if standing.is_scanned() {
        for mut candidate in not_covered(facts, &studies, protocol) {
            if !has_ct_by(&slots, candidate.due_on) {
                tasks.extend(actions.doubts(std::slice::from_ref(&candidate), protocol));
                postpone(&mut candidate, actions, protocol);
                slots.extend(close(vec![candidate], record));
            }
        }
    }
    slots.sort_by(|a, b| (a.due_on, a.kind, &a.key).cmp(&(b.due_on, b.kind, &b.key)));
    tasks.extend(modality::confirm(&mut slots, facts, protocol));
    if standing.is_followed() {
        tasks.extend(late::tasks(facts, &slots, anchor_on, protocol));
    }
    let has_next = slots.iter().any(|slot| slot.state.is_open());
    let gap = (standing.is_followed() && !has_next).then(|| gap_sentence(&standing, &slots));
    Plan { anchor_on, standing, slots, gap, tasks, doubtful_rescan_on }
}

/// All scans that the tier, what is active and observed nodules ask for.
fn scans(
    facts: &PlanFacts<'_>,
    studies: &[ScoredStudy],
    protocol: &Protocol,
) -> (Vec<Candidate>, Option<NaiveDate>) {
    let (mut candidates, doubtful_rescan_on) = of_tier(facts.tier, facts, studies, protocol);
    if let Some((before, lowered_on)) = facts.lowered {
        let (mut due, _) = of_tier(before, facts, studies, protocol);
        let guarded = guard_of(before, facts, studies, protocol);
        due.extend(guarded.filter(|own| due.iter().all(|kept| kept.key != own.key)));
        due.retain(|own| own.due_on <= lowered_on);
        candidates.retain(|own| !due.iter().any(|kept| kept.key == own.key));
        candidates.extend(due);
    }
    candidates.extend(repeat(protocol, facts));
    let added = series::observed_nodules(protocol, facts, &candidates);
    candidates.extend(added);
    (candidates, doubtful_rescan_on)
}

/// What a tier plans, and a re-scan date of the board that its guard does not believe. While nobody has decided about
/// active disease, the slots of the tier before stay.
fn of_tier(
    tier: Tier,
    facts: &PlanFacts<'_>,
    studies: &[ScoredStudy],
    protocol: &Protocol,
) -> (Vec<Candidate>, Option<NaiveDate>) {
    let series_of = if tier == Tier::Active {
        facts.tier_otherwise.filter(|_| keeps_earlier_slots(facts))
    } else {
        Some(tier)
    };
    let cleared = facts.clearance.filter(|cleared| cleared.earliest().is_some());
    if let Some((tier, cleared)) = series_of.zip(cleared) {
        return (series::tier_series(protocol, tier, cleared, Actions(facts.actions)), None);
    }
    let guard = guard(protocol, facts, studies);
    (guard.slot.into_iter().collect(), guard.doubtful_rescan_on)
}

/// CTs that are asked for only where no other slot already asks for one by then: the guard of active disease beside the
/// slots that stay, and the CT after a local recurrence.
fn not_covered(facts: &PlanFacts<'_>, studies: &[ScoredStudy], protocol: &Protocol) -> Vec<Candidate> {
    let guarded = guard_of(facts.tier, facts, studies, protocol);
    guarded.into_iter().chain(after_local_recurrence(protocol, facts, studies)).collect()
}

fn guard_of(
    tier: Tier,
    facts: &PlanFacts<'_>,
    studies: &[ScoredStudy],
    protocol: &Protocol,
) -> Option<Candidate> {
    (tier == Tier::Active).then(|| guard(protocol, facts, studies).slot).flatten()
}

fn has_ct_by(slots: &[Slot], day: NaiveDate) -> bool {
    slots.iter().any(|slot| slot.state.is_open() && slot.kind.asks_for_ct() && slot.due_on <= day)
}

fn gap_sentence(standing: &Standing, slots: &[Slot]) -> String {
    if standing.reviewed().is_some() {
        "The day of the recorded decision is not known, so no review can be planned: enter the day."
            .to_owned()
    } else if slots.is_empty() {
        "No CT can be planned: neither the clearance nor the diagnosis of lung metastases has a date, or a first possible \
         day. Enter one of them."
            .to_owned()
    } else {
        "Every planned scan is closed and none follows: a person decides how the patient is followed, or records why not."
            .to_owned()
    }
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
