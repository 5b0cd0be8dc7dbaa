//! Properties of the rules over made-up histories: no panic, no knowledge of the future, no certainty from less
//! knowledge, and the counting rules that must never break.

use chrono::{Days, NaiveDate};
use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    Evaluation, PatternState, evaluate,
    testing::{Story, protocol},
};
use crate::domain::{
    dates::{PartialDate, add_months},
    event::{ExtrathoracicEvent, ThoracicEvent},
    follow_up::FollowUp,
    history::History,
    lung::Place,
    truth::Truth,
    vocabulary::{
        BoardChoice, Certainty, Completeness, ExtrathoracicKind, Fate, LocalStatus, Palpation, Purpose,
        StagingImaging, ThoracicSite, VitalStatus, Vocabulary,
    },
};

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2018, 1, 1).unwrap()
}

pub(super) fn day(after: u64) -> NaiveDate {
    first_day().checked_add_days(Days::new(after)).unwrap()
}

/// Some day of six years, known to the day, month or year, within bounds, or not at all.
fn some_date() -> impl Strategy<Value = Option<PartialDate>> {
    (0_u64..2_190, 0_u8..8, 0_u64..200).prop_map(|(after, precision, width)| {
        let on = day(after);
        match precision {
            0..=3 => Some(PartialDate::Day(on)),
            4 => format!("{}", on.format("%Y-%m")).parse().ok(),
            5 => format!("{}", on.format("%Y")).parse().ok(),
            6 => Some(PartialDate::within(on, day(after + width))),
            _ => None,
        }
    })
}

fn pick<T: Vocabulary + std::fmt::Debug>() -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(T::ALL.to_vec()))
}

const NODULES: usize = 6;

fn nodule_id(at: usize) -> String {
    format!("n{}", at % NODULES)
}

type Look = (Option<PartialDate>, Vec<(usize, f64, Option<Fate>, Option<Certainty>)>, bool);

fn some_look() -> impl Strategy<Value = Look> {
    let finding = (0..NODULES, 1.0_f64..40.0, pick::<Fate>(), pick::<Certainty>());
    (some_date(), prop::collection::vec(finding, 0..5), any::<bool>())
}

type Cut = (Option<PartialDate>, usize, Vec<(usize, usize)>, Option<Completeness>, Option<usize>, usize);

fn some_cut() -> impl Strategy<Value = Cut> {
    let specimen = (0..NODULES, 0_usize..9);
    let stage = prop::option::of(0_usize..4);
    let specimens = prop::collection::vec(specimen, 0..4);
    (some_date(), 0_usize..4, specimens, pick::<Completeness>(), stage, 0_usize..8)
}

/// A history that fits together and may be as odd as the type allows.
pub(super) fn some_story() -> impl Strategy<Value = Story> {
    let places = prop::collection::vec((0_usize..8, 0_u32..4), NODULES);
    let looks = prop::collection::vec(some_look(), 0..6);
    let cuts = prop::collection::vec(some_cut(), 0..5);
    let dates = prop::collection::vec(some_date(), 12);
    let choices =
        (pick::<StagingImaging>(), prop::option::of(any::<bool>()), pick::<BoardChoice>(), any::<[u8; 4]>());
    (places, looks, cuts, dates, choices).prop_map(|(places, looks, cuts, dates, choices)| {
        let mut story = Story::new();
        for (at, (place, count)) in places.into_iter().enumerate() {
            let place = Place::ALL[place].code();
            story = match count {
                0 => story.group(&nodule_id(at), place, None),
                1 => story.group(&nodule_id(at), place, Some(3)),
                2 => story.palpated(&nodule_id(at), place),
                _ => story.nodule(&nodule_id(at), place),
            };
        }
        for (at, look) in looks.into_iter().enumerate() {
            story = add_look(story, at, look);
        }
        for (at, cut) in cuts.into_iter().enumerate() {
            story = add_cut(story, at, cut);
        }
        add_rest(story, &dates, choices)
    })
}

