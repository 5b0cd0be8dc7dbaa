//! One patient's whole history: parts that fit together.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    ops::Deref,
};

use super::{
    board::BoardDecision,
    event::{ExtrathoracicEvent, ThoracicEvent},
    follow_up::FollowUp,
    imaging::ImagingStudy,
    nodule::{Nodule, NoduleLink},
    operation::{Operation, ResectionTarget},
    patient::{Fitness, Identity, Patient},
    primary::{FIRST_PRIMARY, LungMetastases, Primary},
    slot_action::SlotAction,
    text::{NoduleId, OperationId, StudyKey, Text, TherapyId},
    therapy::{LocalTherapy, SystemicTherapy},
    tier::TierOverride,
    vocabulary::VitalStatus,
};

/// The parts of a history before they are known to fit together.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryParts {
    /// Where the history was taken from.
    pub source: Option<Source>,
    /// The patient.
    pub patient: Patient,
    /// What identifies the person.
    pub identity: Option<Identity>,
    /// General condition and lung function.
    pub fitness: Option<Fitness>,
    /// The primary tumour; the first one where there are several.
    pub primary: Option<Primary>,
    /// Further primary tumours, each with a name.
    pub other_primaries: Vec<Primary>,
    /// First diagnosis of lung metastases.
    pub lung_metastases: Option<LungMetastases>,
    /// All nodules.
    pub nodules: Vec<Nodule>,
    /// What people decided on which entries are one nodule.
    pub nodule_links: Vec<NoduleLink>,
    /// All imaging studies.
    pub imaging: Vec<ImagingStudy>,
    /// All operations.
    pub operations: Vec<Operation>,
    /// Systemic therapy.
    pub systemic_therapies: Vec<SystemicTherapy>,
    /// Local therapy other than resection.
    pub local_therapies: Vec<LocalTherapy>,
    /// Disease in the thorax outside the lung.
    pub thoracic_events: Vec<ThoracicEvent>,
    /// Disease outside the thorax.
    pub extrathoracic_events: Vec<ExtrathoracicEvent>,
    /// Tumour-board decisions.
    pub board_decisions: Vec<BoardDecision>,
    /// Decisions of people for another tier than the computed one.
    pub tier_overrides: Vec<TierOverride>,
    /// What people recorded about planned scans and decisions.
    pub slot_actions: Vec<SlotAction>,
    /// Course and end of follow-up.
    pub follow_up: Option<FollowUp>,
}

/// Where a history was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Title.
    pub title: Option<Text>,
    /// Address.
    pub url: Option<Text>,
    /// Readings that go beyond the text.
    pub assumptions: Vec<Text>,
    /// Whether day 0 is a declared, arbitrary day.
    pub anchored: Option<bool>,
}

/// One patient's history whose parts fit together: every reference leads somewhere, every id is unique.
#[derive(Debug, Clone, PartialEq)]
pub struct History(HistoryParts);

/// Why parts do not make a history. `at` is the JSON path of the part in a history document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct HistoryError {
    /// Path such as `operations[1].stage_of`.
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Deref for History {
    type Target = HistoryParts;

    fn deref(&self) -> &HistoryParts {
        &self.0
    }
}

impl History {
    /// Puts the parts together.
    ///
    /// # Errors
    /// All duplicated ids, dangling references and contradictions that make the document meaningless.
    /// What is merely odd is left to the consistency checks.
    pub fn new(parts: HistoryParts) -> Result<Self, Vec<HistoryError>> {
        let mut problems = Vec::new();
        let nodules = unique("nodules", parts.nodules.iter().map(|nodule| &nodule.id), &mut problems);
        let studies = unique("imaging", parts.imaging.iter().map(|study| &study.id), &mut problems);
        let operations =
            unique("operations", parts.operations.iter().map(|operation| &operation.id), &mut problems);
        unique(
            "systemic_therapies",
            parts.systemic_therapies.iter().map(|therapy| &therapy.id),
            &mut problems,
        );
        unique("local_therapies", parts.local_therapies.iter().map(|therapy| &therapy.id), &mut problems);
        check_primaries(&parts, &mut problems);
        check_links(&parts, &nodules, &mut problems);
        check_imaging(&parts, &nodules, &studies, &mut problems);
        check_operations(&parts, &nodules, &operations, &mut problems);
        check_therapies(&parts, &nodules, &operations, &mut problems);
        check_follow_up(&parts, &mut problems);
        if problems.is_empty() { Ok(Self(parts)) } else { Err(problems) }
    }

