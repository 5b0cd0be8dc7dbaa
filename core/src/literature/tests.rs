//! The shipped register is complete, what rules name can be shown, and labels are always there.

use super::*;
use crate::rules::{patterns, tier_figures};

fn register() -> Register {
    Register::parse(SHIPPED).unwrap()
}

fn figure(id: &str) -> Figure {
    register().all().iter().find(|figure| figure.id == id).unwrap().clone()
}

/// What is wrong with the shipped register after one change, as `place problem`.
fn problems(from: &str, to: &str) -> Vec<String> {
    assert_eq!(SHIPPED.matches(from).count(), 1, "`{from}` has to stand in the register once");
    let problems = Register::parse(&SHIPPED.replace(from, to)).unwrap_err();
    problems.iter().map(|problem| format!("{} {}", problem.place, problem.problem)).collect()
}

#[test]
fn every_figure_of_the_clinical_reference_is_in_the_register() {
    // E47 to E59 were never given.
    let expected: Vec<String> = (1..=46).chain(60..=90).map(|number| format!("E{number:02}")).collect();
    let ids: Vec<String> = register().all().iter().map(|figure| figure.id.clone()).collect();
    assert_eq!(ids, expected);
}

#[test]
fn a_figure_without_a_source_or_with_reversed_sources_is_never_shown() {
    let register = register();
    let shown: BTreeSet<&str> = register.shown().map(|figure| figure.id.as_str()).collect();
    let withheld: Vec<&str> =
        register.all().iter().map(|figure| figure.id.as_str()).filter(|id| !shown.contains(id)).collect();
    assert_eq!(withheld, ["E02", "E65"]);
    let named: Vec<&str> =
        register.named(["E65", "E61", "E99", "E15"]).map(|figure| figure.id.as_str()).collect();
    assert_eq!(named, ["E61", "E15"]);
}

#[test]
fn every_figure_a_rule_names_can_be_shown() {
    let register = register();
    let of_patterns = patterns::ALL.iter().map(|pattern| (pattern.info.id, pattern.info.figures));
    let of_tiers = tier_figures::OF_TRIGGERS.into_iter().chain([("tier L", tier_figures::OF_TIER_LOW)]);
    for (rule, figures) in of_patterns.chain(of_tiers) {
        let shown: Vec<&str> =
            register.named(figures.iter().copied()).map(|figure| figure.id.as_str()).collect();
        assert_eq!(shown, figures, "{rule}");
    }
}

#[test]
fn rules_name_the_figures_that_the_clinical_reference_gives_them() {
    let named = |id: &str| {
        let pattern = patterns::ALL.iter().find(|pattern| pattern.info.id == id);
        let trigger = tier_figures::OF_TRIGGERS.into_iter().find(|(trigger, _)| *trigger == id);
        pattern.map(|pattern| pattern.info.figures).or(trigger.map(|(_, figures)| figures)).unwrap()
    };
    for (rule, expected) in [
        ("P05", &["E64", "E17", "E70"][..]),
        ("P08", &["E80"]),
        ("P11", &["E64"]),
        ("P14", &["E70"]),
        ("P15", &["E62"]),
        ("P16", &["E74"]),
        ("dfi-lt-12-months", &["E61", "E15"]),
        ("short-recurrence-free-interval", &["E70"]),
        ("episode-r1-or-rx", &["E70"]),
        ("four-or-more-metastases", &["E64", "E17"]),
        ("progression-on-chemotherapy", &["E26"]),
        ("mpnst", &["E11", "E60"]),
        ("third-metastasectomy", &["E62"]),
        ("recurrence-refuted-recently", &["E80"]),
        ("observed-nodule", &["E80"]),
    ] {
        assert!(expected.iter().all(|id| named(rule).contains(id)), "{rule} lacks one of {expected:?}");
    }
    // The registry's groups (E65) are among the reasons for tier L; their medians have no source and stay out.
    assert_eq!(tier_figures::OF_TIER_LOW, ["E64", "E61"]);
}

