//! What came after an episode: new or returning disease, when, where and how sure.
//!
//! Disease that was known and not treated is persistence, its growth progression; neither is a recurrence. The
//! date is that of the first study that showed it, also where it was proved later.

use std::collections::BTreeMap;

use crate::domain::{
    dates::PartialDate,
    lung::{Lobe, NodulePlace, Place, Side},
    truth::Truth,
    vocabulary::LobeStatement,
};

use super::{
    counts::Treated,
    episode::{Recurrence, RecurrenceSide, RecurrenceState, RecurrentNodule, Sides},
    evidence::{Evidence, dated, listed},
    facts::{Facts, before, bounded, first_of, is_ct, is_seen, shows_all_clear},
    location::{Window, location},
    nodule_state::{NoduleState, NoduleStatus},
    pathology::PathologyClass,
};

/// What bounds the time after an episode, and what was treated by then.
pub(super) struct After<'a> {
    pub until: Option<PartialDate>,
    pub cleared: Truth,
    pub sides: Sides,
    /// Where metastases were treated up to and in this episode.
    pub treated_places: &'a TreatedPlaces,
    /// First and last day of the next episode.
    pub next: Option<(Option<PartialDate>, Option<PartialDate>)>,
    /// What the next episode treated, and the side of each recorded nodule in it.
    pub next_treated: &'a [Treated],
    pub next_sides: &'a BTreeMap<usize, Option<Side>>,
    /// Per nodule: number of the episode that treated it.
    pub treated_in: &'a [Option<usize>],
    /// Index of this episode.
    pub at: usize,
    /// Scans up to this many days after a recurrence that only add disease belong to it.
    pub same_recurrence_days: i64,
}

/// Places in which metastases were treated.
#[derive(Debug, Clone, Default)]
pub(super) struct TreatedPlaces(Vec<(Place, Option<Lobe>, Truth)>);

impl TreatedPlaces {
    /// Adds what an episode treated.
    pub(super) fn add(&mut self, facts: &Facts<'_>, treated: &[Treated]) {
        for one in treated {
            let known = one.position.and_then(|at| facts.nodules.get(at));
            let fissural = known.and_then(|known| known.nodule.place.fissural_with());
            let place = match (one.place, one.side) {
                (Place::NotReported, Some(side)) => Place::SideOnly(side),
                (place, _) => place,
            };
            let entry = (place, fissural, one.is_metastasis());
            if !self.0.contains(&entry) {
                self.0.push(entry);
            }
        }
    }

    /// Whether a metastasis was treated in a lobe that this place touches.
    pub(super) fn touched_by(&self, place: NodulePlace) -> Truth {
        Truth::any(self.0.iter().map(|(treated, fissural, metastasis)| {
            let same = match treated {
                Place::Lobe(lobe) => {
                    let other = fissural.map_or(Truth::False, |other| place.touches(other));
                    place.touches(*lobe).or(other)
                }
                Place::SideOnly(side) => place.place().is_on(*side).and(Truth::Unknown),
                Place::NotReported => Truth::Unknown,
            };
            same.and(*metastasis)
        }))
    }
}

/// Disease that may have come after the episode.
struct Candidate<'f> {
    after: Truth,
    seen_on: Option<PartialDate>,
    place: Option<NodulePlace>,
    side: Option<Side>,
    proved: bool,
    suspicious: Truth,
    /// What shows it beside the nodule itself.
    shows: Option<Evidence>,
    status: Option<&'f NoduleStatus>,
}

impl Candidate<'_> {
    fn evidence(&self) -> impl Iterator<Item = Evidence> {
        let nodule = self.status.map(|status| Evidence::Nodule(status.nodule.clone()));
        nodule.into_iter().chain(self.shows.clone())
    }
}

