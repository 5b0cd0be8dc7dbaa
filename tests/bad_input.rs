//! Documents that must be refused: each names its place and what to do, and never takes its neighbours along.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::io::{Cursor, Read, repeat};

use lobewatch::{
    document::read,
    import::{check::Checker, limits::Limits},
};

/// A legal document in which `part` stands behind the patient.
fn with(part: &str) -> String {
    format!("{{\"format\": \"lobewatch.history/1\",\n\"patient\": {{\"study_id\": \"P\"}},\n{part}}}")
}

fn problems(text: &str) -> Vec<String> {
    let refusal = read::read(text).unwrap_err();
    refusal
        .problems
        .iter()
        .map(|it| format!("{}:{} {}: {}", it.line.unwrap(), it.column.unwrap(), it.path, it.problem))
        .collect()
}

#[test]
fn every_mistake_names_place_and_remedy() {
    let nodule = |rest: &str| with(&format!("\"nodules\": [{{\"id\": \"a\", {rest}}}]"));
    for (text, expected) in [
        (
            nodule("\"lobe\": \"LML\""),
            "3:33 $.nodules[0].lobe: `LML` is not a known value; write one of `RUL`, `RML`, `RLL`, `LUL`, `LLL`, \
             `right_nos`, `left_nos`, `nos`",
        ),
        (
            nodule("\"origin\": \"imaging\""),
            "3:13 $.nodules[0].lobe: is missing; give one of `RUL`, `RML`, `RLL`, `LUL`, `LLL`, `right_nos`, `left_nos`, `nos`",
        ),
        (
            nodule("\"lobe\": \"RUL\", \"count\": 0"),
            "3:49 $.nodules[0].count: must be at least 1; leave the entry out where there is none",
        ),
        (
            nodule("\"lobe\": \"RUL\", \"count\": \"many\""),
            "3:49 $.nodules[0].count: must be a whole number from 1, not the text `many`; correct the value",
        ),
        (
            nodule("\"lobe\": \"RUL\", \"sub\": \"lingula\""),
            "3:33 $.nodules[0].lobe: the lingula is part of LUL; correct `lobe` or leave `sub` out",
        ),
        (
            with("\"imaging\": [{\"id\": \"i\", \"on\": \"2021-02-31\"}]"),
            "3:31 $.imaging[0].on: `2021-02-31` is not in the calendar; correct the day or month, or give only what is \
             known (YYYY-MM)",
        ),
        (
            with("\"primary\": {\"size_cm\": -1}"),
            "3:24 $.primary.size_cm: -1 must be above 0; leave it out where it was not measured",
        ),
        (
            with("\"primary\": {\"size_cm\": \"9\"}"),
            "3:24 $.primary.size_cm: must be a number, not the text `9`; correct the value",
        ),
        (
            with("\"primary\": {\"histology\": \"a\\u0000b\"}"),
            "3:26 $.primary.histology: `a\\u{0}b` holds a control character (NUL, line break in a name, or the like); \
             remove it",
        ),
        (
            with("\"primary\": {\"side\": [1]}"),
            "3:21 $.primary.side: must be a text, not a list; correct the value",
        ),
        (
            with("\"lung_metastases\": {\"synchronous\": \"yes\"}"),
            "3:36 $.lung_metastases.synchronous: must be true or false, not the text `yes`; correct the value",
        ),
        (
            with(
                "\"operations\": [{\"id\": \"o\", \"resections\": [{\"extent\": \"wedge\", \"lobe\": \"RUL\"}]}]",
            ),
            "3:43 $.operations[0].resections[0].specimen: is missing; it is required where `nodule` is null",
        ),
        (
            with("\"operations\": [{\"id\": \"o\", \"stage_of\": \"o\"}]"),
            "3:40 $.operations[0].stage_of: the stages form a circle; the first stage has no `stage_of`",
        ),
        (
            with("\"imaging\": [{\"id\": \"i\", \"findings\": [{\"nodule\": \"x\"}]}]"),
            "3:49 $.imaging[0].findings[0].nodule: there is no nodule `x`; list it under `nodules` or correct the id",
        ),
        (
            with("\"nodules\": [{\"id\": \"a\", \"lobe\": \"RUL\"}, {\"id\": \"a\", \"lobe\": \"RUL\"}]"),
            "3:48 $.nodules[1].id: the id `a` is used twice; give each its own",
        ),
        (
            with("\"follow_up\": {\"ended\": {\"on\": \"2020\"}}"),
            "3:24 $.follow_up.ended.reason: is missing; give one of `death`, `transfer`, `refusal`, `palliative`, `emigrated`, `unreachable`, `other`",
        ),
    ] {
        assert_eq!(problems(&text), [expected], "{text}");
    }
}

