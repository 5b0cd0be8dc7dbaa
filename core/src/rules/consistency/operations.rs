//! Checks of operations: sides, pathology, completeness.

use crate::{
    domain::{
        lung::{Lobe, Place, Side},
        nodule::NoduleCount,
        operation::{Operation, Resection, ResectionTarget},
        truth::Truth,
        vocabulary::{Completeness, OperationSide, Pathology},
    },
    rules::{
        case::Case,
        evidence::{DataTask, listed},
        facts::{before, is_seen, takes_out},
        pathology::PathologyClass,
        removed::place_of,
    },
};

pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for operation in &case.facts.operations {
        laterality(case, operation, tasks);
        for resection in &operation.resections {
            pathology(case, operation, resection, tasks);
            labels(case, operation, resection, tasks);
        }
        if operation.resections.is_empty() {
            let reason = "lists nothing that was resected; add the specimens and their results";
            tasks.push(DataTask::new("resections-missing", &operation.id, reason));
        }
    }
    seen_again(case, tasks);
    resected_twice(case, tasks);
    left_behind(case, tasks);
}

/// A nodule is taken out once: what comes back in its place is a new one, unless a stage or completion took the rest.
fn resected_twice(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for known in &case.facts.nodules {
        let as_metastasis = known
            .removals(&case.facts.operations)
            .filter(|(_, resection)| PathologyClass::of(resection.pathology).is_metastasis().may_be_true());
        let operations: Vec<_> =
            as_metastasis.filter_map(|(at, _)| Some(&case.facts.operations.get(at)?.id)).collect();
        let episodes = case
            .episodes
            .iter()
            .filter(|episode| episode.operations.iter().any(|own| operations.contains(&own)));
        if episodes.count() > 1 && known.nodule.count.is_single() {
            let reason = format!(
                "taken out as a metastasis in {}; enter what came back as a nodule of its own, or correct a specimen",
                listed(&operations)
            );
            tasks.push(DataTask::new("resected-twice", &known.nodule.id, reason));
        }
    }
}

fn laterality(case: &Case<'_, '_>, operation: &Operation, tasks: &mut Vec<DataTask>) {
    let side = match operation.side {
        Some(OperationSide::Right) => Side::Right,
        Some(OperationSide::Left) => Side::Left,
        _ => return,
    };
    let places: Vec<Place> = operation.resections.iter().map(|one| place_of(case.facts, one)).collect();
    let other = places.iter().filter(|place| place.is_on(side).is_false()).count();
    if side == Side::Left && places.contains(&Place::Lobe(Lobe::Rml)) {
        let reason = "a left-sided operation lists the middle lobe, which exists only on the right";
        tasks.push(DataTask::new("middle-lobe-on-the-left", &operation.id, reason));
    }
    if other > 0 {
        let extent =
            if other == places.len() { "all of its specimens lie" } else { "some of its specimens lie" };
        let reason = format!(
            "recorded as {}-sided, but {extent} on the other side; correct the side or the lobes",
            side.word()
        );
        tasks.push(DataTask::new("side-mismatch", &operation.id, reason));
    }
}

fn subject(operation: &Operation, resection: &Resection) -> String {
    match &resection.target {
        ResectionTarget::Nodule { nodule, .. } => format!("{}/{nodule}", operation.id),
        ResectionTarget::Specimen { place, kind, .. } => {
            use crate::domain::vocabulary::Vocabulary as _;
            format!("{}/{}-{place}", operation.id, kind.code())
        }
    }
}

fn pathology(case: &Case<'_, '_>, operation: &Operation, resection: &Resection, tasks: &mut Vec<DataTask>) {
    let subject = || subject(operation, resection);
    let limit = case.limits.episodes.pathology_days;
    match resection.pathology {
        None => {
            let due = operation.on.and_then(|on| on.plus_days(limit));
            let overdue = due.map_or(Truth::Unknown, |due| due.before(case.facts.today()));
            if overdue.is_true() {
                let reason = format!("no pathology result {limit} days after the operation; add it");
                tasks.push(DataTask::new("pathology-outstanding", subject(), reason));
            }
        }
        Some(Pathology::Indeterminate) => {
            let reason =
                "pathology cannot say what it is; ask for a second opinion or record that there is none";
            tasks.push(DataTask::new("pathology-indeterminate", subject(), reason));
        }
        Some(Pathology::PrimaryLungCancer | Pathology::OtherMalignancy) => {
            let reason = "pathology found another cancer; bring it to the tumour board";
            tasks.push(DataTask::new("other-malignancy", subject(), reason));
        }
        _ => {}
    }
    let counted = match &resection.target {
        ResectionTarget::Nodule { nodule, .. } => case.facts.nodule(nodule).map(|known| known.nodule.count),
        ResectionTarget::Specimen { count, .. } => Some(*count),
    };
    if let (Some(NoduleCount::Exactly(count)), Some(examined)) = (counted, resection.pathology_count)
        && examined > count.get()
    {
        let reason =
            format!("pathology examined {examined}, but only {count} were resected; correct a number");
        tasks.push(DataTask::new("pathology-count", subject(), reason));
    }
}

fn labels(case: &Case<'_, '_>, operation: &Operation, resection: &Resection, tasks: &mut Vec<DataTask>) {
    let ResectionTarget::Nodule { nodule, labelled: Some(label) } = &resection.target else { return };
    let Some(known) = case.facts.nodule(nodule) else { return };
    let own = known.nodule.place;
    let fits = match label {
        Place::Lobe(lobe) => own.touches(*lobe),
        Place::SideOnly(side) => own.place().is_on(*side),
        Place::NotReported => Truth::Unknown,
    };
    if fits.is_false() {
        let reason =
            format!("the specimen is labelled {label}, the nodule lies in {}; correct one", own.place());
        tasks.push(DataTask::new("label-mismatch", subject(operation, resection), reason));
    }
}

/// A nodule that was taken out is seen again: another nodule, or it is still there.
fn seen_again(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for known in &case.facts.nodules {
        let last = known
            .specimens
            .iter()
            .filter_map(|(at, resection)| Some((case.facts.operations.get(*at)?, resection)))
            .rfind(|(operation, resection)| takes_out(operation, resection));
        let Some((operation, _)) = last else { continue };
        let again = known
            .sightings
            .iter()
            .find(|(study, finding)| is_seen(finding.fate) && before(operation.on, study.on).is_true());
        if let Some((study, _)) = again {
            let reason = format!(
                "resected in {}, but seen on {} afterwards; it was another nodule, or it is still there",
                operation.id, study.id
            );
            tasks.push(DataTask::new("resected-nodule-seen-again", &known.nodule.id, reason));
        }
    }
}

/// The reported completeness and what the record shows as left do not agree.
fn left_behind(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    for episode in case.episodes {
        let reported_r2 = case.facts.operations.iter().any(|operation| {
            episode.operations.contains(&operation.id) && operation.completeness == Some(Completeness::R2)
        });
        if episode.completeness == Some(Completeness::R2) && !reported_r2 {
            let reason = format!(
                "no operation of metastasectomy {} was recorded as R2, but a suspected nodule or other disease known \
                 then was not treated; it counts as R2 until the record says what became of it",
                episode.number
            );
            tasks.push(DataTask::new("untreated-at-close", episode.number, reason));
        }
        if episode.late_reclassification {
            let reason = format!(
                "a nodule left for observation after metastasectomy {} later proved to be a metastasis; completeness \
                 is not rewritten",
                episode.number
            );
            tasks.push(DataTask::new("late-reclassification", episode.number, reason));
        }
    }
}
