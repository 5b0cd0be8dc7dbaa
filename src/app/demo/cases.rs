//! The bundled case histories: real, anonymous patients from published reports, facts only.

use chrono::{Days, NaiveDate};
use serde_json::Value;

use super::shift::{months_to, shift_months};

/// Days between the last contact of a moved case and today.
const LAST_CONTACT_DAYS_AGO: u64 = 30;

/// Each case as published, one document a text.
pub const CASES: [&str; 14] = [
    include_str!("../../../tests/cases/bml-seven-operations-87-lesions.json"),
    include_str!("../../../tests/cases/colon-ca-three-thoracotomies-1992.json"),
    include_str!("../../../tests/cases/ivc-leiomyosarcoma-rll-then-rml-and-lul.json"),
    include_str!("../../../tests/cases/mpnst-scapula-nf1-dfi-definition.json"),
    include_str!("../../../tests/cases/osteosarcoma-olecranon-lul-then-brain.json"),
    include_str!("../../../tests/cases/pancreatic-ca-contralateral-after-84-months.json"),
    include_str!("../../../tests/cases/radiation-osteosarcoma-tibia-two-pm.json"),
    include_str!("../../../tests/cases/rectal-ca-four-lobes-staple-line-relapse.json"),
    include_str!("../../../tests/cases/rothmund-thomson-osteosarcoma-benign-rll-resection.json"),
    include_str!("../../../tests/cases/seed-fig1-right-lung-22-nodules.json"),
    include_str!("../../../tests/cases/sigmoid-ca-lll-nodule-4-9-13mm.json"),
    include_str!("../../../tests/cases/undifferentiated-sarcoma-foot-lul-suture-line.json"),
    include_str!("../../../tests/cases/ups-chest-wall-five-3mm-nodules-observed.json"),
    include_str!("../../../tests/cases/uterine-lms-synchronous-three-left-pm.json"),
];

/// The cases as one line a document, moved so that their last contact lies about a month before `today`.
///
/// They get neutral study ids, `DEMO-01` and so on: the published names of the cases say the diagnosis, and a study id
/// stands in mails. Where a case comes from is in its `source`.
///
/// # Errors
/// When a bundled case is no JSON: a defect of the build.
pub fn moved_to(today: NaiveDate) -> Result<String, serde_json::Error> {
    let target = today.checked_sub_days(Days::new(LAST_CONTACT_DAYS_AGO)).unwrap_or(today);
    let mut lines = String::new();
    for (number, case) in (1..).zip(CASES) {
        let mut document: Value = serde_json::from_str(case)?;
        if let Some(study_id) = document.pointer_mut("/patient/study_id") {
            *study_id = Value::String(study_id_of(number));
        }
        let months = months_to(&document, target);
        shift_months(&mut document, months);
        lines.push_str(&serde_json::to_string(&document)?);
        lines.push('\n');
    }
    Ok(lines)
}

fn study_id_of(number: usize) -> String {
    format!("DEMO-{number:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read::read;

    #[test]
    fn every_moved_case_is_a_history_of_the_recent_past() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let lines = moved_to(today).unwrap();
        assert_eq!(lines.lines().count(), CASES.len());
        for line in lines.lines() {
            let history = read(line).unwrap();
            for operation in &history.operations {
                let latest = operation.on.and_then(crate::domain::dates::PartialDate::latest);
                assert!(latest.is_none_or(|day| day < today), "{}", history.patient.study_id);
            }
        }
    }
}
