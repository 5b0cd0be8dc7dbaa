//! Where the disease of one recurrence lies: in the lung only, in the chest, outside of it, or both.
//!
//! One recurrence is all disease found until the next clearance or until treatment is no longer meant to cure;
//! scans within 90 days after its first day that only add disease belong to it all the same. Nothing on record
//! outside the lung reads as "lung only, as far as recorded".

use crate::domain::{
    dates::PartialDate,
    therapy::SystemicTherapy,
    truth::Truth,
    vocabulary::{BoardChoice, SystemicIntent},
};

use super::{
    episode::{RecurrenceLocation, RecurrenceState},
    facts::{Facts, before, first_of, on_or_before},
};

/// The time that belongs to one recurrence, and what is known of it inside the chest.
pub(super) struct Window {
    /// Last day of the episode before.
    pub cleared_on: Option<PartialDate>,
    /// First day that shows it.
    pub on: Option<PartialDate>,
    /// Last day of the next episode, where there is one.
    pub next_until: Option<Option<PartialDate>>,
    pub state: RecurrenceState,
    /// Disease of the chest outside the lung belongs to it.
    pub beside_the_lung: Truth,
}

/// Decides the place of a recurrence. `same_recurrence_days` as in the protocol.
pub(super) fn location(facts: &Facts<'_>, window: &Window, same_recurrence_days: i64) -> RecurrenceLocation {
    let inside = match window.state {
        RecurrenceState::Suspected | RecurrenceState::Confirmed => Truth::True,
        RecurrenceState::None | RecurrenceState::Refuted => Truth::False,
        RecurrenceState::Unknown => Truth::Unknown,
    };
    let outside = outside(facts, window, same_recurrence_days);
    match (inside, outside) {
        (Truth::True, Truth::True) => RecurrenceLocation::Both,
        (Truth::False, Truth::True) => RecurrenceLocation::Extrathoracic,
        (Truth::False, Truth::False) => RecurrenceLocation::NotApplicable,
        (Truth::True, Truth::False) => match window.beside_the_lung {
            Truth::True => RecurrenceLocation::Intrathoracic,
            Truth::False => RecurrenceLocation::LungOnly,
            Truth::Unknown => RecurrenceLocation::Unknown,
        },
        _ => RecurrenceLocation::Unknown,
    }
}

/// Whether disease outside the chest, a recurrence at the site of the primary included, belongs to it.
fn outside(facts: &Facts<'_>, window: &Window, same_recurrence_days: i64) -> Truth {
    let parts = facts.parts;
    let palliative = not_curative_from(facts, window.on);
    let near_until = window.on.and_then(|on| on.plus_days(same_recurrence_days));
    let distant = parts.extrathoracic_events.iter().map(|event| event.on);
    let primaries = facts.origin.possible(parts);
    let local = primaries.iter().flat_map(|primary| &primary.local_recurrences);
    Truth::any(distant.chain(local.map(|recurrence| recurrence.on)).map(|on| {
        let after = before(window.cleared_on, on);
        let in_time = window.next_until.map_or(Truth::True, |until| on_or_before(on, until));
        let curative = palliative.map_or(Truth::True, |from| on_or_before(on, Some(from)));
        let near = near_until.map_or(Truth::False, |until| on_or_before(on, Some(until)));
        Truth::all([after, in_time, curative.or(near)])
    }))
}

/// First day, on or after the recurrence, from which treatment was not meant to cure.
fn not_curative_from(facts: &Facts<'_>, on: Option<PartialDate>) -> Option<PartialDate> {
    let boards = facts.parts.board_decisions.iter();
    let decided = boards.filter(|one| one.decision == Some(BoardChoice::Palliative)).map(|one| one.on);
    let palliative = |one: &&SystemicTherapy| one.intent == Some(SystemicIntent::Palliative);
    let given = facts.parts.systemic_therapies.iter().filter(palliative).map(|one| one.started_on);
    let later = decided.chain(given).filter(|from| on_or_before(on, *from).is_true());
    later.fold(None, first_of)
}