#[test]
fn structure_that_is_not_the_contract_names_its_place() {
    for (text, place, part) in [
        (
            with("\"nodulus\": []"),
            "$.nodulus",
            "the key `nodulus` is not known; leave it out or write one of `format`",
        ),
        (
            with("\"patient\": {\"study_id\": \"Q\"}"),
            "$.patient",
            "the key `patient` is given twice; keep one",
        ),
        (with("\"imaging\": {\"id\": 1}"), "$.imaging", "must be a list, not an object; correct the value"),
        (with("\"imaging\": [5]"), "$.imaging[0]", "must be an object, not integer `5`; correct the value"),
        (with("\"imaging\": ["), "$.imaging[0]", "is not JSON"),
        (
            "{\"format\": \"lobewatch.history/1\", \"pat".to_owned(),
            "$",
            "ends too early; the text is cut off",
        ),
        ("[]".to_owned(), "$", "must be an object, not a list"),
        (
            with("\"primary\": [\"osteosarcoma\"]"),
            "$.primary",
            "must be an object, not a list; correct the value",
        ),
        ("\"x\"".to_owned(), "$", "must be an object, not string \"x\"; correct the value"),
        ("".to_owned(), "$", "ends too early"),
        ("{} {}".to_owned(), "$", "is not JSON: trailing characters"),
    ] {
        let refusal = read::read(&text).unwrap_err();
        let first = &refusal.problems[0];
        assert!(first.path == place && first.problem.contains(part), "{text}: {first}");
    }
}

#[test]
fn all_problems_of_a_document_are_told_at_once() {
    let text = with(
        "\"sauce\": 1,\n\"nodules\": [{\"id\": \"a\", \"lobe\": \"X\"}],\n\"primary\": {\"grade\": 2, \"sighs\": 3},\n\
         \"imaging\": [{\"id\": \"i\", \"on\": \"21\", \"findings\": [{\"nodule\": \"a\"}]}]",
    );
    let mut paths: Vec<_> =
        read::read(&text).unwrap_err().problems.into_iter().map(|it| (it.line, it.path)).collect();
    paths.sort();
    let expected = [
        (3, "$.sauce"),
        (4, "$.nodules[0].lobe"),
        (5, "$.primary.grade"),
        (5, "$.primary.sighs"),
        (6, "$.imaging[0].on"),
    ];
    assert_eq!(paths, expected.map(|(line, path)| (Some(line), path.to_owned())));
}

