//! Checks of the record: what cannot be right together, what is missing for a rule, what waits for a person.
//!
//! Every finding is a data task. Nothing is corrected, refused or left out of a rule because of it.

mod dates;
mod events;
mod imaging;
mod lung_function;
mod operations;
mod other_hospitals;
mod tier_inputs;

use super::{case::Case, evidence::DataTask, tier::Trigger};

/// All findings.
pub(super) fn tasks(case: &Case<'_, '_>, triggers: &[Trigger]) -> Vec<DataTask> {
    let mut tasks = Vec::new();
    dates::check(case, &mut tasks);
    events::check(case, &mut tasks);
    imaging::check(case, &mut tasks);
    lung_function::check(case, &mut tasks);
    operations::check(case, &mut tasks);
    other_hospitals::check(case, &mut tasks);
    tier_inputs::check(case, triggers, &mut tasks);
    tasks
}
