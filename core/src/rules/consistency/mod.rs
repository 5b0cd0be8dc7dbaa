//! Checks of the record: what cannot be right together, what is missing for a rule, what waits for a person.
//!
//! Every finding is a data task. Nothing is corrected, refused or left out of a rule because of it.

mod dates;
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
    imaging::check(case, &mut tasks);
    lung_function::check(case, &mut tasks);
    operations::check(case, &mut tasks);
    other_hospitals::check(case, &mut tasks);
    tier_inputs::check(case, triggers, &mut tasks);
    tasks
}

#[cfg(test)]
mod testing {
    use crate::rules::testing::Story;

    /// The ids of the tasks on a day long after the story.
    pub fn ids(story: &Story) -> Vec<String> {
        story.evaluate("2024-06-01").data_tasks.iter().map(crate::rules::DataTask::id).collect()
    }

    #[track_caller]
    pub fn assert_task(story: &Story, id: &str, expected: bool) {
        let ids = ids(story);
        assert_eq!(ids.iter().any(|one| one == id), expected, "{id} in {ids:#?}");
    }
}