#[test]
fn one_bad_document_never_blocks_the_others() {
    let good =
        |id: &str| format!("{{\"format\":\"lobewatch.history/1\",\"patient\":{{\"study_id\":\"{id}\"}}}}");
    let lines = [
        good("A"),
        good("B").replace("/1", "/9"),
        good("C")[..40].to_owned(),
        good("D"),
        good("A"),
        "rubbish".to_owned(),
        good("E"),
    ];
    let input = lines.join("\n");
    let mut checker = Checker::new(Limits::default());
    let mut shown = Vec::new();
    for item in checker.documents(input.as_bytes()) {
        shown.push(match item {
            Ok(document) => format!("{} {}", document.line, document.history.patient.study_id),
            Err(refused) => format!("{} refused, {}", refused.line, refused.problems[0]),
        });
    }
    assert_eq!(
        shown,
        [
            "1 A",
            "2 refused, line 2, column 11, $.format: `lobewatch.history/9` is not a known value; write one of \
             `lobewatch.history/1`",
            "3 refused, line 3, column 41, $: the document is not JSON: a text holds a line break or control character; \
             close the text or write \\n. Line 3 is left out",
            "4 D",
            "5 refused, line 5, column 55, $.patient.study_id: the study id `A` came before in this import; keep one \
             document of each patient",
            "6 refused, line 6, column 1, $: a document must begin here with `{`, not with `r`; correct or remove it. \
             Line 6 is left out",
            "7 E",
        ]
    );
    // A second file of the same import knows the first.
    let again = checker.documents(Cursor::new(good("E"))).next().unwrap().unwrap_err();
    assert!(again.problems[0].problem.contains("came before"));
}

#[test]
fn lines_are_those_of_the_file_and_not_of_the_document() {
    let input = format!(
        "{}\n\n[\n  {}]",
        with("\"nodules\": []"),
        with("\"nodules\": [{\"id\": \"\\n\", \"lobe\": \"nos\"}]")
    );
    let mut checker = Checker::new(Limits::default());
    let refused = checker.documents(input.as_bytes()).nth(1).unwrap().unwrap_err();
    assert_eq!((refused.line, refused.ordinal), (6, Some(2)));
    assert_eq!((refused.problems[0].line, refused.problems[0].column), (8, 20));
    assert_eq!(refused.problems[0].path, "$.nodules[0].id");
}

#[test]
fn a_million_nodules_are_refused_in_one_sentence() {
    let nodules = "{\"id\":\"a\",\"lobe\":\"RUL\"},".repeat(1_000_000);
    let text = with(&format!("\"nodules\": [{}]", nodules.trim_end_matches(',')));
    let limits = Limits { max_document_bytes: 64 << 20, ..Limits::default() };
    let refused = Checker::new(limits).documents(text.as_bytes()).next().unwrap().unwrap_err();
    assert_eq!(refused.problems.len(), 1);
    assert!(refused.problems[0].problem.contains("holds 1000002 objects, more than the 100000 allowed"));

    let some = "{\"id\":\"a\",\"lobe\":\"RUL\"},".repeat(6_000);
    let text = with(&format!("\"nodules\": [{}]", some.trim_end_matches(',')));
    let refused = Checker::new(Limits::default()).documents(text.as_bytes()).next().unwrap().unwrap_err();
    assert_eq!((refused.problems[0].path.as_str(), refused.problems[0].line), ("$.nodules", 3));
    assert!(refused.problems[0].problem.contains("holds 6000 entries, more than the 5000 allowed"));
    assert_eq!(refused.study_id.unwrap().as_str(), "P");
}

#[test]
fn a_huge_document_is_skipped_without_being_held() {
    let huge = Cursor::new(b"{\"format\": \"".to_vec())
        .chain(repeat(b'x').take(100 << 20))
        .chain(Cursor::new(b"\"}\n"));
    let good = "{\"format\":\"lobewatch.history/1\",\"patient\":{\"study_id\":\"A\"}}";
    let mut checker = Checker::new(Limits::default());
    let items: Vec<_> = checker.documents(huge.chain(Cursor::new(good))).collect();
    assert!(items[0].as_ref().unwrap_err().problems[0].problem.contains("larger than 16777216 bytes"));
    assert_eq!(items[1].as_ref().unwrap().history.patient.study_id.as_str(), "A");
    assert_eq!(items.len(), 2);
}

#[test]
fn a_depth_bomb_is_refused_without_a_deep_stack() {
    for bomb in ["{\"a\":".repeat(1_000_000), format!("[{}", "[".repeat(1_000_000))] {
        let refused = Checker::new(Limits::default()).documents(bomb.as_bytes()).next().unwrap().unwrap_err();
        assert_eq!(refused.problems.len(), 1);
    }
    assert!(read::read(&"[".repeat(1_000_000)).is_err());
}
