//! Properties over arbitrary documents: what holds of every history that the format can say, in any order and with
//! any key. Documents are grown from the published schema, so a new key takes part from the day it is added.

use chrono::{Days, NaiveDate};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Value, json};

use super::{
    Evaluation, PatternState, RecurrenceState, evaluate,
    properties::{assess as evaluate_story, day, some_story},
    testing::{Story, protocol},
};
use crate::{
    assessment::assess,
    document::{assessment::AssessmentDocument, read, testing::document, write},
    domain::{
        dates::PartialDate,
        history::History,
        lung::{Lobe, NodulePlace, Place},
        truth::Truth,
        vocabulary::{BoardChoice, LobeStatement},
    },
};

/// 400 years: the calendar repeats to the day of the week, so that months have the same lengths.
const CALENDAR_DAYS: i64 = 146_097;

/// The history of a seed. A number is a shorter report of a failure than a history.
fn history_of(seed: u64) -> History {
    read::read(&document(seed).to_string()).unwrap()
}

fn assessment(history: &History, as_of: NaiveDate) -> Value {
    serde_json::to_value(AssessmentDocument::from(&assess(history, &protocol(), as_of))).unwrap()
}

/// Changes every text of a document that is a date.
fn map_dates(value: &mut Value, change: &impl Fn(PartialDate) -> PartialDate) {
    match value {
        Value::String(text) => {
            if let Ok(on) = text.parse() {
                *text = change(on).to_string();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| map_dates(one, change)),
        Value::Object(object) => object.values_mut().for_each(|one| map_dates(one, change)),
        _ => {}
    }
}

fn moved(on: PartialDate, days: i64) -> PartialDate {
    on.plus_days(days).unwrap()
}

fn shifted(history: &History, days: i64) -> History {
    let mut document: Value = serde_json::from_str(&write::compact(history)).unwrap();
    map_dates(&mut document, &|on| moved(on, days));
    read::read(&document.to_string()).unwrap()
}

/// Everything an assessment says but its sentences; ids that hold a day lose it.
fn without_sentences(mut assessment: Value, days: i64) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.retain(|key, _| !matches!(key.as_str(), "reason" | "why" | "source" | "figures"));
                object.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            Value::String(text) => {
                let parts: Vec<&str> = text.split(['@', ':', '/']).collect();
                if parts.len() > 1 {
                    let names = parts.into_iter().filter(|part| part.parse::<PartialDate>().is_err());
                    *text = names.collect::<Vec<_>>().join("/");
                }
            }
            _ => {}
        }
    }
    strip(&mut assessment);
    map_dates(&mut assessment, &|on| moved(on, days));
    assessment
}

/// A history with the lists of another one appended, every entry of which is dated on one day.
fn followed_by(history: &History, later_seed: u64, on: NaiveDate) -> History {
    let mut history: Value = serde_json::from_str(&write::compact(history)).unwrap();
    let mut later = document(later_seed);
    rename(&mut later);
    map_dates(&mut later, &|_| PartialDate::Day(on));
    let nodules = later["nodules"].take();
    let into = history.as_object_mut().unwrap();
    for (key, entries) in later.as_object_mut().unwrap() {
        for entry in entries.as_array_mut().into_iter().flatten() {
            let main_date = match key.as_str() {
                "other_primaries" => "diagnosed_on",
                "systemic_therapies" | "local_therapies" => "started_on",
                _ => "on",
            };
            entry[main_date] = json!(on.to_string());
            into.entry(key).or_insert_with(|| json!([])).as_array_mut().unwrap().push(entry.clone());
        }
    }
    // A nodule that nothing but a decision on it mentions has no day, and would be known.
    let links = into.remove("nodule_links");
    let text = Value::Object(into.clone()).to_string();
    let is_named = |id: &Value| text.contains(&id.to_string());
    for nodule in nodules.as_array().into_iter().flatten().filter(|nodule| is_named(&nodule["id"])) {
        into.entry("nodules").or_insert_with(|| json!([])).as_array_mut().unwrap().push(nodule.clone());
    }
    let links = links.as_ref().and_then(Value::as_array).into_iter().flatten();
    let of_named = |link: &&Value| is_named(&link["nodule"]) && is_named(&link["same_as"]);
    into.insert("nodule_links".to_owned(), links.filter(of_named).cloned().collect());
    read::read(&history.to_string()).unwrap()
}