fn add_look(story: Story, at: usize, (on, findings, clear): Look) -> Story {
    let id = format!("ct{at}");
    let mut story = if clear { story.clear_ct(&id, "2020") } else { story.ct(&id, "2020", &[]) };
    let mut seen = Vec::new();
    for (nodule, mm, fate, certainty) in findings {
        if !seen.contains(&nodule) {
            seen.push(nodule);
            let mut finding = super::testing::finding(&nodule_id(nodule), mm);
            finding.fate = fate;
            finding.certainty = certainty;
            finding.visible_before = (nodule == 0).then_some(true);
            story.parts.imaging[at].findings.push(finding);
        }
    }
    story.parts.imaging[at].on = on;
    story
}

fn add_cut(story: Story, at: usize, (on, side, specimens, completeness, stage, shade): Cut) -> Story {
    const RESULTS: [&str; 9] = [
        "met_viable",
        "met_nonviable",
        "benign",
        "primary_lung_cancer",
        "other_malignancy",
        "indeterminate",
        "not_sent",
        "unknown",
        "",
    ];
    let side = ["right", "left", "bilateral", ""][side];
    let named: Vec<(String, &str)> =
        specimens.iter().map(|(nodule, result)| (nodule_id(*nodule), RESULTS[*result])).collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(nodule, result)| (nodule.as_str(), *result)).collect();
    let id = format!("op{at}");
    let mut story = story.operation(&id, "2020", side, &named);
    if let Some(first) = stage.filter(|first| *first < at) {
        story = story.stage(&id, &format!("op{first}"));
    }
    let operation = &mut story.parts.operations[at];
    operation.on = on;
    operation.completeness = completeness;
    match shade {
        0 => operation.purpose = Purpose::Diagnostic,
        1 => operation.purpose = Purpose::Unknown,
        2 => operation.planned_on = on.take_if_planned(&mut operation.on),
        3 => operation.palpation = Some(Palpation::Full),
        _ => {}
    }
    story
}

trait TakeIfPlanned {
    fn take_if_planned(self, on: &mut Option<PartialDate>) -> Option<PartialDate>;
}

impl TakeIfPlanned for Option<PartialDate> {
    /// The day becomes a plan.
    fn take_if_planned(self, on: &mut Option<PartialDate>) -> Option<PartialDate> {
        *on = None;
        self
    }
}

type Choices = (Option<StagingImaging>, Option<bool>, Option<BoardChoice>, [u8; 4]);

fn add_rest(
    story: Story,
    dates: &[Option<PartialDate>],
    (staging, synchronous, board, shades): Choices,
) -> Story {
    let mut story = story
        .primary("2018", "2018")
        .metastases("2019")
        .therapy(
            "r1",
            "2020",
            ["curative", "palliative", "unknown", ""][usize::from(shades[0] % 4)],
            &["n1", "n2"],
        )
        .systemic("s1", "2020", "2020")
        .board("2020", board.unwrap_or(BoardChoice::Other), Some(u32::from(shades[1] % 3)));
    let primary = story.parts.primary.as_mut().unwrap();
    (primary.treated_on, primary.treatment_ended_on, primary.diagnosed_on) = (dates[0], dates[1], dates[2]);
    primary.staging_imaging = staging;
    let first = story.parts.lung_metastases.as_mut().unwrap();
    (first.diagnosed_on, first.synchronous) = (dates[3], synchronous);
    let local = &mut story.parts.local_therapies[0];
    (local.started_on, local.ended_on) = (dates[4], dates[4]);
    local.local_statuses = vec![crate::domain::therapy::LocalControl {
        nodule: local.nodules[0].clone(),
        on: dates[11],
        status: LocalStatus::Progressed,
    }];
    let systemic = &mut story.parts.systemic_therapies[0];
    (systemic.started_on, systemic.ended_on) = (dates[5], dates[6]);
    story.parts.board_decisions[0].on = dates[7];
    let confirmed = [Some(true), Some(false), None][usize::from(shades[2] % 3)];
    let event = ThoracicEvent { on: dates[8], site: Some(ThoracicSite::Pleura), confirmed, resected: None };
    story.parts.thoracic_events = vec![event];
    story.parts.extrathoracic_events = vec![ExtrathoracicEvent {
        on: dates[9],
        kind: Some(ExtrathoracicKind::Distant),
        site: None,
        resected: confirmed,
    }];
    if shades[3].is_multiple_of(3) {
        story.parts.follow_up = Some(FollowUp {
            vital_status: Some(VitalStatus::Dead),
            died_on: dates[10],
            ..FollowUp::default()
        });
    }
    story
}

