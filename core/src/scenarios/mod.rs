//! The scenario files under `tests/scenarios` and the published cases under `tests/cases`, run through the assessment.
//!
//! They live inside the crate, not in a test binary of their own, so that one compilation decides them all: a
//! mutation run repeats it thousands of times. `tests/scenarios/README.md` describes the format for the clinicians
//! who read and write the files.

mod compare;
mod file;
mod published_cases;
mod statistics;
mod story;

use std::collections::BTreeMap;

use self::file::{File, Shows};
use crate::rules::patterns;

#[test]
fn every_scenario_holds() {
    let mut problems = Vec::new();
    let mut number = 0;
    for file in File::all() {
        for scenario in &file.scenarios {
            number += 1;
            problems.extend(scenario.check(&file).into_iter().map(|problem| {
                format!("{}: {}\n    {}", file.path, scenario.name, problem.replace('\n', "\n    "))
            }));
        }
    }
    assert!(
        problems.is_empty(),
        "{} differences in {number} scenarios:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn names_are_unique_in_their_file() {
    for file in File::all() {
        let mut names: Vec<&str> = file.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before, "{}: two scenarios have one name", file.path);
        assert!(before > 0, "{} holds no scenario", file.path);
    }
}

/// One scenario that flags, one that must not, one that is open and one at the exact limit, for every pattern.
#[test]
fn every_pattern_is_shown_from_all_sides() {
    let mut shown: BTreeMap<String, Vec<Shows>> = BTreeMap::new();
    for file in File::all() {
        let Some(pattern) = file.pattern() else { continue };
        let shows = file.scenarios.iter().filter_map(|scenario| scenario.shows);
        shown.entry(pattern).or_default().extend(shows);
    }
    let mut problems = Vec::new();
    for info in patterns::ALL.iter().map(|pattern| pattern.info) {
        let found = shown.get(info.id).map_or(&[][..], Vec::as_slice);
        for shows in [Shows::Flags, Shows::Clear, Shows::Unknown, Shows::Limit] {
            if !found.contains(&shows) {
                problems.push(format!("{} has no scenario that shows `{}`", info.id, shows.code()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