/// Gives every id of a document, and every reference to it, a name of its own.
fn rename(value: &mut Value) {
    const NAMES: [&str; 7] = ["id", "nodule", "same_as", "comparator", "stage_of", "of", "nodules"];
    let later = |name: &mut Value| {
        if let Some(text) = name.as_str() {
            *name = json!(format!("later-{text}"));
        }
    };
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                match inner {
                    Value::String(_) if NAMES.contains(&key.as_str()) => later(inner),
                    Value::Array(list)
                        if NAMES.contains(&key.as_str()) && list.iter().all(Value::is_string) =>
                    {
                        list.iter_mut().for_each(later);
                    }
                    _ => rename(inner),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(rename),
        _ => {}
    }
}

/// What of an evaluation hangs on days alone, not on calendar months.
fn by_days(evaluation: &Evaluation) -> String {
    let episodes = evaluation.episodes.iter().map(|episode| {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            episode.operations,
            episode.state,
            episode.completeness,
            episode.cleared,
            episode.counts,
            episode.by_place,
            episode.sides,
            episode.recurrence.interval,
            episode.recurrence.places,
            episode.next,
        )
    });
    format!("{:?} {:?} {:?}", evaluation.dfi.class, evaluation.dfi.days, episodes.collect::<Vec<_>>())
}

/// The patterns and triggers that are true.
fn flags(evaluation: &Evaluation) -> Vec<String> {
    let patterns = evaluation.patterns.iter().filter(|one| one.state == PatternState::Decided(Truth::True));
    let triggers = evaluation.tier.triggers.iter().filter(|one| one.state.is_true());
    patterns.map(|one| one.info.id.to_owned()).chain(triggers.map(|one| one.id.to_owned())).collect()
}

/// A plan is a choice of people; without one, only the facts decide.
fn without_plans(mut story: Story) -> Story {
    story.parts.board_decisions.clear();
    for operation in &mut story.parts.operations {
        operation.stage_of = None;
    }
    story
}