/// Finds and judges what came after an episode.
pub(super) fn recurrence(facts: &Facts<'_>, statuses: &[NoduleStatus], after: &After<'_>) -> Recurrence {
    let Found { candidates, refuted, undecided } = found(facts, statuses, after);
    let certain: Vec<&Candidate<'_>> = candidates.iter().filter(|one| one.after.is_true()).collect();
    let all: Vec<&Candidate<'_>> = candidates.iter().collect();
    let shown = if certain.is_empty() { &all } else { &certain };
    let on = perhaps_earlier(shown_on(shown, after), &all, after);
    let clear = last_clear(facts, after.until, on);
    let mut state = judge(&certain);
    if all.is_empty() && undecided.is_empty() {
        let looked = assessed_after(facts, after) && !unlisted_after(facts, after);
        state = match (refuted.is_empty(), looked) {
            (false, _) => RecurrenceState::Refuted,
            (true, true) => RecurrenceState::None,
            (true, false) => RecurrenceState::Unknown,
        };
    }
    if matches!(state, RecurrenceState::Suspected) && board_treats(facts, on, after) {
        state = RecurrenceState::Confirmed;
    }
    let interval = after.until.zip(on).filter(|_| after.cleared.may_be_true());
    let exists = matches!(state, RecurrenceState::Suspected | RecurrenceState::Confirmed)
        || (state == RecurrenceState::Unknown && !all.is_empty());
    let places: Vec<Place> = Place::ALL
        .into_iter()
        .filter(|place| shown.iter().any(|one| one.place.is_some_and(|own| own.place() == *place)))
        .collect();
    Recurrence {
        state,
        on: on.filter(|_| exists),
        interval: interval.filter(|_| exists).map(|(until, on)| until.days_until(on)),
        last_clear_on: clear,
        places: if exists { places } else { Vec::new() },
        nodules: if exists { nodules(&all, after.treated_places) } else { Vec::new() },
        same_lobe: same_lobe(state, &all, after.treated_places),
        nonviable_only: if exists {
            Truth::all(all.iter().map(|one| is_nonviable(one)))
        } else {
            Truth::False
        },
        side: side(exists, &certain, &all, after.sides, state),
        location: location(facts, &window(state, on, &all, after), after.same_recurrence_days),
        reason: reason(state, on, shown, &refuted, &undecided, after),
        evidence: shown.iter().flat_map(|one| one.evidence()).chain(refuted).chain(undecided).collect(),
    }
}

/// Whether pathology found no viable tumour in it. What may not belong to the recurrence does not decide.
fn is_nonviable(one: &Candidate<'_>) -> Truth {
    let nonviable = match one.status.map(|status| status.result) {
        Some(PathologyClass::MetNonviable) => Truth::True,
        Some(PathologyClass::MetViable) => Truth::False,
        _ => Truth::Unknown,
    };
    if one.after.is_true() { nonviable } else { nonviable.or(Truth::Unknown) }
}

/// What decides where the recurrence lies. Only disease outside the lung has no place.
fn window(
    state: RecurrenceState,
    on: Option<PartialDate>,
    all: &[&Candidate<'_>],
    after: &After<'_>,
) -> Window {
    let beside_the_lung = all.iter().filter(|one| one.place.is_none()).map(|one| one.after);
    Window {
        cleared_on: after.until,
        on,
        next_until: after.next.map(|(_, until)| until),
        state,
        beside_the_lung: Truth::any(beside_the_lung),
    }
}

fn nodules(all: &[&Candidate<'_>], treated: &TreatedPlaces) -> Vec<RecurrentNodule> {
    let in_the_lung = all.iter().filter_map(|one| Some((one, one.place?)));
    in_the_lung
        .map(|(one, place)| {
            let held = one.proved || one.suspicious.may_be_true();
            RecurrentNodule {
                nodule: one.status.map(|status| status.nodule.clone()),
                place,
                side: one.side,
                // What the reader could not call may be a recurrence; it is never certain to be none.
                recurrent: one.after.and(if held { Truth::True } else { Truth::Unknown }),
                same_lobe: treated.touched_by(place),
            }
        })
        .collect()
}

/// What came or may have come after an episode.
struct Found<'f> {
    candidates: Vec<Candidate<'f>>,
    /// Nodules that proved to be no metastasis.
    refuted: Vec<Evidence>,
    /// Nodules that were resected, and pathology cannot say what they were.
    undecided: Vec<Evidence>,
}

fn found<'f>(facts: &Facts<'_>, statuses: &'f [NoduleStatus], after: &After<'_>) -> Found<'f> {
    let (mut candidates, mut refuted, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
    for (at, status) in statuses.iter().enumerate() {
        let Some(known) = facts.nodules.get(at) else { continue };
        let treated_in = after.treated_in.get(at).copied().flatten();
        if treated_in.is_some_and(|episode| episode <= after.at) {
            continue;
        }
        // Also on a study without a date: it may have come after.
        let imaged = known.sightings.iter().any(|(_, finding)| is_seen(finding.fate));
        let in_next = treated_in == Some(after.at + 1);
        let came =
            if imaged { before(after.until, status.first_seen_on) } else { occult_after(after, in_next) };
        let later = match after.next {
            Some((_, next_until)) if !in_next && imaged => before(next_until, status.first_seen_on),
            _ => Truth::False,
        };
        if came.is_false() || later.is_true() || (!imaged && !in_next) {
            continue;
        }
        if status.result == PathologyClass::Indeterminate {
            undecided.push(Evidence::Nodule(status.nodule.clone()));
            continue;
        }
        if status.result.is_metastasis().is_false() || status.state == NoduleState::Refuted {
            refuted.push(Evidence::Nodule(status.nodule.clone()));
            continue;
        }
        let treated_side = after.next_sides.get(&at).copied().flatten();
        // It may also belong to the recurrence after the next episode.
        let came = if status.order_open || later.is_unknown() { came.and(Truth::Unknown) } else { came };
        let shows = known.sightings.first().map(|(study, _)| Evidence::Study(study.id.clone()));
        candidates.push(Candidate {
            after: came,
            seen_on: status.first_seen_on,
            place: Some(status.place),
            side: status.place.place().side().or(treated_side),
            proved: status.result.is_metastasis().is_true() || status.growth.grown.is_true() || status.grew,
            suspicious: status.suspicious,
            shows,
            status: Some(status),
        });
    }
    candidates.extend(loose_specimens(after));
    candidates.extend(thoracic(facts, after));
    Found { candidates, refuted, undecided }
}