#[test]
fn no_figure_goes_without_its_labels() {
    for figure in register().all() {
        let line = figure.line();
        for part in [&figure.id, &figure.statement, &figure.figure, &figure.population] {
            assert!(line.contains(part.as_str()), "{line} lacks {part}");
        }
        let design = match figure.design {
            Design::Retrospective | Design::Registry | Design::Review => "retrospective",
            Design::Prospective => "prospective, not randomised",
            Design::SingleCase => "a single case",
            Design::Unknown => "design not stated",
        };
        assert!(figure.label().contains(design), "{line} lacks its design");
        let sarcoma_only = figure.tumours == Tumours::Sarcoma;
        let said = ["not sarcoma only", "no sarcoma"].iter().any(|words| figure.label().contains(words));
        assert_ne!(sarcoma_only, said, "{line}");
        let doubtful = matches!(figure.standing, Standing::Disputed | Standing::Conflict);
        let said = figure.label().contains("disputed: ") || figure.label().contains("sources differ: ");
        assert_eq!(doubtful, said, "{line}");
        assert!(figure.caution.as_ref().is_none_or(|caution| line.contains(caution)), "{line}");
    }
}

#[test]
fn a_label_names_people_design_doubt_and_caution() {
    assert_eq!(
        figure("E44").label(),
        "19 of 54 patients had sarcoma; n = 54; not sarcoma only; retrospective; disputed: the number of \
         metastasectomies was not prognostic in another series (Casiraghi 2011, PMID 21642869); control became rarer \
         from the second on in the same patients (E62)"
    );
    assert_eq!(figure("E45").label(), "one patient, an example; a single case");
    assert!(figure("E15").label().contains("retrospective; disputed: worse with synchronous"));
    assert!(figure("E64").label().contains("registry, retrospective; disputed: for the number"));
    assert!(figure("E67").label().ends_with("; sources differ: 33 of 52 are 63.5%; the abstract prints 62%"));
    assert!(figure("E69").label().contains("; review of mostly retrospective series; caution: those"));
    assert!(figure("E88").label().contains("; no sarcoma; "));
    assert!(figure("E65").label().ends_with("; recalled, not verified"));
    let one = Figure { patients: Some(2), ..figure("E45") };
    assert_eq!(one.label(), "one patient, an example; n = 2; a single case");
}

#[test]
fn no_figure_says_what_is_for_people_to_decide() {
    let verdicts = ["operable", "inoperable", "cured", "contraindicated", "incurable", "benign"];
    for figure in register().all() {
        let line =
            format!("{} {}", figure.line(), figure.withheld.clone().unwrap_or_default()).to_lowercase();
        let said = line.split(|other: char| !other.is_alphanumeric()).find(|word| verdicts.contains(word));
        assert_eq!(said, None, "{line}");
    }
}

#[test]
fn a_broken_register_is_refused_with_the_place() {
    for (from, to, expected) in [
        ("id = \"E46\"", "id = \"E45\"", "E45 is not in ascending order"),
        ("id = \"E90\"", "id = \"E9\"", "E9 `id` is not an id"),
        ("id = \"E90\"", "id = \"E9x\"", "E9x `id` is not an id"),
        ("id = \"E90\"", "id = \"F90\"", "F90 `id` is not an id"),
        ("figure = \"57.4%; 21.6%;", "figure = \" \" #", "E90 `figure` is empty or not printable"),
        ("caution = \"relapses came", "caution = \"\\u0007", "E10 `caution` is empty or not printable"),
        ("patients = 719", "patients = 0", "E11 `patients` is 0"),
        ("conflict = \"33 of 52", "caution = \"33 of 52", "E67 `conflict` does not fit the standing"),
        (
            "caution = \"relapses came",
            "conflict = \"relapses came",
            "E10 `conflict` does not fit the standing",
        ),
        ("withheld = \"the medians", "caution = \"the medians", "E65 `withheld` is missing"),
        (
            "against = [\"E62\"]",
            "against = [\"E47\"]",
            "E44 `against` names a figure that does not exist, or itself",
        ),
        (
            "against = [\"E62\"]",
            "against = [\"E44\"]",
            "E44 `against` names a figure that does not exist, or itself",
        ),
        (
            "caution = \"relapses came",
            "against = [\"E61\"]\ncaution = \"relapses came",
            "E10 `against` stands without a conflict",
        ),
    ] {
        assert_eq!(problems(from, to), [expected], "{to}");
    }
    let line = SHIPPED.lines().take_while(|line| *line != "patients = 719").count() + 1;
    assert_eq!(problems("patients = 719", "patient = 719"), [format!("line {line} cannot be read")]);
    let shown = Register::parse("figures = []").unwrap_err().remove(0).to_string();
    assert!(shown.starts_with("line 1 cannot be read; unknown field `figures`"), "{shown}");
}