    /// Gives the parts back, to change them and put them together again.
    #[must_use]
    pub fn into_parts(self) -> HistoryParts {
        self.0
    }

    /// The nodule of an id.
    #[must_use]
    pub fn nodule(&self, id: &NoduleId) -> Option<&Nodule> {
        self.nodules.iter().find(|nodule| nodule.id == *id)
    }

    /// The operation of an id.
    #[must_use]
    pub fn operation(&self, id: &OperationId) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == *id)
    }
}

fn report(problems: &mut Vec<HistoryError>, at: String, problem: String) {
    problems.push(HistoryError { at, problem });
}

fn unique<'a, Id: Eq + Hash + std::fmt::Display + 'a>(
    list: &str,
    ids: impl Iterator<Item = &'a Id>,
    problems: &mut Vec<HistoryError>,
) -> HashSet<&'a Id> {
    let mut seen = HashSet::new();
    for (index, id) in ids.enumerate() {
        if !seen.insert(id) {
            report(
                problems,
                format!("{list}[{index}].id"),
                format!("the id `{id}` is used twice; give each its own"),
            );
        }
    }
    seen
}

fn check_nodule(nodules: &HashSet<&NoduleId>, id: &NoduleId, at: String, problems: &mut Vec<HistoryError>) {
    if !nodules.contains(id) {
        report(problems, at, format!("there is no nodule `{id}`; list it under `nodules` or correct the id"));
    }
}

/// Names lead to one primary: the first one has none, every further one its own.
fn check_primaries(parts: &HistoryParts, problems: &mut Vec<HistoryError>) {
    if parts.primary.as_ref().is_some_and(|primary| primary.id.is_some()) {
        let problem = format!("the first primary is called `{FIRST_PRIMARY}` and has no id; leave it out");
        report(problems, "primary.id".to_owned(), problem);
    }
    let mut names = HashSet::new();
    for (index, primary) in parts.other_primaries.iter().enumerate() {
        let problem = match &primary.id {
            None => "is missing; name the primary".to_owned(),
            Some(id) if id.as_str() == FIRST_PRIMARY => {
                format!("`{FIRST_PRIMARY}` is the first primary; give this one another name")
            }
            Some(id) if !names.insert(id) => format!("the id `{id}` is used twice; give each its own"),
            Some(_) => continue,
        };
        report(problems, format!("other_primaries[{index}].id"), problem);
    }
    let from = parts.lung_metastases.as_ref().and_then(|first| first.from_primary.as_ref());
    if let Some(from) = from.filter(|from| from.as_str() != FIRST_PRIMARY && !names.contains(from)) {
        let problem =
            format!("there is no primary `{from}`; list it under `other_primaries` or correct the id");
        report(problems, "lung_metastases.from_primary".to_owned(), problem);
    }
}

fn check_links(parts: &HistoryParts, nodules: &HashSet<&NoduleId>, problems: &mut Vec<HistoryError>) {
    for (index, link) in parts.nodule_links.iter().enumerate() {
        check_nodule(nodules, &link.nodule, format!("nodule_links[{index}].nodule"), problems);
        check_nodule(nodules, &link.same_as, format!("nodule_links[{index}].same_as"), problems);
        if link.nodule == link.same_as {
            let problem = format!("`{}` is linked to itself; name the other nodule", link.nodule);
            report(problems, format!("nodule_links[{index}].same_as"), problem);
        }
    }
}

