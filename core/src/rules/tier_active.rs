//! The triggers of tier A: known active, untreated or uncontrolled disease.

use std::borrow::Cow;

use crate::domain::{tier::Tier, truth::Truth};

use super::{
    case::Case,
    episode::EpisodeState,
    evidence::{Evidence, listed},
    facts::{before, is_seen, on_or_before},
    local_control::local_control,
    nodule_state::NoduleStatus,
    systemic::{palliative, running},
    tier::Trigger,
    unaccounted::{is_for_metastases, may_have_taken},
    units::operated_sides,
};

const ACTIVE: &str = "product rule for known active disease of the chest; needs local approval";
const EVENTS: &str = "product rule for events during surveillance; needs local approval";

/// All triggers of tier A, in order.
pub(super) fn triggers(case: &Case<'_, '_>) -> Vec<Trigger> {
    vec![
        no_metastasectomy(case),
        rest(case),
        open_episode(case),
        growing(case),
        suspected(case),
        thoracic(case),
        local_failure(case),
        palliative_therapy(case),
        systemic_therapy(case),
        extrathoracic(case),
    ]
}

fn trigger(
    id: &'static str,
    state: Truth,
    reason: impl Into<Cow<'static, str>>,
    evidence: Vec<Evidence>,
    source: &'static str,
) -> Trigger {
    Trigger { id, tier: Tier::Active, state, reason: reason.into(), evidence, source }
}

fn no_metastasectomy(case: &Case<'_, '_>) -> Trigger {
    let reason = match case.last_episode() {
        None => "no metastasectomy is on record".to_owned(),
        Some(episode) if episode.operations.is_empty() => {
            format!("episode {} is on record, by local therapy only", episode.number)
        }
        Some(episode) => format!("metastasectomy {} is on record", episode.number),
    };
    let evidence = case.last_episode().map(|episode| episode.evidence()).unwrap_or_default();
    trigger("no-metastasectomy", Truth::from(case.episodes.is_empty()), reason, evidence, ACTIVE)
}

fn rest(case: &Case<'_, '_>) -> Trigger {
    let state = case.of_last(|episode| episode.margins.r2);
    let reason = match state {
        Truth::True => "the last episode left gross tumour or a known suspected nodule",
        Truth::False => "no known rest of the last episode is on record",
        Truth::Unknown => "whether the last episode left anything is not known",
    };
    let evidence = case.last_episode().map(|episode| episode.evidence()).unwrap_or_default();
    trigger("residual-disease", state, reason, evidence, ACTIVE)
}

fn open_episode(case: &Case<'_, '_>) -> Trigger {
    let state = case.of_last(|episode| Truth::from(episode.state == EpisodeState::PendingNextStage));
    let reason = match state {
        Truth::True => "a planned stage is not on record as done",
        Truth::False => "no planned stage is outstanding",
        Truth::Unknown => "whether the last episode waits for a planned stage is not known",
    };
    let open = case.last_episode().filter(|_| state.may_be_true());
    let evidence = open.map(|episode| episode.evidence()).unwrap_or_default();
    trigger("episode-open", state, reason, evidence, ACTIVE)
}

fn nodule_evidence<'a>(nodules: impl IntoIterator<Item = &'a NoduleStatus>) -> Vec<Evidence> {
    nodules.into_iter().map(|nodule| Evidence::Nodule(nodule.nodule.clone())).collect()
}

fn growing(case: &Case<'_, '_>) -> Trigger {
    let grown: Vec<_> = case.active().filter(|nodule| nodule.grows().is_true()).collect();
    let open: Vec<_> = case.active().filter(|nodule| nodule.grows().is_unknown()).collect();
    let (state, reason, shown) = if !grown.is_empty() {
        (Truth::True, format!("untreated and growing: {}", ids(&grown)), grown)
    } else if open.is_empty() {
        (Truth::False, "no untreated nodule is on record as growing".to_owned(), open)
    } else {
        let (grew, unclear): (Vec<_>, Vec<_>) = open.iter().copied().partition(|nodule| nodule.grew);
        let reason = if grew.is_empty() {
            format!("growth cannot be judged yet: {}", ids(&unclear))
        } else {
            format!("grew earlier and smaller since: {}", ids(&grew))
        };
        (Truth::Unknown, reason, open)
    };
    // Growth rests on the study that shows it: every further study that does is news.
    let studies = shown.iter().filter(|_| state.is_true()).filter_map(|nodule| {
        let known = case.facts.nodule(&nodule.nodule)?;
        known.sightings.iter().rfind(|(_, finding)| is_seen(finding.fate)).map(|(study, _)| study)
    });
    let studies: Vec<_> = studies.map(|study| Evidence::Study(study.id.clone())).collect();
    let mut evidence = nodule_evidence(shown);
    evidence.extend(studies);
    trigger("growing-nodule", state, reason, evidence, ACTIVE)
}

fn suspected(case: &Case<'_, '_>) -> Trigger {
    let state_of = |nodule: &&NoduleStatus| nodule.suspicious.and(is_untreated(case, nodule));
    let suspected: Vec<_> = case.active().filter(|nodule| state_of(nodule).is_true()).collect();
    let open: Vec<_> = case.active().filter(|nodule| state_of(nodule).is_unknown()).collect();
    let unlisted = case.facts.unlisted();
    let (state, reason, shown) = if !suspected.is_empty() {
        (Truth::True, format!("untreated and suspected: {}", ids(&suspected)), suspected)
    } else if !open.is_empty() {
        let held = open.iter().filter(|nodule| nodule.suspicious.is_true()).count();
        let what = if held == open.len() {
            "suspected, and whether an operation took them out is not recorded"
        } else if held == 0 {
            "nobody recorded what these are held for"
        } else {
            "nobody recorded what these are held for, or whether they were taken out"
        };
        (Truth::Unknown, format!("{what}: {}", ids(&open)), open)
    } else if unlisted.is_some() {
        (Truth::Unknown, "a study mentions nodules without listing them".to_owned(), Vec::new())
    } else {
        (Truth::False, "no untreated nodule is on record as suspected".to_owned(), Vec::new())
    };
    let mut evidence = nodule_evidence(shown);
    if let Some(study) = unlisted {
        evidence.push(Evidence::Study(study.id.clone()));
    }
    trigger("suspected-nodule", state, reason, evidence, ACTIVE)
}

