//! A person's decision for another tier: when it counts, and against what it does not hold.
//!
//! A decision counts with a name, a reason and an expiry of at most some months, from its day to its expiry. Where a
//! missing day leaves that open, it counts if it raises the tier and does not if it lowers it. The latest one counts.
//!
//! A decision for less follow-up rests on what was known that day. It does not hold against a trigger that was not
//! there then, nor against a later decision for more; and tier L is reached only with nothing missing.

use chrono::NaiveDate;

use crate::{
    domain::{
        dates::PartialDate,
        tier::{Tier, TierOverride},
        truth::Truth,
    },
    protocol::TierThresholds,
};

use super::{
    evidence::{DataTask, dated, listed},
    facts::{before, on_or_before},
    tier::{TierAssessment, Trigger},
};

/// Puts the decisions known on `as_of` into force. `known_on` gives the computed tier of an earlier day.
pub(super) fn apply(
    tier: &mut TierAssessment,
    decisions: &[TierOverride],
    as_of: NaiveDate,
    limits: &TierThresholds,
    known_on: impl Fn(NaiveDate) -> TierAssessment,
) -> Vec<DataTask> {
    let today = PartialDate::day(as_of);
    let known: Vec<&TierOverride> =
        decisions.iter().filter(|one| on_or_before(one.on, Some(today)).may_be_true()).collect();
    let mut tasks: Vec<DataTask> =
        known.iter().filter_map(|one| doubt(one, today, tier.computed, limits)).collect();
    let mut counting: Vec<&TierOverride> = known
        .iter()
        .copied()
        .filter(|one| {
            let counts = counts(one, today, limits);
            if one.tier < tier.computed { counts.may_be_true() } else { counts.is_true() }
        })
        .filter(|one| one.tier <= tier.computed || !overruled(one, &known))
        .collect();
    let later = counting.clone();
    counting.retain(|one| !later.iter().any(|other| before(one.on, other.on).is_true()));
    match counting.into_iter().min_by_key(|one| one.tier) {
        Some(decision) => {
            tasks.extend(take(tier, decision, known_on));
            tier.lowered_on = lowered_since(decision, &known).filter(|_| tier.tier > tier.computed);
        }
        None => tasks.extend(expired(&known, today, tier.computed)),
    }
    tasks
}

/// Whether a decision counts on a day; false where it is not complete.
fn counts(one: &TierOverride, today: PartialDate, limits: &TierThresholds) -> Truth {
    Truth::all([
        Truth::from(missing(one).is_empty()),
        on_or_before(one.on, Some(today)),
        on_or_before(Some(today), one.until),
        short(one, limits),
    ])
}

fn missing(one: &TierOverride) -> Vec<&'static str> {
    let parts = [
        (one.by.is_none(), "the name of who decided"),
        (one.reason.is_none(), "the reason"),
        (one.until.is_none(), "the day on which it runs out"),
    ];
    parts.into_iter().filter(|(missing, _)| *missing).map(|(_, part)| part).collect()
}

/// Whether it runs out within the longest time; exactly that many calendar months are allowed.
fn short(one: &TierOverride, limits: &TierThresholds) -> Truth {
    let last_but_one = one.until.and_then(|until| until.plus_days(-1));
    one.on
        .zip(last_but_one)
        .map_or(Truth::Unknown, |(on, last)| on.lt_months(last, limits.override_longest_months))
}

/// Whether a later decision for a more watched tier may be on record; it ends this one even when it has run out.
fn overruled(one: &TierOverride, known: &[&TierOverride]) -> bool {
    known.iter().any(|other| other.tier < one.tier && before(one.on, other.on).may_be_true())
}