/// The same with every nodule in the right lung, so that a lobe of the left has nothing to do with it.
fn on_the_right(mut story: Story) -> Story {
    for (at, nodule) in story.parts.nodules.iter_mut().enumerate() {
        let lobe = [Lobe::Rul, Lobe::Rml, Lobe::Rll][at % 3];
        nodule.place = NodulePlace::new(Place::Lobe(lobe), None, None, false).unwrap();
    }
    story
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1912), ..ProptestConfig::default() })]

    #[test]
    fn any_history_has_an_assessment_that_is_a_document(grown in any::<u64>(), after in 0_u64..60_000) {
        let history = history_of(grown);
        let as_of = NaiveDate::from_ymd_opt(1890, 1, 1).unwrap().checked_add_days(Days::new(after)).unwrap();
        let written = assessment(&history, as_of);
        let carried: AssessmentDocument = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(carried).unwrap(), written);
    }

    #[test]
    fn no_list_of_the_document_knows_the_future(grown in any::<u64>(), seed in any::<u64>(), after in 0_u64..40_000, later in 1_u64..4_000) {
        let history = history_of(grown);
        let as_of = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap().checked_add_days(Days::new(after)).unwrap();
        let on = as_of.checked_add_days(Days::new(later)).unwrap();
        let (known, later) = (assessment(&history, as_of), assessment(&followed_by(&history, seed, on), as_of));
        for (key, value) in known.as_object().unwrap() {
            prop_assert_eq!(&later[key], value, "{}", key);
        }
    }

    #[test]
    fn four_hundred_years_later_everything_is_the_same_four_hundred_years_later(grown in any::<u64>(), after in 0_u64..50_000) {
        let history = history_of(grown);
        let as_of = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap().checked_add_days(Days::new(after)).unwrap();
        let then = as_of.checked_add_days(Days::new(CALENDAR_DAYS.unsigned_abs())).unwrap();
        let now = assessment(&shifted(&history, 0), as_of);
        let later = assessment(&shifted(&history, CALENDAR_DAYS), then);
        prop_assert_eq!(without_sentences(later, 0), without_sentences(now, CALENDAR_DAYS));
    }

    #[test]
    fn what_is_counted_in_days_moves_with_the_days(story in some_story(), after in 0_u64..3_000, by in 1_i64..900) {
        let mut story = story;
        // After local therapy growth is not judged for some calendar months.
        story.parts.local_therapies.clear();
        let history = story.history();
        let then = day(after).checked_add_days(Days::new(by.unsigned_abs())).unwrap();
        let now = evaluate(&shifted(&history, 0), &protocol(), day(after));
        let later = evaluate(&shifted(&history, by), &protocol(), then);
        prop_assert_eq!(by_days(&later), by_days(&now));
    }

    #[test]
    fn a_clear_lobe_that_has_nothing_to_do_with_it_takes_no_flag_back(story in some_story(), which in 0_usize..6, after in 1_500_u64..3_000) {
        let (mut story, lobe) = (on_the_right(without_plans(story)), Lobe::Lul);
        let Some(study) = story.parts.imaging.get_mut(which) else { return Ok(()) };
        for other in Lobe::ALL.into_iter().filter(|other| *other != lobe) {
            study.lobes = study.lobes.with(other, LobeStatement::Clear);
        }
        study.lobes = study.lobes.with(lobe, LobeStatement::NotAssessable);
        let before = flags(&evaluate_story(&story, day(after)));
        story.parts.imaging[which].lobes = story.parts.imaging[which].lobes.with(lobe, LobeStatement::Clear);
        let now = flags(&evaluate_story(&story, day(after)));
        let lost: Vec<_> = before.iter().filter(|flag| !now.contains(flag)).collect();
        prop_assert!(lost.is_empty(), "{:?}", lost);
    }

    #[test]
    fn a_plan_of_the_board_never_raises_the_number_of_episodes(story in some_story(), stages in 2_u32..5, on in 0_u64..2_190) {
        let mut story = story;
        story.parts.board_decisions.clear();
        let before = evaluate_story(&story, day(2_500)).episodes.len();
        let mut planned = story.board("2020", BoardChoice::StagedMetastasectomy, Some(stages));
        planned.parts.board_decisions[0].on = Some(PartialDate::Day(day(on)));
        prop_assert!(evaluate_story(&planned, day(2_500)).episodes.len() <= before);
    }

    #[test]
    fn a_benign_nodule_more_raises_nothing(story in some_story(), seen in 0_u64..2_190, operated in 1_u64..400, place in prop::sample::select(vec!["RUL", "LLL", "left_nos", "nos"])) {
        let before = evaluate_story(&story, day(2_500));
        let (seen, operated) = (day(seen), day(seen + operated));
        let with = story
            .nodule("benign", place)
            .ct("ct-benign", &seen.to_string(), &[("benign", 9.0)])
            .operation("op-benign", &operated.to_string(), "", &[("benign", "benign")]);
        let now = evaluate_story(&with, day(2_600));
        prop_assert_eq!(now.episodes.len(), before.episodes.len());
        for (one, other) in now.episodes.iter().zip(&before.episodes) {
            let raised = one.recurrence.state.present().is_true() && !other.recurrence.state.present().is_true();
            prop_assert!(!raised, "{:?}", one.recurrence);
            prop_assert_eq!(&one.counts, &other.counts);
            prop_assert_eq!(one.persistence, other.persistence);
        }
    }
}

#[test]
fn the_grown_histories_hold_relapses() {
    let relapses = (0..200_u64).filter(|seed| {
        let episodes = evaluate(&history_of(*seed), &protocol(), day(2_500)).episodes;
        episodes.iter().any(|one| one.recurrence.state == RecurrenceState::Suspected)
    });
    assert!(relapses.count() > 0);
}
