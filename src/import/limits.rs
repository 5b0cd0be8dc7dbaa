//! How large one document may be. Each limit keeps the memory of an import bounded, whatever the file holds.

use crate::document::{
    history::HistoryDocument,
    path::{Path, Problems},
};

/// Limits of one document. The defaults lie far above any real history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text.
    pub max_document_bytes: usize,
    /// JSON objects in it.
    pub max_objects: usize,
    /// Commas in it, which bounds values of every kind.
    pub max_values: usize,
    /// Entries under `nodules`.
    pub max_nodules: usize,
    /// Entries of any other list.
    pub max_entries_per_list: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_document_bytes: 16 * 1024 * 1024,
            max_objects: 100_000,
            max_values: 1_000_000,
            max_nodules: 5_000,
            max_entries_per_list: 5_000,
        }
    }
}

impl Limits {
    /// Reports every list that is longer than allowed.
    pub fn check(&self, document: &HistoryDocument, problems: &mut Problems) {
        let root = Path::Root;
        let most = self.max_entries_per_list;
        check_list(root.key("nodules"), document.nodules.0.len(), self.max_nodules, problems);
        let lists = [
            ("other_primaries", document.other_primaries.0.len()),
            ("nodule_links", document.nodule_links.0.len()),
            ("imaging", document.imaging.0.len()),
            ("operations", document.operations.0.len()),
            ("systemic_therapies", document.systemic_therapies.0.len()),
            ("local_therapies", document.local_therapies.0.len()),
            ("thoracic_events", document.thoracic_events.0.len()),
            ("extrathoracic_events", document.extrathoracic_events.0.len()),
            ("board_decisions", document.board_decisions.0.len()),
            ("tier_overrides", document.tier_overrides.0.len()),
            ("slot_actions", document.slot_actions.0.len()),
        ];
        for (key, length) in lists {
            check_list(root.key(key), length, most, problems);
        }
        if let Some(follow_up) = &document.follow_up {
            let at = root.key("follow_up");
            check_list(at.key("contact_attempts"), follow_up.contact_attempts.0.len(), most, problems);
            check_list(at.key("pregnancies"), follow_up.pregnancies.0.len(), most, problems);
        }
        for (index, study) in document.imaging.0.iter().enumerate() {
            let (list, key) = (root.key("imaging"), index);
            let at = list.index(key);
            check_list(at.key("findings"), study.findings.0.len(), most, problems);
            check_list(at.key("not_itemised"), study.not_itemised.0.len(), most, problems);
        }
        for (index, operation) in document.operations.0.iter().enumerate() {
            let list = root.key("operations");
            let at = list.index(index);
            check_list(at.key("resections"), operation.resections.0.len(), most, problems);
            check_list(at.key("left_behind"), operation.left_behind.0.len(), most, problems);
            check_list(at.key("complications"), operation.complications.0.len(), most, problems);
        }
        for (index, therapy) in document.local_therapies.0.iter().enumerate() {
            let list = root.key("local_therapies");
            let at = list.index(index);
            check_list(at.key("nodules"), therapy.nodules.0.len(), most, problems);
            check_list(at.key("local_statuses"), therapy.local_statuses.0.len(), most, problems);
        }
    }
}

fn check_list(at: Path<'_>, length: usize, most: usize, problems: &mut Problems) {
    if length > most {
        let problem = format!(
            "holds {length} entries, more than the {most} allowed; one document is one patient, so check the \
             export or raise the limit"
        );
        problems.report(at, problem);
    }
}