pub(super) fn assess(story: &Story, as_of: NaiveDate) -> Evaluation {
    evaluate(&story.history(), &protocol(), as_of)
}

/// A story in which clear answers are common: one side operated, something new later.
fn relapse(cleared: NaiveDate, seen: NaiveDate) -> Story {
    Story::favourable().nodule("n2", "LUL").ct("late", "2022", &[("n2", 8.0)]).with_days(cleared, seen)
}

impl Story {
    fn with_days(mut self, cleared: NaiveDate, seen: NaiveDate) -> Self {
        self.parts.operations[0].on = Some(PartialDate::Day(cleared));
        self.parts.imaging.retain(|study| !matches!(study.id.as_str(), "ct2" | "ct3"));
        self.parts.imaging[1].on = Some(PartialDate::Day(seen));
        self
    }
}

/// The statements of an evaluation by name.
fn statements(evaluation: &Evaluation) -> Vec<(String, Truth)> {
    let triggers = evaluation.tier.triggers.iter().map(|one| (one.id.to_owned(), one.state));
    let patterns = evaluation.patterns.iter().filter_map(|one| match one.state {
        PatternState::Decided(truth) => Some((one.info.id.to_owned(), truth)),
        PatternState::NotApplicable => None,
    });
    let dfi = [
        ("lt_12".to_owned(), evaluation.dfi.lt_12_months),
        ("at_least_24".to_owned(), evaluation.dfi.at_least_24_months),
        ("at_least_36".to_owned(), evaluation.dfi.at_least_36_months),
    ];
    // Which episode is which is certain where there is one.
    let only = match evaluation.episodes.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let episode = only.into_iter().flat_map(|only| {
        let recurrence = &only.recurrence;
        [
            ("cleared".to_owned(), only.cleared),
            ("persistence".to_owned(), only.persistence),
            ("progression".to_owned(), only.progression),
            ("recurrence".to_owned(), recurrence.state.present()),
            ("same_lobe".to_owned(), recurrence.same_lobe),
        ]
    });
    triggers.chain(patterns).chain(dfi).chain(episode).collect()
}

fn wider(on: PartialDate, months: u32) -> PartialDate {
    let (Some(earliest), Some(latest)) = (on.earliest(), on.latest()) else { return on };
    let from = earliest.checked_sub_months(chrono::Months::new(months)).unwrap_or(earliest);
    PartialDate::within(from, add_months(latest, months).unwrap_or(latest))
}

