//! Before another metastasectomy lung function is tested.

use crate::rules::{case::Case, evidence::DataTask, reserve::needs_test};

/// Surgery is or may be planned, and no lung function of the last months is on record.
pub(super) fn check(case: &Case<'_, '_>, tasks: &mut Vec<DataTask>) {
    if needs_test(case).may_be_true() {
        let reason = format!(
            "a metastasectomy is or may be planned, and no lung function of the last {} months is on record",
            case.limits.reserve.spirometry_months
        );
        tasks.push(DataTask::about_patient("lung-function-before-metastasectomy", reason));
    }
}
