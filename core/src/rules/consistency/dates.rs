//! Checks of dates: what lies after death, before its cause, or has no day at all.

use crate::{
    domain::{dates::PartialDate, truth::Truth, vocabulary::BoardChoice},
    rules::{
        anchor::contradicting,
        case::Case,
        dfi::{DfiClass, DuringTreatment},
        episode::EpisodeState,
        evidence::DataTask,
        facts::before,
    },
};

pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    after_death(case, tasks);
    intervals(case, tasks);
    undated(case, tasks);
    open_episodes(case, tasks);
    boards(case, tasks);
}

/// The one dated fact that may be absent: nobody has been in contact yet.
const LAST_CONTACT: &str = "follow_up.last_contact_on";

/// Every dated fact with a name.
fn dated_facts<'a>(case: &'a Case<'_, '_>) -> impl Iterator<Item = (String, Option<PartialDate>)> + 'a {
    let parts = case.facts.parts;
    let studies = parts.imaging.iter().map(|study| (study.id.to_string(), study.on));
    let operations = parts.operations.iter().map(|operation| (operation.id.to_string(), operation.on));
    let systemic = parts
        .systemic_therapies
        .iter()
        .map(|therapy| (therapy.id.to_string(), therapy.started_on.or(therapy.ended_on)));
    let local = parts
        .local_therapies
        .iter()
        .map(|therapy| (therapy.id.to_string(), therapy.started_on.or(therapy.ended_on)));
    let thoracic = parts.thoracic_events.iter().map(|event| ("thoracic_events".to_owned(), event.on));
    let elsewhere =
        parts.extrathoracic_events.iter().map(|event| ("extrathoracic_events".to_owned(), event.on));
    let local = local.chain(parts.primary.iter().flat_map(|primary| {
        let recurrences = primary.local_recurrences.iter();
        recurrences.map(|recurrence| ("primary.local_recurrences".to_owned(), recurrence.on))
    }));
    let boards = parts.board_decisions.iter().map(|decision| ("board_decisions".to_owned(), decision.on));
    let tiers = parts.tier_overrides.iter().map(|decision| ("tier_overrides".to_owned(), decision.on));
    let actions = parts.slot_actions.iter().map(|action| ("slot_actions".to_owned(), action.on));
    let decided = boards.chain(tiers).chain(actions);
    let contact =
        parts.follow_up.iter().map(|follow_up| (LAST_CONTACT.to_owned(), follow_up.last_contact_on));
    let events = thoracic.chain(elsewhere).chain(decided).chain(contact);
    studies.chain(operations).chain(systemic).chain(local).chain(events)
}

fn after_death(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let died_on = case.facts.parts.follow_up.as_ref().and_then(|follow_up| follow_up.died_on);
    let Some(died_on) = died_on else { return };
    for (name, on) in dated_facts(case) {
        if before(Some(died_on), on).is_true() {
            tasks.push(DataTask::new(
                "event-after-death",
                name,
                "dated after the day of death; correct a date",
            ));
        }
    }
}

fn intervals(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let anchors = case.anchors;
    let pre_op = matches!(
        case.dfi.class,
        DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp) | DfiClass::Synchronous
    );
    if let Some(study) = contradicting(case.facts) {
        let reason = "called a nodule metastatic, which was accepted as a metastasis later, before the stated day of \
                      diagnosis of lung metastases; correct a date or what the nodule was held for";
        tasks.push(DataTask::new("metastases-date-contradicted", study.id(), reason));
    }
    if before(anchors.metastases_on, anchors.diagnosed_on).is_true()
        && case.dfi.class != DfiClass::Synchronous
    {
        let reason = "lung metastases are dated before the diagnosis of the primary, but not as synchronous; correct \
                      a date or say so";
        tasks.push(DataTask::about_patient("metastases-before-primary", reason));
    }
    if before(anchors.metastases_on, anchors.treated_on).is_true() && !pre_op {
        let reason = "lung metastases are dated before the treatment of the primary, but neither as synchronous \
                      nor as found during primary treatment; correct a date or give the staging imaging";
        tasks.push(DataTask::about_patient("dfi-negative", reason));
    }
    if before(anchors.treatment_ended_on, anchors.treated_on).is_true() {
        let reason = "primary treatment is dated to end before it began; correct a date";
        tasks.push(DataTask::about_patient("primary-treatment-order", reason));
    }
    let first = case.episodes.first();
    if first.is_some_and(|first| before(first.started_on, anchors.metastases_on).is_true()) {
        let reason = "lung metastases are dated after the first metastasectomy; correct a date";
        tasks.push(DataTask::about_patient("metastases-after-metastasectomy", reason));
    }
    for pair in case.episodes.windows(2) {
        if let [one, other] = pair
            && before(one.treated_until, other.started_on).is_unknown()
        {
            let reason = format!(
                "the order of metastasectomies {} and {} is not certain, because a day is missing",
                one.number, other.number
            );
            tasks.push(DataTask::new("episode-order", other.number, reason));
        }
    }
}

fn undated(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let planned = |name: &String| case.facts.planned.iter().any(|operation| operation.id.as_str() == name);
    for (subject, on) in dated_facts(case) {
        if on.is_none() && subject != LAST_CONTACT && !planned(&subject) {
            let reason =
                "has no day; give what is known, even a year or bounds, so that it can be put in order";
            tasks.push(DataTask::new("date-missing", subject, reason));
        }
    }
}

fn open_episodes(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    let open: Vec<_> =
        case.episodes.iter().filter(|episode| episode.state == EpisodeState::PendingNextStage).collect();
    if open.len() > 1 {
        let reason = "more than one metastasectomy waits for a planned stage; close or correct all but one";
        tasks.push(DataTask::about_patient("two-open-episodes", reason));
    }
    let last = case.last_episode().map(|episode| episode.number);
    for episode in open {
        if Some(episode.number) != last {
            let reason = format!(
                "metastasectomy {} still has a planned stage, but a later one followed; record the stage or withdraw \
                 its plan",
                episode.number
            );
            tasks.push(DataTask::new("planned-stage-open", episode.number, reason));
        }
        let limit = case.limits.episodes.stage_overdue_days;
        for planned in &episode.planned_stages_on {
            let overdue = planned
                .plus_days(limit)
                .map_or(Truth::Unknown, |until| until.on_or_before(case.facts.today()));
            if overdue.is_true() {
                let reason = format!(
                    "a stage of metastasectomy {} was planned for {planned} and is not on record as done",
                    episode.number
                );
                tasks.push(DataTask::new("planned-stage-overdue", episode.number, reason));
            }
        }
    }
}

fn boards(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for decision in &case.facts.parts.board_decisions {
        if decision.decision == Some(BoardChoice::Observe) && decision.rescan_on.is_none() {
            let on = decision.on.map(|on| on.to_string()).unwrap_or_default();
            let reason = "the board decided to observe without a day for the next scan; add the day";
            tasks.push(DataTask::new("observe-without-rescan", on, reason));
        }
    }
}
