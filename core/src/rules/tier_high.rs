//! The triggers of tier H. Each counts where it holds and where it is not known; not sampled nodes are not missing.

use std::borrow::Cow;

use crate::domain::{
    dates::DayRange,
    primary::Primary,
    tier::Tier,
    truth::Truth,
    vocabulary::{Completeness, TumourFamily},
};

use super::{
    case::Case,
    dfi::{DfiClass, DuringTreatment},
    episode::{Episode, RecurrenceState},
    evidence::{Evidence, listed},
    nodes::nodal,
    patterns::PatternResult,
    systemic::progression,
    tier::Trigger,
};

/// All triggers of tier H, in the order of the clinical reference.
pub(super) fn triggers(case: &Case<'_, '_>) -> Vec<Trigger> {
    vec![
        short_dfi(case),
        short_rfi(case),
        margins(case),
        many_metastases(case),
        pathology(case),
        nodes(case),
        chemotherapy(case),
        mpnst(case),
        many_episodes(case),
        bilateral(case),
        refuted(case),
        observed(case),
    ]
}

/// Patterns that raise the tier and are not among the triggers above.
pub(super) fn of_patterns(case: &Case<'_, '_>, patterns: &[PatternResult]) -> Vec<Trigger> {
    let raising = patterns.iter().filter(|result| matches!(result.info.id, "P02" | "P04" | "P13" | "P20"));
    raising
        .map(|result| {
            let state = match (result.info.id, case.intervals().next_back()) {
                // A falling interval raises the tier only while it is short.
                ("P04", Some(last)) => {
                    let short = case.relapse_within(last, case.limits.intervals.falling_tier_months);
                    case.in_order(result.state.truth().and(short))
                }
                _ => result.state.truth(),
            };
            trigger(
                result.info.name,
                state,
                result.reason.clone(),
                result.evidence.clone(),
                result.info.source,
            )
        })
        .collect()
}

fn trigger(
    id: &'static str,
    state: Truth,
    reason: impl Into<Cow<'static, str>>,
    evidence: Vec<Evidence>,
    source: &'static str,
) -> Trigger {
    Trigger { id, tier: Tier::High, state, reason: reason.into(), evidence, source }
}

fn of_last(case: &Case<'_, '_>, state: fn(&Episode) -> Truth) -> (Truth, Vec<Evidence>) {
    (case.of_last(state), case.last_episode().map(Episode::evidence).unwrap_or_default())
}

fn short_dfi(case: &Case<'_, '_>) -> Trigger {
    let no_interval = matches!(
        case.dfi.class,
        DfiClass::Synchronous | DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp)
    );
    let state = match case.dfi.class {
        _ if no_interval => Truth::True,
        DfiClass::Unknown => case.dfi.lt_12_months.or(Truth::Unknown),
        _ => case.dfi.lt_12_months,
    };
    trigger(
        "dfi-lt-12-months",
        state,
        case.dfi.reason.clone(),
        case.dfi.evidence.clone(),
        "Gherzi 2022 (its references 21 and 22); graded rather than a step in Tetta 2021; synchronous disease disputed",
    )
}

fn short_rfi(case: &Case<'_, '_>) -> Trigger {
    let relapsed: Vec<&Episode> = case.relapsed().rev().collect();
    let Some(last) = relapsed.first() else {
        // Where the order of the metastasectomies is open, one of them may have treated what came after another.
        let state = case.in_order(Truth::False);
        let reason = match state {
            Truth::False => "no recurrence after a metastasectomy is on record",
            _ => "after which metastasectomy disease came is not certain, because their order is not",
        };
        return trigger("short-recurrence-free-interval", state, reason, Vec::new(), RFI_SOURCE);
    };
    let mut evidence = last.evidence();
    evidence.extend(last.recurrence.evidence.iter().cloned());
    let reason = match last.recurrence.interval {
        Some(interval) => {
            let noun = last.recurrence.state.noun();
            format!("{noun} {} days after metastasectomy {}", days(interval), last.number)
        }
        None => format!("the interval after metastasectomy {} is not known or does not exist", last.number),
    };
    let state = case.in_order(last_interval_is_short(case, &relapsed));
    trigger("short-recurrence-free-interval", state, reason, evidence, RFI_SOURCE)
}

/// Whether the last recurrence-free interval is short, or shorter than the one before. `relapsed` holds the episodes that
/// were or may have been followed by a recurrence, the last one first.
fn last_interval_is_short(case: &Case<'_, '_>, relapsed: &[&Episode]) -> Truth {
    let Some((last, earlier)) = relapsed.split_first() else { return Truth::False };
    let limits = case.tiers;
    let falling = earlier.first().map_or(Truth::False, |previous| {
        shorter(last, previous).and(case.relapse_within(last, limits.falling_rfi_months))
    });
    // Never cleared has no interval; the rest itself is a trigger of tier A.
    let state = match last.cleared {
        Truth::False => Truth::False,
        _ => case.relapse_within(last, limits.short_rfi_months).or(falling),
    };
    // Where nothing certainly came after it, the interval before may be the last one.
    let before = || last_interval_is_short(case, earlier);
    if last.recurrence.on_record().is_true() || before() == state { state } else { Truth::Unknown }
}

