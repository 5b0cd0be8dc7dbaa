//! Whether a patient could not be reached, as far as documented. Time alone makes nobody unreachable.

use crate::{
    domain::{dates::PartialDate, follow_up::FollowUp, truth::Truth},
    protocol::ContactLimits,
};

/// Whether enough attempts without an answer are documented, on different days, over long enough a time, and all of them
/// after the last time the patient was reached. An attempt without day, name or outcome is none.
#[must_use]
pub fn is_unreachable(follow_up: &FollowUp, limits: ContactLimits) -> bool {
    let reached = || follow_up.contact_attempts.iter().filter(|one| one.reached == Some(true));
    let failed =
        follow_up.contact_attempts.iter().filter(|one| one.reached == Some(false) && one.by.is_some());
    let mut days: Vec<PartialDate> = failed.filter_map(|one| one.on).collect();
    days.retain(|on| {
        reached().all(|one| one.on.is_some_and(|reached_on| reached_on.before(*on) == Truth::True))
    });
    days.sort_by_key(|on| (on.latest(), on.earliest()));
    let mut chain: Vec<PartialDate> = Vec::new();
    for on in days {
        if chain.last().is_none_or(|last| last.before(on) == Truth::True) {
            chain.push(on);
        }
    }
    let span = chain.first().zip(chain.last()).map(|(first, last)| first.days_until(*last).min);
    let long_enough = span.flatten().is_some_and(|days| days >= i64::from(limits.weeks) * 7);
    chain.len() >= limits.attempts as usize && long_enough
}
