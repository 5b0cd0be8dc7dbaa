//! Every pattern: true, false, unknown and at its exact limit.

use super::{ALL, Effect, PatternResult};
use crate::{
    domain::{
        measure::{Millimetres, PercentPredicted},
        operation::Nodes,
        patient::{Fitness, Spirometry},
        vocabulary::{BestResponse, BoardChoice, Completeness, Extent, NodalStatus, Palpation},
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
fn p08_sides() {
    let both = relapse("LUL", "2023-01-01").nodule("n3", "RUL");
    let mut both = both.ct("ct10", "2023-03-01", &[("n2", 8.0), ("n3", 6.0)]);
    assert_state(&both, "P08", "true");
    both.parts.imaging.last_mut().unwrap().findings[1].certainty =
        Some(crate::domain::vocabulary::Certainty::Indeterminate);
    assert_state(&both, "P08", "unknown");
    assert!(at(&both, "P08", "2024-06-01").labels.contains(&"possible"));
    assert_state(&relapse("LUL", "2023-01-01"), "P08", "false");
}

#[test]
fn p09_growth_and_p10_follow_up_of_untreated_nodules() {
    let grown = relapse("LUL", "2023-01-01").ct("ct10", "2023-05-01", &[("n2", 10.0)]);
    assert_state(&grown, "P09", "true");
    assert!(at(&grown, "P09", "2024-06-01").labels.contains(&"urgent"), "crosses 10 mm");
    assert_state(&relapse("LUL", "2023-01-01").ct("ct10", "2023-05-01", &[("n2", 9.9)]), "P09", "false");
    assert_state(&relapse("LUL", "2023-01-01"), "P09", "unknown");
    assert_state(&Story::favourable(), "P09", "false");
    assert_state(&Story::favourable(), "P10", "false");
    let seen = relapse("LUL", "2024-01-31");
    assert_eq!(at(&seen, "P10", "2024-05-30").state.code(), "false");
    assert_eq!(at(&seen, "P10", "2024-05-31").state.code(), "true");
    assert_eq!(at(&relapse("LUL", "2024-01"), "P10", "2024-05-15").state.code(), "unknown");
    let elsewhere = relapse("LUL", "2024-01-01").ct("ct10", "2024-05-20", &[]);
    assert_eq!(at(&elsewhere, "P10", "2024-06-01").state.code(), "true", "nobody said anything of that lobe");
    let looked = relapse("LUL", "2024-01-01").clear_ct("ct10", "2024-05-20");
    assert_eq!(at(&looked, "P10", "2024-06-01").state.code(), "false");
}

#[test]
fn p11_completeness_and_p12_nodes() {
    for (completeness, state) in [
        (Completeness::R0, "false"),
        (Completeness::R1, "true"),
        (Completeness::R2, "true"),
        (Completeness::Rx, "true"),
        (Completeness::Complete, "unknown"),
    ] {
        assert_state(&Story::favourable().completeness("op1", completeness), "P11", state);
    }
    assert_state(&Story::new(), "P11", "not_applicable");
    let nodes = |status| {
        let mut story = Story::favourable();
        story.parts.operations[0].nodes = Some(Nodes { status, ..Nodes::default() });
        story
    };
    assert_state(&nodes(Some(NodalStatus::N2)), "P12", "true");
    assert_state(&nodes(Some(NodalStatus::N0)), "P12", "false");
    assert_state(&nodes(Some(NodalStatus::Nx)), "P12", "unknown");
    assert!(at(&nodes(None), "P12", "2024-06-01").missing.is_empty(), "routine, no task");
    let enlarged = |mm| {
        let mut story = nodes(Some(NodalStatus::N0));
        story.parts.imaging.last_mut().unwrap().largest_node_short_mm = Millimetres::new(mm).ok();
        story
    };
    assert_state(&enlarged(15.0), "P12", "true");
    assert_state(&enlarged(14.9), "P12", "unknown");
    assert_state(&enlarged(9.9), "P12", "false");
}

#[test]
fn p13_progression_and_p14_disease_elsewhere() {
    assert_state(&Story::favourable(), "P13", "not_applicable");
    let treated = Story::favourable().systemic("s1", "2022-05-01", "2022-08-01");
    assert_state(&treated, "P13", "unknown");
    let mut responded = treated.clone();
    responded.parts.systemic_therapies[0].best_response = Some(BestResponse::StableDisease);
    assert_state(&responded, "P13", "false");
    responded.parts.systemic_therapies[0].best_response = Some(BestResponse::ProgressiveDisease);
    assert_state(&responded, "P13", "true");
    let mut new = treated.nodule("n2", "LUL").ct("ct9", "2022-11-01", &[("n2", 4.0)]);
    assert_state(&new, "P13", "unknown");
    new.parts.imaging.last_mut().unwrap().findings[0].fate = Some(crate::domain::vocabulary::Fate::New);
    assert_state(&new, "P13", "true");
    let event = |on: &str| {
        let mut story = Story::favourable();
        let event = crate::domain::event::ExtrathoracicEvent {
            on: Some(date(on)),
            kind: None,
            site: None,
            resected: Some(true),
        };
        story.parts.extrathoracic_events.push(event);
        story
    };
    assert_state(&event("2020-03-02"), "P14", "true");
    assert_state(&event("2020-03-01"), "P14", "false");
    assert_state(&event("2020"), "P14", "unknown");
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
