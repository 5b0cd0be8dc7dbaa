//! Once a year somebody asks whether the patient was operated on elsewhere: a plan that misses an operation is stale.

use crate::rules::{
    case::Case,
    evidence::{DataTask, dated},
};

/// A question about other hospitals is due where none was recorded within the limit. The day of a treatment here
/// counts as one, because the history is taken then.
pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let follow_up = case.facts.parts.follow_up.as_ref();
    let Some(episode) = case.last_episode().filter(|_| !case.is_dead()) else { return };
    let asked_on = follow_up.and_then(|one| one.other_hospitals).and_then(|other| other.checked_on);
    let months = case.limits.episodes.other_hospital_months;
    let within = [asked_on, episode.treated_until].into_iter().flatten();
    if within.into_iter().any(|on| on.lt_months(case.facts.today(), months).is_true()) {
        return;
    }
    let last = match asked_on {
        Some(on) => format!("last asked about on {}", dated(Some(on))),
        None => "never asked about, as far as recorded".to_owned(),
    };
    let reason =
        format!("operations in other hospitals: {last}; ask every {months} months and enter what was done");
    tasks.push(DataTask::about_patient("other-hospital-check", reason));
}
