//! P19: a nodule grows again after radiotherapy or ablation.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{
        case::Case,
        evidence::{Evidence, dated, listed},
        local_control::{Controlled, Lacks, local_control},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P19",
    name: "local-failure",
    flags: "growth of a treated nodule on 2 consecutive studies, or growth after shrinkage; dated to the first of them",
    why: "local treatment may not have held this nodule",
    inputs: "studies and local states from three months after the end of local therapy on, against the size before",
    not_evaluable: "no study after the first three months, growth on one study only: repeat in 6 to 8 weeks; or the reader is not sure that it is no fibrosis",
    source: "Lebow, Mehta 2013 (stereotactic radiotherapy)",
    figures: &["E84", "E85"],
    effect: Effect::ACTIVE_BOARD,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let control = local_control(case);
    if control.nodules.is_empty() && control.unlinked.is_empty() {
        return INFO.not_applicable("no nodule treated by radiotherapy or ablation alone is on record");
    }
    let state = control.failed();
    let shown: Vec<&Controlled> = control.nodules.iter().filter(|one| one.failed == state).collect();
    let ids = listed(shown.iter().map(|one| &one.nodule));
    let reason = match state {
        Truth::True => {
            let since = shown.iter().map(|one| format!("{} since {}", one.nodule, dated(one.failed_on)));
            format!("growing after local therapy: {}", listed(since))
        }
        Truth::False => format!("no growth on consecutive studies and none after shrinkage on record: {ids}"),
        Truth::Unknown if shown.is_empty() => {
            format!("which nodules were treated is not recorded: {}", listed(&control.unlinked))
        }
        Truth::Unknown => format!("local control cannot be judged yet: {ids}"),
    };
    let evidence = shown.iter().flat_map(|one| {
        std::iter::once(Evidence::Nodule(one.nodule.clone())).chain(one.evidence.iter().cloned())
    });
    let repeat = shown.iter().any(|one| one.failed.is_unknown() && one.lacks == Lacks::Repeat);
    let mut result =
        INFO.decided(state, reason).with_evidence(evidence).label(repeat, "repeat-in-6-to-8-weeks");
    if state.is_unknown() {
        for one in &shown {
            result = result.missing(lacks(one));
        }
        for therapy in &control.unlinked {
            result = result
                .with_evidence([Evidence::Therapy(therapy.clone())])
                .missing(format!("which nodules {therapy} treated"));
        }
    }
    result
}

fn lacks(one: &Controlled) -> String {
    let nodule = &one.nodule;
    match one.lacks {
        Lacks::Study => format!("a study of {nodule} three months or more after the end of treatment"),
        Lacks::Repeat => format!("a repeat study of {nodule} in 6 to 8 weeks"),
        Lacks::Detail => format!("the days and sizes of {nodule}, and what the reader holds the change for"),
    }
}
