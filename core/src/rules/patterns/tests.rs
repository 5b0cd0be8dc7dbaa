//! Every pattern: true, false, unknown and at its exact limit.

use super::{ALL, Effect, PatternResult};
use crate::{
    domain::{
        measure::PercentPredicted,
        patient::{Fitness, Spirometry},
        vocabulary::{BoardChoice, Completeness, Extent, Palpation},
    },
    rules::testing::{Story, date},
};

fn at(story: &Story, id: &str, as_of: &str) -> PatternResult {
    story.evaluate(as_of).patterns.into_iter().find(|result| result.info.id == id).unwrap()
}

#[track_caller]
fn assert_state(story: &Story, id: &str, state: &str) {
    let result = at(story, id, "2024-06-01");
    assert_eq!(result.state.code(), state, "{id}: {} {:?}", result.reason, result.labels);
}

/// Right lower lobe resected R0, later a nodule in `place`.
fn relapse(place: &str, seen: &str) -> Story {
    Story::favourable().nodule("n2", place).ct("ct9", seen, &[("n2", 8.0)])
}

#[test]
fn the_catalogue_is_complete_and_in_order() {
    let ids: Vec<_> = ALL.iter().map(|pattern| pattern.info.id.to_owned()).collect();
    assert_eq!(ids, (1..=20).map(|number| format!("P{number:02}")).collect::<Vec<_>>());
    for pattern in ALL {
        let info = pattern.info;
        for text in [info.name, info.flags, info.why, info.inputs, info.not_evaluable, info.source] {
            assert!(!text.is_empty(), "{}", info.id);
        }
    }
    assert_eq!(Effect::INFO.code(), "info");
    assert_eq!(Effect::ACTIVE_BOARD.or(Effect::TASK).code(), "tier-a mdt task");
}

/// A second episode on the left with so many metastases.
fn second(results: &[&str]) -> Story {
    let mut story = Story::favourable();
    let ids: Vec<String> = (0..results.len()).map(|number| format!("m{number}")).collect();
    for id in &ids {
        story = story.nodule(id, "LUL");
    }
    let sizes: Vec<(&str, f64)> = ids.iter().map(|id| (id.as_str(), 6.0)).collect();
    let nodules: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(results.iter().copied()).collect();
    story
        .ct("ct9", "2023-01-01", &sizes)
        .operation("op2", "2023-02-01", "left", &nodules)
        .completeness("op2", Completeness::R0)
}

#[test]
fn p15_counts_episodes_and_p16_occult_metastases() {
    let third = second(&["met_viable"]).nodule("x", "RUL").ct("ct10", "2023-09-01", &[("x", 5.0)]);
    assert_state(&third, "P15", "false");
    let third = third.operation("op3", "2023-10-01", "right", &[("x", "met_viable")]);
    assert_state(&third, "P15", "true");
    assert_state(&third.pathology("op3", "benign"), "P15", "false");
    assert_state(&Story::favourable(), "P16", "unknown");
    let palpated = |palpation| {
        let mut story = Story::favourable();
        story.parts.operations[0].palpation = Some(palpation);
        story
    };
    assert_state(&palpated(Palpation::Full), "P16", "false");
    assert_state(&palpated(Palpation::Partial), "P16", "unknown");
    let occult =
        Story::new().palpated("p", "RUL").operation("op1", "2023-01-01", "right", &[("p", "met_viable")]);
    assert_state(&occult, "P16", "true");
    assert_state(&Story::new(), "P16", "not_applicable");
}

#[test]
fn p17_more_than_half() {
    assert_state(&second(&["benign", "benign", "met_viable"]), "P17", "true");
    assert_state(&second(&["benign", "benign", "met_viable", "met_nonviable"]), "P17", "false");
    assert_state(&Story::favourable(), "P17", "not_applicable");
    let mut story = second(&["met_viable"; 3]).group("g", "LLL", None);
    story = story.operation("op3", "2023-06-01", "left", &[("g", "benign")]);
    assert_state(&story, "P17", "unknown");
}

#[test]
fn p18_segments_sides_wedges_and_function() {
    assert_state(&Story::favourable(), "P18", "false");
    assert_state(&Story::favourable().extent("op1", Extent::Lobectomy), "P18", "false");
    assert_state(&Story::favourable().extent("op1", Extent::Bilobectomy), "P18", "true");
    assert_state(&Story::favourable().extent("op1", Extent::Pneumonectomy), "P18", "true");
    assert_state(&Story::favourable().extent("op1", Extent::Unknown), "P18", "unknown");
    let wedges = |count| {
        Story::new().group("g", "RLL", Some(count)).operation(
            "op1",
            "2023-01-01",
            "right",
            &[("g", "met_viable")],
        )
    };
    assert_state(&wedges(10), "P18", "true");
    assert_state(&wedges(9), "P18", "false");
    let function = |percent| {
        let mut story = Story::favourable();
        let test = Spirometry {
            on: Some(date("2023-01-01")),
            fev1_l: None,
            fev1_percent: None,
            dlco_percent: None,
            ppo_fev1_percent: PercentPredicted::new(percent).ok(),
            ppo_dlco_percent: None,
        };
        story.parts.fitness = Some(Fitness { spirometry: vec![test], ..Fitness::default() });
        story
    };
    assert_state(&function(39.9), "P18", "true");
    assert_state(&function(40.0), "P18", "false");
    let planned = Story::favourable().board("2024-05-01", BoardChoice::Metastasectomy, None);
    assert!(at(&planned, "P18", "2024-06-01").labels.contains(&"function-test-missing"));
}

#[test]
fn p19_local_failure_and_p20_what_was_not_resected() {
    assert_state(&Story::favourable(), "P19", "not_applicable");
    let treated = relapse("LUL", "2023-01-01").therapy("r1", "2023-02-01", "curative", &["n2"]);
    assert_state(&treated, "P19", "unknown");
    let once = treated.ct("ct10", "2023-06-01", &[("n2", 10.0)]);
    assert_state(&once, "P19", "unknown");
    assert_state(&once.clone().ct("ct11", "2023-09-01", &[("n2", 12.0)]), "P19", "true");
    assert_state(&once.ct("ct11", "2023-09-01", &[("n2", 10.5)]), "P19", "false");
    assert_state(&Story::favourable(), "P20", "false");
    let missed =
        |on: &str, place: &str| Story::favourable().nodule("n2", place).ct("ct9", on, &[("n2", 5.0)]);
    assert_state(&missed("2020-03-15", "RUL"), "P20", "true");
    assert_state(&missed("2020-04", "RUL"), "P20", "unknown");
    assert_state(&missed("2020-04-02", "RUL"), "P20", "false");
    assert_state(&missed("2020-03-15", "LUL"), "P20", "false");
    let again = Story::favourable().ct("ct9", "2020-06-01", &[("n1", 8.0)]);
    assert_state(&again, "P20", "true");
}