fn check_imaging(
    parts: &HistoryParts,
    nodules: &HashSet<&NoduleId>,
    studies: &HashSet<&StudyKey>,
    problems: &mut Vec<HistoryError>,
) {
    for (index, study) in parts.imaging.iter().enumerate() {
        let mut seen = HashSet::new();
        for (place, finding) in study.findings.iter().enumerate() {
            let at = format!("imaging[{index}].findings[{place}].nodule");
            if !seen.insert(&finding.nodule) {
                let problem = format!("nodule `{}` has two findings on one study; keep one", finding.nodule);
                report(problems, at.clone(), problem);
            }
            check_nodule(nodules, &finding.nodule, at, problems);
        }
        if let Some(comparator) =
            study.comparator.as_ref().filter(|comparator| !studies.contains(*comparator))
        {
            let problem = format!("there is no study `{comparator}`; correct the id or leave it out");
            report(problems, format!("imaging[{index}].comparator"), problem);
        }
    }
}

fn check_operations(
    parts: &HistoryParts,
    nodules: &HashSet<&NoduleId>,
    operations: &HashSet<&OperationId>,
    problems: &mut Vec<HistoryError>,
) {
    let first_stages: HashMap<_, _> = parts
        .operations
        .iter()
        .filter_map(|operation| Some((&operation.id, operation.stage_of.as_ref()?)))
        .collect();
    for (index, operation) in parts.operations.iter().enumerate() {
        for (place, resection) in operation.resections.iter().enumerate() {
            if let ResectionTarget::Nodule { nodule, .. } = &resection.target {
                check_nodule(
                    nodules,
                    nodule,
                    format!("operations[{index}].resections[{place}].nodule"),
                    problems,
                );
            }
        }
        if let Some(first) = &operation.stage_of {
            let at = format!("operations[{index}].stage_of");
            if !operations.contains(first) {
                let problem = format!("there is no operation `{first}`; correct the id or leave it out");
                report(problems, at, problem);
            } else if stages_in_a_circle(&first_stages, &operation.id) {
                report(
                    problems,
                    at,
                    "the stages form a circle; the first stage has no `stage_of`".to_owned(),
                );
            }
        }
        if let Some(nodes) = &operation.nodes
            && let (Some(sampled), Some(positive)) = (nodes.sampled, nodes.positive)
            && positive > sampled
        {
            let problem =
                format!("{positive} positive of {sampled} sampled nodes; correct one of the numbers");
            report(problems, format!("operations[{index}].nodes.positive"), problem);
        }
    }
}

/// Walks from a stage to its first stage; longer than the list means a circle.
fn stages_in_a_circle(first_stages: &HashMap<&OperationId, &OperationId>, start: &OperationId) -> bool {
    let mut current = start;
    for _ in 0..=first_stages.len() {
        let Some(next) = first_stages.get(current) else { return false };
        current = next;
    }
    true
}

fn check_therapies(
    parts: &HistoryParts,
    nodules: &HashSet<&NoduleId>,
    operations: &HashSet<&OperationId>,
    problems: &mut Vec<HistoryError>,
) {
    for (index, therapy) in parts.local_therapies.iter().enumerate() {
        for (place, nodule) in therapy.nodules.iter().enumerate() {
            check_nodule(nodules, nodule, format!("local_therapies[{index}].nodules[{place}]"), problems);
        }
        if let Some(first) = therapy.stage_of.as_ref().filter(|first| !operations.contains(first)) {
            let problem = format!("there is no operation `{first}`; correct the id or leave it out");
            report(problems, format!("local_therapies[{index}].stage_of"), problem);
        }
        for (place, status) in therapy.local_statuses.iter().enumerate() {
            let at = format!("local_therapies[{index}].local_statuses[{place}].nodule");
            check_nodule(nodules, &status.nodule, at, problems);
        }
    }
    let systemic: HashSet<&TherapyId> = parts.systemic_therapies.iter().map(|therapy| &therapy.id).collect();
    for (index, therapy) in parts.local_therapies.iter().enumerate() {
        if systemic.contains(&therapy.id) {
            let problem = format!("the id `{}` is also a systemic therapy; give each its own", therapy.id);
            report(problems, format!("local_therapies[{index}].id"), problem);
        }
    }
}

fn check_follow_up(parts: &HistoryParts, problems: &mut Vec<HistoryError>) {
    let Some(follow_up) = &parts.follow_up else { return };
    if follow_up.died_on.is_some() && follow_up.vital_status == Some(VitalStatus::Alive) {
        let problem = "there is a day of death but the vital status is `alive`; correct one of them";
        report(problems, "follow_up.died_on".to_owned(), problem.to_owned());
    }
}
