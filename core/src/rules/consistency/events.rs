//! Events beside the lung that the tumour board has to hear of: a local recurrence of the primary, disease outside the
//! chest, another cancer. The plan of the chest goes on meanwhile.

use crate::{
    domain::{dates::PartialDate, truth::Truth},
    rules::{
        case::Case,
        evidence::{DataTask, dated},
    },
};

/// A question to the tumour board for each event since the lung metastases after which no decision is on record.
pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    if case.is_dead() {
        return;
    }
    for event in case.extrathoracic().filter(|event| event.after.may_be_true() && !decided(case, event.on)) {
        let (kind, what) = if event.is_local {
            ("board-local-recurrence", "a local recurrence of the primary")
        } else {
            ("board-extrathoracic", "disease outside the chest")
        };
        tasks.push(question(kind, what, event.on));
    }
    let found_on = case.anchors.metastases_on;
    for primary in &case.facts.parts.other_primaries {
        let on = primary.diagnosed_on.or(primary.treated_on);
        let after = found_on.zip(on).map(|(found, on)| found.before(on)) == Some(Truth::True);
        if after && !decided(case, on) {
            tasks.push(question("board-new-primary", "another primary cancer", on));
        }
    }
}

fn question(kind: &'static str, what: &str, on: Option<PartialDate>) -> DataTask {
    let subject = on.map(|on| on.to_string()).unwrap_or_default();
    let reason = format!(
        "{what} of {} is on record and no later decision of the tumour board: bring it to the board and enter what was decided; \
         the plan of the chest goes on",
        dated(on)
    );
    DataTask::new(kind, subject, reason)
}

/// Whether the tumour board surely decided on or after a day.
fn decided(case: &Case<'_, '_>, on: Option<PartialDate>) -> bool {
    case.facts.parts.board_decisions.iter().filter(|board| board.decision.is_some()).any(|board| {
        let order = on.zip(board.on).map(|(on, decided)| on.on_or_before(decided));
        order == Some(Truth::True)
    })
}
