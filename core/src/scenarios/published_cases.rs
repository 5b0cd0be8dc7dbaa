//! The published case histories against the values a correct assessment must show.
//!
//! An expected file holds a subset of the assessment document: numbers equal, `{"min": k}` a lower bound, episodes
//! matched by number, patterns by id, other lists as sets, dates equal as ranges of days. What an expected file
//! leaves out is not decided there.

use serde_json::Value;

use super::compare::subset;
use crate::{
    assessment::assess,
    document::{assessment::AssessmentDocument, read},
    protocol::{Protocol, SHIPPED},
};

fn read_file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../tests/cases/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn check(name: &str) {
    let expected: Value = serde_json::from_str(&read_file(&format!("expected/{name}.json"))).unwrap();
    let history = read::read(&read_file(&format!("{name}.json"))).unwrap();
    let as_of = expected["as_of"].as_str().unwrap().parse().unwrap();
    let assessment = assess(&history, &Protocol::parse(SHIPPED).unwrap(), as_of);
    let actual = serde_json::to_value(AssessmentDocument::from(&assessment)).unwrap();
    let mut problems = Vec::new();
    subset(&expected["expect"], &actual, "", &mut problems);
    if let Some(count) = expected.get("episodes_count")
        && actual["episodes"].as_array().map(Vec::len) != count.as_u64().and_then(|n| usize::try_from(n).ok())
    {
        problems.push(format!("episodes: expected {count}, got {}", actual["episodes"]));
    }
    assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
}

macro_rules! cases {
    ($($test:ident: $name:literal,)+) => {
        $(#[test] fn $test() { check($name); })+

        #[test]
        fn every_expected_file_is_checked() {
            let folder = format!("{}/../tests/cases/expected", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$($name),+]);
        }
    };
}

cases! {
    seven_operations_without_single_dates: "bml-seven-operations-87-lesions",
    contralateral_then_same_lobe: "colon-ca-three-thoracotomies-1992",
    late_relapse_of_both_sides: "ivc-leiomyosarcoma-rll-then-rml-and-lul",
    the_definition_of_the_interval_decides: "mpnst-scapula-nf1-dfi-definition",
    twelve_months_undecidable: "osteosarcoma-olecranon-lul-then-brain",
    contralateral_after_84_months: "pancreatic-ca-contralateral-after-84-months",
    nodules_without_lobe_or_side: "radiation-osteosarcoma-tibia-two-pm",
    relapse_at_the_staple_line: "rectal-ca-four-lobes-staple-line-relapse",
    a_resected_nodule_without_tumour_is_no_episode: "rothmund-thomson-osteosarcoma-benign-rll-resection",
    twenty_two_nodules_in_one_operation: "seed-fig1-right-lung-22-nodules",
    an_observed_nodule_becomes_suspicious: "sigmoid-ca-lll-nodule-4-9-13mm",
    a_suture_line_mass_left_in_place: "undifferentiated-sarcoma-foot-lul-suture-line",
    never_operated: "ups-chest-wall-five-3mm-nodules-observed",
    synchronous_and_three_operations_on_one_lung: "uterine-lms-synchronous-three-left-pm",
}