fn thoracic(case: &Case<'_, '_>) -> Trigger {
    let mut evidence = Vec::new();
    let state = Truth::any(case.facts.parts.thoracic_events.iter().map(|event| {
        let untreated = Truth::from(event.resected.map(|resected| !resected));
        let active = Truth::from(event.confirmed).and(untreated);
        if active.may_be_true() {
            evidence.push(Evidence::Dated("thoracic_events", event.on));
        }
        active
    }));
    let reason = match state {
        Truth::True => "disease of the chest outside the lung is on record as confirmed and not resected",
        Truth::False => "no untreated disease of the chest outside the lung is on record",
        Truth::Unknown => {
            "whether disease of the chest outside the lung is confirmed and untreated is not known"
        }
    };
    trigger("thoracic-disease-outside-lung", state, reason, evidence, ACTIVE)
}

fn local_failure(case: &Case<'_, '_>) -> Trigger {
    let control = local_control(case);
    let state = control.failed();
    let shown: Vec<_> =
        control.nodules.iter().filter(|one| one.failed == state && state.may_be_true()).collect();
    let ids = || listed(shown.iter().map(|one| &one.nodule));
    let reason = match state {
        Truth::True => format!("growth after local therapy: {}", ids()),
        Truth::False => {
            "no growth of a locally treated nodule on consecutive studies is on record".to_owned()
        }
        Truth::Unknown if shown.is_empty() => {
            format!("which nodules were treated is not recorded: {}", listed(&control.unlinked))
        }
        Truth::Unknown => format!("local control cannot be judged yet: {}", ids()),
    };
    let unlinked = control.unlinked.iter().filter(|_| state.is_unknown()).cloned().map(Evidence::Therapy);
    let evidence = shown.iter().flat_map(|one| {
        std::iter::once(Evidence::Nodule(one.nodule.clone())).chain(one.evidence.iter().cloned())
    });
    let evidence = evidence.chain(unlinked).collect();
    trigger(
        "local-failure",
        state,
        reason,
        evidence,
        "local failure after stereotactic radiotherapy: Lebow, Mehta 2013",
    )
}

fn palliative_therapy(case: &Case<'_, '_>) -> Trigger {
    let palliative = palliative(case);
    let reason = match palliative.state {
        Truth::True => "palliative systemic therapy is running",
        Truth::False => "no palliative systemic therapy is on record as running",
        Truth::Unknown => "whether a systemic therapy is palliative and still running is not known",
    };
    trigger("palliative-systemic-therapy", palliative.state, reason, palliative.evidence, ACTIVE)
}

/// Whoever is under systemic therapy is scanned by oncology; the guard sees to it that this happens.
fn systemic_therapy(case: &Case<'_, '_>) -> Trigger {
    let evidence = running(case);
    let state = Truth::from(!evidence.is_empty());
    let reason = match state {
        Truth::True => "systemic therapy is on record as running",
        _ => "no systemic therapy is on record as running",
    };
    trigger("systemic-therapy", state, reason, evidence, EVENTS)
}

fn extrathoracic(case: &Case<'_, '_>) -> Trigger {
    let mut evidence = Vec::new();
    let state = Truth::any(case.extrathoracic().map(|event| {
        // What was there before the lung metastases and was not resected may still be.
        let since = event.after.or(Truth::Unknown);
        let active = since.and(Truth::from(event.resected.map(|resected| !resected)));
        if active.may_be_true() {
            evidence.push(event.evidence);
        }
        active
    }));
    let reason = match state {
        Truth::True => "disease outside the chest after the lung metastases is on record as not resected",
        Truth::False => "no untreated disease outside the chest is on record",
        Truth::Unknown => {
            "whether disease outside the chest is still there is not known: its day, whether it was resected, or what \
             became of it since"
        }
    };
    trigger("extrathoracic-disease", state, reason, evidence, EVENTS)
}

/// Whether a nodule certainly is untreated: no operation on its side since it was last seen may have taken it without a
/// specimen that is linked to it.
fn is_untreated(case: &Case<'_, '_>, nodule: &NoduleStatus) -> Truth {
    let place = nodule.place.place();
    let Some(known) = case.facts.nodule(&nodule.nodule) else { return Truth::True };
    let seen = || known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    let number = || {
        let there = case.active().filter(|one| one.suspicious.is_true() && one.place.place().may_be(place));
        there.map(|one| one.count.tally().min).fold(0, u32::saturating_add)
    };
    let mut operations = case.facts.operations.iter().filter(|operation| is_for_metastases(operation));
    let taken = operations.any(|operation| {
        let sides = operated_sides(case.facts, operation);
        let operated = place.side().is_none_or(|side| sides.on(side).may_be_true());
        let seen_since = seen().any(|(study, _)| before(operation.on, study.on).is_true());
        let seen_before = seen().any(|(study, _)| on_or_before(study.on, operation.on).may_be_true());
        operated && seen_before && !seen_since && may_have_taken(case.facts, operation, place, number())
    });
    if taken { Truth::Unknown } else { Truth::True }
}

fn ids(nodules: &[&NoduleStatus]) -> String {
    listed(nodules.iter().map(|nodule| &nodule.nodule))
}