const RFI_SOURCE: &str = "Burt 2011, Briccoli 2005, selection for repeat metastasectomy in 2017 series; limits need local approval";

/// Whether the one recurrence-free interval is shorter than the other.
pub(super) fn shorter(one: &Episode, other: &Episode) -> Truth {
    match (one.recurrence.interval, other.recurrence.interval) {
        (Some(one), Some(other)) => {
            let certainly = one.max.zip(other.min).is_some_and(|(one, other)| one < other);
            let never = one.min.zip(other.max).is_some_and(|(one, other)| one >= other);
            if certainly {
                Truth::True
            } else if never {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        _ => Truth::Unknown,
    }
}

/// A range of days in words.
pub(super) fn days(range: DayRange) -> String {
    match (range.min, range.max) {
        (Some(min), Some(max)) if min == max => min.to_string(),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "an unknown number of".to_owned(),
    }
}

fn margins(case: &Case<'_, '_>) -> Trigger {
    let (state, evidence) = of_last(case, |episode| episode.margins.r1_or_rx);
    let reported = case.last_episode().and_then(|episode| episode.completeness);
    let reason = match (state, reported) {
        (Truth::True, _) => "the last episode has an involved margin or one that cannot be assessed",
        (Truth::False, _) => "no involved margin is on record for the last episode",
        (Truth::Unknown, Some(Completeness::Complete)) => "the margins of the last episode were not reported",
        (Truth::Unknown, _) => "the completeness of the last episode was not reported",
    };
    trigger(
        "episode-r1-or-rx",
        state,
        reason,
        evidence,
        "International Registry of Lung Metastases 1997; Gherzi 2022",
    )
}

fn many_metastases(case: &Case<'_, '_>) -> Trigger {
    let limit = case.tiers.many_metastases;
    let episode = case.last_episode();
    let state = case.of_last(|episode| episode.counts.metastases_at_least(limit));
    let reason = match episode.map(|episode| episode.counts.metastases) {
        None => "no metastasectomy is on record".to_owned(),
        Some(count) if count.exact => format!("metastases in the last episode: {}", count.min),
        Some(count) => {
            format!("metastases in the last episode: at least {}, the number is not known", count.min)
        }
    };
    let evidence = episode.map(Episode::evidence).unwrap_or_default();
    let source = "International Registry of Lung Metastases 1997; disputed by later series";
    trigger("four-or-more-metastases", state, reason, evidence, source)
}

/// A missing result is unfavourable, also where it could not make many metastases of few.
fn pathology(case: &Case<'_, '_>) -> Trigger {
    let open = |episode: &Episode| {
        if episode.counts.metastases.exact { Truth::False } else { Truth::Unknown }
    };
    let (state, evidence) = of_last(case, open);
    let reason = match state {
        Truth::False => "no result of the last episode is outstanding",
        _ => "a result or the number of the last episode is not on record",
    };
    trigger("pathology-of-last-episode", state, reason, evidence, "product rule; needs local approval")
}

fn nodes(case: &Case<'_, '_>) -> Trigger {
    let nodal = nodal(case);
    // Nodes are not routinely removed: NX is the rule and not a missing input.
    let state = Truth::from(nodal.pathological.is_true()).or(nodal.clinical);
    let reason = match (state, nodal.pathological) {
        (Truth::True, Truth::True) => "lymph-node metastases were found",
        (Truth::True, _) => "an enlarged lymph node was reported",
        (Truth::Unknown, _) => "a lymph node between the limits was measured once",
        (Truth::False, Truth::False) => "sampled lymph nodes were free",
        (Truth::False, _) => "no lymph node is on record as sampled or enlarged (NX)",
    };
    let source = "Gherzi 2022 (its references 59 and 60)";
    trigger("nodal-involvement", state, reason, nodal.evidence, source)
}

fn chemotherapy(case: &Case<'_, '_>) -> Trigger {
    let progression = progression(case);
    let reason = match progression.state {
        Truth::True => "progression on systemic therapy before a metastasectomy",
        Truth::False => "no progression on systemic therapy before a metastasectomy is on record",
        Truth::Unknown => {
            "whether disease progressed on systemic therapy before a metastasectomy is not known"
        }
    };
    trigger("progression-on-chemotherapy", progression.state, reason, progression.evidence, "Stephens 2011")
}

fn mpnst(case: &Case<'_, '_>) -> Trigger {
    let possible = case.facts.origin.possible(case.facts.parts);
    let mut answers = possible.iter().map(|primary| is_mpnst(primary));
    // Where the primary is open, only those that agree decide.
    let first = answers.next().unwrap_or(Truth::Unknown);
    let state = if answers.all(|other| other == first) { first } else { Truth::Unknown };
    let coded = possible.iter().any(|primary| primary.icd_o_3.is_some());
    let reason = match state {
        Truth::True => "malignant peripheral nerve sheath tumour",
        Truth::False if coded => "another type of tumour",
        Truth::False => "recorded as no soft-tissue sarcoma",
        Truth::Unknown if possible.len() > 1 => "which primary the lung metastases come from is not known",
        Truth::Unknown => "the type of the primary is not coded",
    };
    let evidence = coded.then_some(Evidence::Part("primary.icd_o_3")).into_iter().collect();
    trigger("mpnst", state, reason, evidence, "Tetta 2021; Billingsley 1999")
}

fn is_mpnst(primary: &Primary) -> Truth {
    match (primary.icd_o_3, primary.family()) {
        (Some(code), _) => Truth::from(code.is_mpnst()),
        (None, Some(TumourFamily::BoneSarcoma | TumourFamily::Other)) => Truth::False,
        (None, _) => Truth::Unknown,
    }
}

/// Whether the type of the primary is needed and not coded.
pub(super) fn lacks_morphology(case: &Case<'_, '_>) -> bool {
    mpnst(case).state.is_unknown()
}

fn many_episodes(case: &Case<'_, '_>) -> Trigger {
    let number = case.last_episode().map_or(0, |episode| episode.number);
    let state = Truth::from(number >= case.tiers.many_episodes);
    let evidence = case.episodes.iter().flat_map(Episode::evidence).collect();
    let source = "Jaklitsch 2001 (mixed tumours)";
    trigger(
        "third-metastasectomy",
        state,
        format!("metastasectomies on record: {number}{}", case.local_only()),
        evidence,
        source,
    )
}

fn bilateral(case: &Case<'_, '_>) -> Trigger {
    let (state, evidence) = of_last(case, |episode| episode.disease_sides.both());
    let reason = match state {
        Truth::True => "metastases of both sides in the last episode",
        Truth::False => "metastases of one side at most are on record for the last episode",
        Truth::Unknown => "a side or a result of the last episode is not known",
    };
    trigger("bilateral-disease", state, reason, evidence, "Gherzi 2022 (its references 12 and 18); disputed")
}

fn refuted(case: &Case<'_, '_>) -> Trigger {
    let limit = case.tiers.refuted_months;
    let today = case.facts.today();
    let mut evidence = Vec::new();
    let recent = case.episodes.iter().map(|episode| match episode.recurrence.state {
        RecurrenceState::Refuted => {
            let on = case.refuted_on(episode);
            let recent = on.map_or(Truth::Unknown, |on| on.lt_months(today, limit));
            if recent.may_be_true() {
                evidence.extend(episode.recurrence.evidence.iter().cloned());
            }
            recent
        }
        // What pathology cannot say is less settled than what it refuted.
        _ => {
            let undecided = case.undecided(episode);
            let state = Truth::from(!undecided.is_empty()).and(Truth::Unknown);
            evidence.extend(undecided);
            state
        }
    });
    let state = Truth::any(recent.collect::<Vec<_>>());
    let undecided = case.episodes.iter().any(|episode| !case.undecided(episode).is_empty());
    let reason = match state {
        Truth::True => format!("a suspected recurrence was refuted less than {limit} months ago"),
        Truth::False => format!("no suspected recurrence is on record as refuted in the last {limit} months"),
        Truth::Unknown if undecided => "pathology cannot say what a suspected recurrence was".to_owned(),
        Truth::Unknown => "when a suspected recurrence was refuted is not known".to_owned(),
    };
    trigger("recurrence-refuted-recently", state, reason, evidence, "product rule; needs local approval")
}

fn observed(case: &Case<'_, '_>) -> Trigger {
    let limit = case.tiers.observed_nodule_mm;
    let mut shown = Vec::new();
    let state = Truth::any(case.active().map(|nodule| {
        // A suspected one counts too: it is in tier A anyway, and suspicion may be withdrawn.
        let there = if nodule.order_open { Truth::Unknown } else { Truth::True };
        let large = Truth::from(nodule.largest_mm.map(|mm| mm > limit)).and(there);
        if large.may_be_true() {
            shown.push(&nodule.nodule);
        }
        large
    }));
    let reason = match state {
        Truth::True => format!("untreated and above {limit} mm: {}", listed(&shown)),
        Truth::False => format!("no untreated nodule above {limit} mm is on record"),
        Truth::Unknown => {
            format!("untreated, size not recorded or not certain to be there: {}", listed(&shown))
        }
    };
    let evidence = shown.into_iter().cloned().map(Evidence::Nodule).collect();
    let source = "review of indeterminate nodules in bone sarcoma 2024 (1,667 patients, retrospective)";
    trigger("observed-nodule", state, reason, evidence, source)
}