/// Disease found only at the next operation came after this episode, if the order of the two is known.
fn occult_after(after: &After<'_>, in_next: bool) -> Truth {
    match after.next {
        Some((from, _)) if in_next => before(after.until, from),
        _ => Truth::False,
    }
}

/// Nodules that the next operation removed and nobody recorded before.
fn loose_specimens<'f>(after: &After<'_>) -> Vec<Candidate<'f>> {
    let came = occult_after(after, true);
    let loose =
        after.next_treated.iter().filter(|one| one.position.is_none() && one.is_metastasis().may_be_true());
    loose
        .map(|one| Candidate {
            after: came,
            seen_on: None,
            place: NodulePlace::new(one.place, None, None, false).ok(),
            side: one.side,
            proved: one.is_metastasis().is_true(),
            suspicious: Truth::Unknown,
            shows: None,
            status: None,
        })
        .collect()
}

/// Disease of the chest outside the lung.
fn thoracic<'f>(facts: &Facts<'_>, after: &After<'_>) -> Vec<Candidate<'f>> {
    let events = facts.parts.thoracic_events.iter().filter(|event| event.confirmed != Some(false));
    events
        .filter_map(|event| {
            let came = before(after.until, event.on);
            let later = after.next.map_or(Truth::False, |(_, until)| before(until, event.on));
            (came.may_be_true() && !later.is_true()).then(|| Candidate {
                after: came.and(if later.is_unknown() { Truth::Unknown } else { Truth::True }),
                // Without a day it may be of any day up to this one.
                seen_on: event.on.or(Some(PartialDate::NotAfter(facts.as_of))),
                place: None,
                side: None,
                proved: event.confirmed == Some(true),
                suspicious: Truth::True,
                shows: Some(Evidence::Dated("thoracic_events", event.on)),
                status: None,
            })
        })
        .collect()
}