/// Puts one decision into force.
fn take(
    tier: &mut TierAssessment,
    decision: &TierOverride,
    known_on: impl Fn(NaiveDate) -> TierAssessment,
) -> Option<DataTask> {
    tier.decision = Some(decision.clone());
    if decision.tier <= tier.computed {
        tier.put(decision.tier);
        return None;
    }
    let task = |kind, reason| Some(DataTask::new(kind, subject(decision), reason));
    // Without a first possible day a decision is never certain to count, so it lowers nothing.
    let then = known_on(decision.on.and_then(PartialDate::earliest)?);
    let newer: Vec<&Trigger> = tier.triggers.iter().filter(|trigger| !was_known(trigger, &then)).collect();
    let at_least = newer.iter().filter_map(|trigger| trigger.reached()).min();
    if let Some(at_least) = at_least.filter(|at_least| *at_least < decision.tier) {
        let reason = format!(
            "the decision of {} for tier {} rests on what was on record then; since then: {}. Tier {at_least} counts; \
             decide again",
            dated(decision.on),
            decision.tier,
            listed(newer.iter().map(|trigger| named(trigger))),
        );
        tier.put(at_least);
        return task("tier-override-newer-facts", reason);
    }
    if decision.tier == Tier::Low && !tier.low_reachable {
        let reason = format!(
            "the decision of {} for tier L does not count while something is missing or an event is on record, nor in \
             the first months after clearance; tier {} counts",
            dated(decision.on),
            tier.computed
        );
        return task("tier-override-low", reason);
    }
    tier.put(decision.tier);
    None
}

/// Since when decisions ask for no more than this one, without a gap; the last possible day.
fn lowered_since(decision: &TierOverride, known: &[&TierOverride]) -> Option<NaiveDate> {
    let mut earlier: Vec<_> = known
        .iter()
        .filter(|one| one.tier >= decision.tier && missing(one).is_empty())
        .filter_map(|one| Some((one.on?.latest()?, one.until?.earliest()?)))
        .collect();
    earlier.sort_unstable();
    let since = decision.on?.latest()?;
    let step = |since: NaiveDate, (on, until): &(NaiveDate, NaiveDate)| {
        if *until >= since.pred_opt().unwrap_or(since) { since.min(*on) } else { since }
    };
    Some(earlier.iter().rev().fold(since, step))
}

/// Whether a trigger that holds or is open was so before, for the same facts. A closed one has nothing new to say.
fn was_known(trigger: &Trigger, then: &TierAssessment) -> bool {
    let same = |old: &&Trigger| {
        old.id == trigger.id
            && old.state == trigger.state
            && trigger.evidence.iter().all(|fact| old.evidence.contains(fact))
    };
    trigger.state.is_false() || then.triggers.iter().any(|old| same(&old))
}

/// A trigger by name; one that is not decided says so.
fn named(trigger: &Trigger) -> String {
    let open = if trigger.state.is_unknown() { " (open)" } else { "" };
    format!("{}{open}", trigger.id)
}

fn subject(one: &TierOverride) -> String {
    one.on.map(|on| on.to_string()).unwrap_or_default()
}

/// Why a decision does not count, or is not certain to.
fn doubt(
    one: &TierOverride,
    today: PartialDate,
    computed: Tier,
    limits: &TierThresholds,
) -> Option<DataTask> {
    let (on, tier) = (dated(one.on), one.tier);
    let missing = missing(one);
    if !missing.is_empty() {
        let reason = format!("the decision of {on} for tier {tier} does not count: add {}", listed(missing));
        return Some(DataTask::new("tier-override-incomplete", subject(one), reason));
    }
    if on_or_before(Some(today), one.until).is_false() {
        return None;
    }
    let months = limits.override_longest_months;
    if short(one, limits).is_false() {
        let reason = format!(
            "the decision of {on} for tier {tier} does not count, because it runs for more than {months} months; give \
             an earlier last day and decide again then"
        );
        return Some(DataTask::new("tier-override-too-long", subject(one), reason));
    }
    if counts(one, today, limits).is_unknown() {
        let effect = if tier < computed { "it counts" } else { "it does not count" };
        let reason = format!(
            "whether the decision of {on} for tier {tier} still counts, and for no more than {months} months, is not \
             certain; {effect} until its days are known"
        );
        return Some(DataTask::new("tier-override-dates", subject(one), reason));
    }
    None
}

/// The latest decisions that have run out, where the computed tier that counts again is another one.
fn expired(known: &[&TierOverride], today: PartialDate, computed: Tier) -> Vec<DataTask> {
    let complete: Vec<_> = known.iter().filter(|one| missing(one).is_empty()).collect();
    let latest =
        complete.iter().filter(|one| !complete.iter().any(|other| before(one.on, other.on).is_true()));
    latest
        .filter(|one| one.tier != computed && before(one.until, Some(today)).is_true())
        .map(|one| {
            let reason = format!(
                "the decision of {} for tier {} has run out; tier {computed} as computed counts again. Look at it, and \
                 decide again if it is to be another",
                dated(one.on),
                one.tier
            );
            DataTask::new("tier-override-expired", subject(one), reason)
        })
        .collect()
}
