//! P16: metastases that only the surgeon's hand or the specimen showed.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        dates::PartialDate,
        lung::Place,
        operation::Operation,
        truth::Truth,
        vocabulary::{Approach, LobeStatement, Palpation},
    },
    rules::{
        case::Case,
        episode::Episode,
        evidence::listed,
        facts::{before, is_ct, is_seen, on_or_before},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P16",
    name: "occult-burden",
    flags: "an occult metastasis in an episode; two and more, a third and more of all, or one in a lobe without imaged nodules goes to the board",
    why: "what imaging missed once it may miss again",
    inputs: "origin of nodules, imaging before the operation, palpation",
    not_evaluable: "the lung was not palpated as a whole, or an origin or a result is not recorded",
    source: "Cerfolio 2011, Heaton 2019; shares of thoracoscopy and open operation do not compare",
    figures: &["E34", "E74", "E33"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let operated = case.episodes.iter().filter(|episode| !episode.operations.is_empty());
    let answers: Vec<(&Episode, Truth)> = operated.map(|episode| (episode, occult(case, episode))).collect();
    if answers.is_empty() {
        return INFO.not_applicable("no operation for metastases is on record");
    }
    let state = Truth::any(answers.iter().map(|(_, occult)| *occult));
    let shown: Vec<&Episode> =
        answers.iter().filter(|(_, occult)| *occult == state).map(|(episode, _)| *episode).collect();
    let numbers = listed(shown.iter().map(|episode| episode.number));
    let reason = match state {
        Truth::True => {
            let found = shown.iter().map(|episode| episode.counts.occult_metastases.min);
            let found = found.fold(0_u32, u32::saturating_add);
            format!(
                "metastases found by hand or in the specimen, with no imaging of them before on record: at least \
                 {found} in metastasectomy {numbers}"
            )
        }
        Truth::False => {
            format!(
                "the lung was palpated as a whole in metastasectomy {numbers}, and no occult metastasis is on record"
            )
        }
        Truth::Unknown => format!(
            "palpation, or the origin or the result of a nodule is not reported for metastasectomy {numbers}, or the \
             lung was not palpated as a whole"
        ),
    };
    let heavy = Truth::any(shown.iter().map(|episode| weighs_more(case, episode)));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().flat_map(|episode| episode.evidence()))
        .label(state.is_true() && heavy.is_true(), "flagged")
        .label(shown.iter().any(|episode| has_stale_ct(case, episode)), "stale-ct")
        .label(approaches_differ(case), "approaches-differ")
        // Where it is open whether it weighs more, the board decides.
        .raise(heavy.may_be_true(), Effect::BOARD)
        .missing("palpation of the whole lung, and the origin and result of every nodule")
}

fn operations<'c>(case: &'c Case<'_, '_>, episode: &'c Episode) -> impl Iterator<Item = &'c Operation> {
    let all = case.facts.operations.iter().copied();
    all.filter(|operation| episode.operations.contains(&operation.id))
}

/// What nobody felt for was not excluded.
fn occult(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    let found = episode.counts.occult_metastases.at_least(1);
    let palpated = operations(case, episode).all(|one| one.palpation == Some(Palpation::Full));
    if palpated { found } else { found.or(Truth::Unknown) }
}

/// Several, a large share of all metastases, or one where imaging showed nothing.
fn weighs_more(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    let limits = &case.limits.burden;
    let occult = episode.counts.occult_metastases;
    let reaches = |all: u32| u64::from(occult.min) * 100 >= u64::from(all) * u64::from(limits.occult_percent);
    let large_share = if episode.counts.most_metastases.is_some_and(reaches) {
        Truth::True
    } else if occult.exact && !reaches(episode.counts.metastases.min) {
        Truth::False
    } else {
        Truth::Unknown
    };
    elsewhere(case, episode).or(large_share).or(occult.at_least(limits.occult_flagged))
}

/// An occult metastasis in a lobe in which no nodule was imaged before the episode. Each place is looked at once.
fn elsewhere(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    let mut places: Vec<(Place, Truth)> = Vec::new();
    for one in &episode.treated {
        let occult = one.occult.and(one.is_metastasis());
        match places.iter_mut().find(|(place, _)| *place == one.place) {
            Some((_, there)) => *there = there.or(occult),
            None => places.push((one.place, occult)),
        }
    }
    let places = places.into_iter().filter(|(_, occult)| occult.may_be_true());
    Truth::any(places.map(|(place, occult)| occult.and(!imaged(case, episode, place))))
}

/// Whether imaging since the episode before, and before this one, showed a nodule in the lobe of a place.
fn imaged(case: &Case<'_, '_>, episode: &Episode, place: Place) -> Truth {
    let Some(lobe) = place.lobe() else { return Truth::Unknown };
    let earlier = |on: Option<PartialDate>| on_or_before(on, episode.started_on);
    if !case.facts.studies.iter().any(|study| earlier(study.on).may_be_true()) {
        // Imaging there must have been; it is not on record.
        return Truth::Unknown;
    }
    let nodules = case.facts.nodules.iter().map(|known| {
        let seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
        let seen = Truth::any(seen.map(|(study, _)| earlier(study.on)));
        let removed = known.removals(&case.facts.operations).map(|(at, _)| {
            let operation = case.facts.operations.get(at).and_then(|operation| operation.on);
            before(operation, episode.started_on)
        });
        Truth::all([seen, known.nodule.place.touches(lobe), !Truth::any(removed)])
    });
    let previous = case.episodes.iter().rfind(|other| other.number < episode.number);
    let statements = case.facts.studies.iter().map(|study| {
        let stated = Truth::from(study.lobes.get(lobe) == Some(LobeStatement::Nodules));
        let unlisted = Truth::any(study.not_itemised.iter().map(|unlisted| unlisted.place.is_in(lobe)));
        let since = previous.map_or(Truth::True, |previous| before(previous.treated_until, study.on));
        Truth::all([earlier(study.on), since, stated.or(unlisted)])
    });
    Truth::any(nodules).or(Truth::any(statements))
}

/// Whether the last CT before the episode is certainly older than the limit.
fn has_stale_ct(case: &Case<'_, '_>, episode: &Episode) -> bool {
    let last = case
        .facts
        .studies
        .iter()
        .rev()
        .find(|study| is_ct(study) && on_or_before(study.on, episode.started_on).is_true());
    let limit = case.limits.burden.stale_ct_days;
    last.and_then(|study| study.on)
        .zip(episode.started_on)
        .is_some_and(|(ct, operation)| ct.days_until(operation).lt(limit + 1).is_false())
}

/// A hand feels more than an instrument: what both found does not compare.
fn approaches_differ(case: &Case<'_, '_>) -> bool {
    let approaches = || {
        let operations = case.episodes.iter().flat_map(|episode| operations(case, episode));
        operations.filter_map(|operation| operation.approach)
    };
    let scopic = |approach: &Approach| matches!(approach, Approach::Vats | Approach::Rats);
    let open = |approach: &Approach| {
        !scopic(approach) && !matches!(approach, Approach::Hybrid | Approach::Other | Approach::Unknown)
    };
    approaches().any(|one| scopic(&one)) && approaches().any(|one| open(&one))
}
