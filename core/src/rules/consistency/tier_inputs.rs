//! Missing inputs of the tier: each counts as unfavourable until somebody adds it.

use crate::{
    domain::{truth::Truth, vocabulary::Completeness},
    rules::{
        case::Case, dfi::DfiClass, evidence::DataTask, origin::Origin, tier::Trigger,
        tier_high::lacks_morphology,
    },
};

/// Triggers that ask for facts of the record no other task asks for.
const ASKED: [&str; 7] = [
    "suspected-nodule",
    "thoracic-disease-outside-lung",
    "palliative-systemic-therapy",
    "extrathoracic-disease",
    "short-recurrence-free-interval",
    "recurrence-refuted-recently",
    "observed-nodule",
];

pub(super) fn check(case: &Case<'_, '_>, triggers: &[Trigger], tasks: &mut Vec<DataTask>) {
    let open = triggers.iter().filter(|trigger| trigger.state.is_unknown() && ASKED.contains(&trigger.id));
    tasks.extend(open.map(|trigger| {
        let reason = format!("{}; this counts as unfavourable until the record says it", trigger.reason);
        DataTask::new("tier-open", trigger.id, reason)
    }));
    let mut miss = |id, reason: String| tasks.push(DataTask::about_patient(id, reason));
    if case.dfi.class == DfiClass::Unknown {
        miss("missing-dfi", format!("the timing of the lung metastases is open: {}", case.dfi.reason));
    }
    if case.facts.origin == Origin::Open {
        let reason = "several primaries are recorded, and neither a statement nor the type of the metastases says from \
                      which of them the lung metastases come, or the two contradict each other; the disease-free \
                      interval stays unknown until then";
        miss("primary-of-metastases", reason.to_owned());
    }
    if lacks_morphology(case) {
        miss("missing-morphology", "the type of the primary is not coded (ICD-O-3)".to_owned());
    }
    let Some(episode) = case.last_episode() else { return };
    let number = episode.number;
    match episode.completeness {
        Some(Completeness::Complete) => {
            miss("missing-margins", format!("the margins of metastasectomy {number} were not reported"));
        }
        None if !episode.margins.r1_or_rx.is_false() => {
            let reason = if episode.operations.is_empty() {
                format!("episode {number} is local therapy only: no margin and no completeness is on record")
            } else {
                format!("the completeness of metastasectomy {number} was not reported")
            };
            miss("missing-completeness", reason);
        }
        _ => {}
    }
    if !episode.counts.resected.exact {
        miss(
            "missing-number",
            format!("the number of nodules resected in metastasectomy {number} is not known"),
        );
    }
    if episode.counts.resected.exact && !episode.counts.metastases.exact {
        miss("missing-pathology", format!("pathology of metastasectomy {number} is not complete"));
    }
    if episode.sides.right == Truth::Unknown || episode.sides.left == Truth::Unknown {
        miss("missing-side", format!("the side of metastasectomy {number} was not reported"));
    }
}