#[track_caller]
fn assert_no_flip(narrow: &Evaluation, wide: &Evaluation) {
    let narrow = statements(narrow);
    for (name, truth) in statements(wide) {
        let before = narrow.iter().find(|(own, _)| *own == name).map(|(_, truth)| *truth);
        let flipped =
            matches!((before, truth), (Some(Truth::True), Truth::False) | (Some(Truth::False), Truth::True));
        assert!(!flipped, "{name}: {before:?} became {truth:?} by knowing less");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(2022), ..ProptestConfig::default() })]

    #[test]
    fn every_history_is_evaluated(story in some_story(), after in 0_u64..3_000) {
        let evaluation = assess(&story, day(after));
        prop_assert_eq!(evaluation.patterns.len(), 20);
        prop_assert!(evaluation.lobes.len() >= 5);
        for (at, episode) in evaluation.episodes.iter().enumerate() {
            prop_assert_eq!(usize::try_from(episode.number).unwrap(), at + 1);
            prop_assert_eq!(episode.cleared_on.is_some() && episode.cleared.is_false(), false);
            let sum: u32 = episode.by_place.iter().map(|place| place.resected.min).sum();
            prop_assert_eq!(sum, episode.counts.resected.min);
            prop_assert!(episode.counts.most_metastases.is_none_or(|most| most >= episode.counts.metastases.min));
        }
        for nodule in evaluation.nodules.iter().filter(|nodule| nodule.is_active()) {
            prop_assert_eq!(nodule.states.last().map(|last| last.state), Some(nodule.state), "{:?}", nodule);
        }
        let ids: Vec<_> = evaluation.data_tasks.iter().map(super::DataTask::id).collect();
        prop_assert!(ids.is_sorted_by(|one, other| one < other), "{:?}", ids);
    }

    #[test]
    fn what_comes_after_the_day_changes_nothing(story in some_story(), after in 0_u64..2_000, later in 1_u64..500) {
        let as_of = day(after);
        let known = assess(&story, as_of);
        let on = Some(PartialDate::Day(day(after + later)));
        // A nodule that nothing mentions is undated and stays; one that only later facts mention is not known yet.
        let mentioned = story.parts.imaging.iter().flat_map(|study| &study.findings).map(|finding| finding.nodule.to_string()).next();
        let old = mentioned.unwrap_or_else(|| "future".to_owned());
        let mut more = story.nodule("future", "RUL").ct("future-ct", "2020", &[("future", 12.0)]);
        if old != "future" {
            let again = super::testing::finding(&old, 30.0);
            more.parts.imaging.last_mut().unwrap().findings.push(again);
        }
        more.parts.imaging.last_mut().unwrap().on = on;
        more = more.operation("future-op", "2020", "right", &[(old.as_str(), "met_viable")]);
        more.parts.operations.last_mut().unwrap().on = on;
        more = more.therapy("future-r", "2020", "curative", &[old.as_str()]).systemic("future-s", "2020", "");
        more.parts.local_therapies.last_mut().unwrap().started_on = on;
        more.parts.local_therapies.last_mut().unwrap().ended_on = on;
        more.parts.systemic_therapies.last_mut().unwrap().started_on = on;
        more = more.board("2020", BoardChoice::Sbrt, None);
        more.parts.board_decisions.last_mut().unwrap().on = on;
        prop_assert!(assess(&more, as_of) == known, "the future is known");
    }

    #[test]
    fn knowing_a_day_less_exactly_never_turns_an_answer_round(
        cleared in 0_u64..700,
        seen in 0_u64..1_200,
        which in 0_usize..5,
        months in 1_u32..14,
    ) {
        // Up to 300 days before the operation it was left behind, later it is a relapse.
        let (operated, seen) = (day(800 + cleared), day(500 + cleared + seen));
        let story = relapse(operated, seen);
        let mut wide = story.clone();
        let primary = wide.parts.primary.as_mut().unwrap();
        let on = match which {
            0 => &mut primary.treated_on,
            1 => &mut primary.treatment_ended_on,
            2 => &mut wide.parts.lung_metastases.as_mut().unwrap().diagnosed_on,
            3 => &mut wide.parts.operations[0].on,
            _ => &mut wide.parts.imaging[1].on,
        };
        *on = on.map(|on| wider(on, months));
        let as_of = day(4_000);
        assert_no_flip(&assess(&story, as_of), &assess(&wide, as_of));
    }

    #[test]
    fn an_odd_history_with_a_day_less_exactly_known_turns_no_answer_round(
        story in some_story(),
        which in 0_usize..18,
        months in 0_u32..14,
    ) {
        let mut wide = story.clone();
        // Nothing is known of the day any more where no month is given.
        let widen = |on: &mut Option<PartialDate>| *on = on.filter(|_| months > 0).map(|on| wider(on, months));
        match which {
            0..6 => wide.parts.imaging.get_mut(which).map(|study| widen(&mut study.on)),
            6..12 => wide.parts.operations.get_mut(which % 6).map(|operation| widen(&mut operation.on)),
            12..15 => wide.parts.board_decisions.first_mut().map(|decision| widen(&mut decision.on)),
            15 => wide.parts.thoracic_events.first_mut().map(|event| widen(&mut event.on)),
            _ => wide.parts.primary.as_mut().map(|primary| widen(&mut primary.treated_on)),
        };
        let as_of = day(6_000);
        assert_no_flip(&assess(&story, as_of), &assess(&wide, as_of));
    }

    #[test]
    fn a_plan_with_a_day_less_exactly_known_turns_no_answer_round(
        first in 0_u64..60,
        second in 1_u64..200,
        decided in 0_u64..120,
        later in prop::option::of(0_u64..300),
        linked in any::<bool>(),
        done in any::<bool>(),
        which in 0_usize..5,
        months in 0_u32..5,
    ) {
        let on = |after: u64| day(900 + after).to_string();
        let mut story = Story::favourable().nodule("r", "RUL").nodule("l", "LUL");
        story = story.ct("seen", &on(20), &[("r", 8.0), ("l", 8.0)]);
        story = story.operation("right", &on(first), "right", &[("r", "met_viable")]);
        if done {
            story = story.operation("left", &on(first + second), "left", &[("l", "met_viable")]);
            if linked {
                story = story.stage("left", "right");
            }
        }
        story = story.board(&on(decided), BoardChoice::StagedMetastasectomy, Some(2));
        if let Some(later) = later {
            story = story.board(&on(later), BoardChoice::Systemic, None);
        }
        let mut wide = story.clone();
        let day_of = match which {
            0 => wide.parts.board_decisions.first_mut().map(|decision| &mut decision.on),
            1 => wide.parts.board_decisions.last_mut().map(|decision| &mut decision.on),
            2 => wide.parts.operations.last_mut().map(|operation| &mut operation.on),
            3 => wide.parts.operations.get_mut(1).map(|operation| &mut operation.on),
            _ => wide.parts.imaging.last_mut().map(|study| &mut study.on),
        };
        let day_of = day_of.unwrap();
        *day_of = day_of.filter(|_| months > 0).map(|on| wider(on, months));
        let as_of = day(6_000);
        assert_no_flip(&assess(&story, as_of), &assess(&wide, as_of));
    }

    #[test]
    fn a_link_between_stages_never_raises_the_number_of_episodes(story in some_story(), one in 0_usize..5, other in 0_usize..5) {
        let as_of = day(2_500);
        let mut linked = story;
        linked.parts.board_decisions.clear();
        let before = assess(&linked, as_of).episodes.len();
        let ids: Vec<_> = linked.parts.operations.iter().map(|operation| operation.id.clone()).collect();
        if let (Some(first), Some(second)) = (ids.get(one), ids.get(other)) {
            let second = linked.parts.operations.iter_mut().find(|operation| operation.id == *second).unwrap();
            if second.stage_of.is_none() {
                second.stage_of = Some(first.clone());
            }
        }
        if let Ok(history) = History::new(linked.parts) {
            prop_assert!(evaluate(&history, &protocol(), as_of).episodes.len() <= before);
        }
    }

    #[test]
    fn a_benign_result_never_makes_a_recurrence_or_an_episode(seen in 1_u64..600, operated in 1_u64..300) {
        let (cleared, seen) = (day(900), day(900 + seen));
        let as_of = day(2_500);
        let mut story = relapse(cleared, seen).operation("op2", "2023", "left", &[("n2", "benign")]);
        let on = seen.checked_add_days(Days::new(operated)).unwrap();
        story.parts.operations[1].on = Some(PartialDate::Day(on));
        let evaluation = assess(&story, as_of);
        prop_assert_eq!(evaluation.episodes.len(), 1);
        prop_assert!(!evaluation.episodes[0].recurrence.state.present().is_true());
        prop_assert!(evaluation.lobes.iter().all(|lobe| lobe.place.code() != "LUL" || lobe.metastases.min == 0));
    }
}

#[test]
fn a_giant_history_is_evaluated_in_linear_time() {
    let (nodules, studies) = (2_000, 60);
    let mut story = Story::favourable();
    let ids: Vec<String> = (0..nodules).map(|at| format!("g{at}")).collect();
    for id in &ids {
        story = story.nodule(id, "LUL");
    }
    let sizes: Vec<(&str, f64)> = ids.iter().map(|id| (id.as_str(), 6.0)).collect();
    for at in 0..studies {
        let on = day(1_600 + at * 20).to_string();
        story = story.ct(&format!("big{at}"), &on, &sizes);
    }
    let resected: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "met_viable")).collect();
    let story = story.operation("big", "2023-06-01", "left", &resected);
    let history = story.history();
    let limits = protocol();
    let at = |as_of: &str| evaluate(&history, &limits, as_of.parse().unwrap());
    let evaluation = at("2024-01-01");
    assert_eq!(evaluation.episodes.len(), 2);
    assert_eq!(evaluation.episodes[1].counts.metastases.min, 2_000);
}