/// The first day on which any of them was shown; without imaging, the time between the two episodes.
fn shown_on(shown: &[&Candidate<'_>], after: &After<'_>) -> Option<PartialDate> {
    let first = shown.iter().fold(None, |first, one| first_of(first, one.seen_on));
    if first.is_some() || shown.is_empty() {
        return first;
    }
    let (from, _) = after.next?;
    bounded(after.until.and_then(PartialDate::earliest), from.and_then(PartialDate::latest))
}

/// What only may have come after the episode, and may have been shown first, moves the earliest day.
fn perhaps_earlier(
    on: Option<PartialDate>,
    all: &[&Candidate<'_>],
    after: &After<'_>,
) -> Option<PartialDate> {
    let first = on?;
    let cleared = after.until.and_then(PartialDate::earliest);
    let possible = all.iter().filter(|one| one.after.is_unknown()).filter_map(|one| one.seen_on);
    let earlier = possible.filter(|seen| !first.on_or_before(*seen).is_true());
    let earliest = earlier
        .map(|seen| seen.earliest().max(cleared))
        .fold(first.earliest(), |earliest, seen| earliest.zip(seen).map(|(one, other)| one.min(other)));
    if earliest == first.earliest() { Some(first) } else { bounded(earliest, first.latest()) }
}

fn judge(certain: &[&Candidate<'_>]) -> RecurrenceState {
    if certain.iter().any(|one| one.proved) {
        return RecurrenceState::Confirmed;
    }
    if certain.iter().any(|one| one.suspicious.may_be_true()) {
        return RecurrenceState::Suspected;
    }
    RecurrenceState::Unknown
}

/// A board that decides to treat states that it is disease.
fn board_treats(facts: &Facts<'_>, on: Option<PartialDate>, after: &After<'_>) -> bool {
    facts.parts.board_decisions.iter().any(|decision| {
        let in_time = before(decision.on, on).is_false() && on.is_some() && decision.on.is_some();
        let later = after.next.is_some_and(|(_, until)| before(until, decision.on).may_be_true());
        decision.treats() && in_time && !later
    })
}

/// The last CT after the episode, and before the recurrence, that stated all five lobes to be clear.
fn last_clear(
    facts: &Facts<'_>,
    until: Option<PartialDate>,
    recurrence: Option<PartialDate>,
) -> Option<PartialDate> {
    let clear = facts.studies.iter().rev().find(|study| {
        let in_time = before(until, study.on).is_true()
            && recurrence.is_none_or(|recurrence| before(study.on, Some(recurrence)).is_true());
        shows_all_clear(study) && in_time
    });
    clear.and_then(|study| study.on)
}

/// Whether a later CT said of every lobe what it shows.
fn assessed_after(facts: &Facts<'_>, after: &After<'_>) -> bool {
    facts.studies.iter().rev().any(|study| {
        let stated =
            |lobe| matches!(study.lobes.get(lobe), Some(LobeStatement::Clear | LobeStatement::Nodules));
        is_ct(study) && Lobe::ALL.into_iter().all(stated) && before(after.until, study.on).is_true()
    })
}

/// Nodules that a later report mentions without listing them.
fn unlisted_after(facts: &Facts<'_>, after: &After<'_>) -> bool {
    let mut studies = facts.studies.iter();
    studies.any(|study| before(after.until, study.on).may_be_true() && facts.leaves_unlisted(study))
}

fn same_lobe(state: RecurrenceState, all: &[&Candidate<'_>], treated: &TreatedPlaces) -> Truth {
    let in_treated = |one: &&Candidate<'_>| one.place.map_or(Truth::False, |place| treated.touched_by(place));
    let open = |one: &&Candidate<'_>| {
        let certain_place = in_treated(one);
        if one.after.is_true() { certain_place } else { certain_place.and(Truth::Unknown) }
    };
    match state {
        RecurrenceState::None | RecurrenceState::Refuted => Truth::False,
        RecurrenceState::Unknown if all.is_empty() => Truth::Unknown,
        _ => Truth::any(all.iter().map(open)),
    }
}

fn side(
    exists: bool,
    certain: &[&Candidate<'_>],
    all: &[&Candidate<'_>],
    before: Sides,
    state: RecurrenceState,
) -> RecurrenceSide {
    if !exists {
        return match state {
            RecurrenceState::Unknown => RecurrenceSide::Unknown,
            _ => RecurrenceSide::NotApplicable,
        };
    }
    if before.both().is_true() {
        return RecurrenceSide::NotApplicable;
    }
    let (Some(one), false) = (only_side(before), before.both().is_unknown()) else {
        return RecurrenceSide::Unknown;
    };
    let relative = |shown: &[&Candidate<'_>]| {
        let on = |side: Side| shown.iter().any(|candidate| candidate.side == Some(side));
        let open = shown.iter().any(|candidate| candidate.side.is_none() && candidate.place.is_some());
        match (Side::BOTH.into_iter().filter(|side| on(*side)).collect::<Vec<_>>().as_slice(), open) {
            ([_, _], _) => RecurrenceSide::Bilateral,
            ([only], false) if *only == one => RecurrenceSide::Ipsilateral,
            ([_], false) => RecurrenceSide::Contralateral,
            _ => RecurrenceSide::Unknown,
        }
    };
    let shown = relative(if certain.is_empty() { all } else { certain });
    // What may also belong to it must not change the answer.
    if relative(all) == shown { shown } else { RecurrenceSide::Unknown }
}

fn only_side(sides: Sides) -> Option<Side> {
    match (sides.right, sides.left) {
        (Truth::True, Truth::False) => Some(Side::Right),
        (Truth::False, Truth::True) => Some(Side::Left),
        _ => None,
    }
}

fn reason(
    state: RecurrenceState,
    on: Option<PartialDate>,
    shown: &[&Candidate<'_>],
    refuted: &[Evidence],
    undecided: &[Evidence],
    after: &After<'_>,
) -> String {
    let nodules = listed(shown.iter().filter_map(|one| one.status.map(|status| &status.nodule)));
    let since = if after.cleared.is_false() { "never cleared; since then: " } else { "" };
    match state {
        RecurrenceState::None => format!("{since}a later CT of all five lobes shows nothing new"),
        RecurrenceState::Refuted => {
            format!("{since}what was suspected proved to be no metastasis ({})", listed(refuted))
        }
        RecurrenceState::Confirmed => format!("{since}proved; first shown on {} ({nodules})", dated(on)),
        RecurrenceState::Suspected => format!("{since}not proved; first shown on {} ({nodules})", dated(on)),
        RecurrenceState::Unknown if shown.is_empty() && !undecided.is_empty() => format!(
            "{since}pathology cannot say what it was ({}), so it is neither shown nor excluded",
            listed(undecided)
        ),
        RecurrenceState::Unknown if shown.is_empty() => {
            format!("{since}no later CT of all five lobes is on record, so it is neither shown nor excluded")
        }
        RecurrenceState::Unknown => format!(
            "{since}nodules may be new ({nodules}), but their dates or what they were held for do not decide"
        ),
    }
}
