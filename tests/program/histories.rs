//! The published cases go in, come out byte for byte, and stand under their lobes.

use crate::running::{Program, case_files, days_ago, parsed};

on_both_databases! {
    every_published_case_goes_in_and_comes_out_byte_for_byte,
    a_second_import_of_the_same_files_records_nothing,
    the_figure_with_22_nodules_is_one_operation_with_every_nodule_under_its_lobe,
    documents_come_in_as_array_and_as_lines_and_through_standard_input_alike,
    identity_stays_out_of_an_export_that_leaves_it_out,
    a_tier_that_a_clinician_chose_goes_in_is_shown_and_comes_out,
}

const SEED: &str = "seed-fig1-right-lung-22-nodules";

fn every_published_case_goes_in_and_comes_out_byte_for_byte(program: Program) {
    let files = case_files();
    assert_eq!(files.len(), 14);
    let imported = program.import(&files).with_code(0);
    assert!(imported.out.contains("checked: 14 new, 0 changed, 0 unchanged, 0 refused"), "{imported}");
    assert!(imported.out.contains("recorded: 14 new, 0 changed, 0 unchanged, 0 refused"), "{imported}");
    for file in &files {
        let normalised = program.done(&["normalise", file]);
        let study_id = parsed(&normalised)["patient"]["study_id"].as_str().unwrap().to_owned();
        let exported = program.done(&["export", "--layout", "pretty", &study_id]);
        assert_eq!(exported, normalised, "{file}");
        let again = program.write("again.json", &normalised);
        assert_eq!(program.done(&["normalise", &again]), normalised, "normalising twice changes nothing");
    }
    assert_eq!(program.histories().len(), 14);
    assert_eq!(program.patients().len(), 14);
}

fn a_second_import_of_the_same_files_records_nothing(program: Program) {
    let files = case_files();
    program.import(&files).with_code(0);
    let batches = program.done(&["batches", "list"]);
    let before = program.export();
    let second = program.import(&files).with_code(0);
    assert!(second.out.contains("checked: 0 new, 0 changed, 14 unchanged, 0 refused"), "{second}");
    assert!(second.out.contains("nothing to record"), "{second}");
    assert_eq!(program.done(&["batches", "list"]), batches, "no batch for nothing");
    assert_eq!(program.export(), before);
    assert_eq!(program.number("SELECT count(*) AS n FROM revisions"), 14);
}

fn the_figure_with_22_nodules_is_one_operation_with_every_nodule_under_its_lobe(program: Program) {
    let file = case_files().into_iter().find(|file| file.contains(SEED)).unwrap();
    program.import(&[&file]).with_code(0);
    let shown = parsed(&program.done(&["patients", "show", SEED, "--json"]));
    let history = &shown["history"];
    assert_eq!(history["operations"].as_array().unwrap().len(), 1);
    let count = |lobe: &str| -> u64 {
        let nodules = history["nodules"].as_array().unwrap().iter();
        nodules.filter(|nodule| nodule["lobe"] == lobe).map(|it| it["count"].as_u64().unwrap_or(1)).sum()
    };
    assert_eq!([count("RUL"), count("RML"), count("RLL"), count("LUL"), count("LLL")], [2, 3, 17, 0, 0]);
    let assessment = &shown["assessment"];
    assert_eq!(assessment["episodes"].as_array().unwrap().len(), 1);
    assert_eq!(assessment["episodes"][0]["resected"], 22);
    for (lobe, resected) in [("RUL", 2), ("RML", 3), ("RLL", 17), ("LUL", 0), ("LLL", 0)] {
        assert_eq!(assessment["lobes"][lobe]["resected"], resected, "{lobe}");
    }
    let text = program.done(&["patients", "show", SEED]);
    let lines: Vec<&str> = text.lines().collect();
    for (lobe, nodules, group) in
        [("RUL", 2, "g1  group of 2"), ("RML", 3, "g2  group of 3"), ("RLL", 17, "g3  group of 17")]
    {
        let at = lines
            .iter()
            .position(|line| line.starts_with(lobe) && line.contains(&format!("resected {nodules},")))
            .unwrap_or_else(|| panic!("{lobe} {nodules}:\n{text}"));
        assert!(lines[at + 1].contains(group), "{lobe}:\n{text}");
        assert!(lines[at + 2].contains("2020-01-01  op1  precision"), "{lobe}:\n{text}");
    }
}

fn documents_come_in_as_array_and_as_lines_and_through_standard_input_alike(program: Program) {
    let texts: Vec<String> = case_files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let lines: String =
        case_files().iter().map(|file| program.done(&["normalise", "--ndjson", file])).collect();
    let array = program.write("array.json", format!("[{}]", texts.join(",\n")));
    let ndjson = program.write("lines.ndjson", &lines);
    program.import(&[&array]).with_code(0);
    let first = program.export();
    for again in [
        program.import(&[&ndjson]),
        program.run_reading(&["import", "--by", "Dr Test", "-"], lines.as_bytes()),
    ] {
        let again = again.with_code(0);
        assert!(again.out.contains("checked: 0 new, 0 changed, 14 unchanged, 0 refused"), "{again}");
    }
    let mut exported: Vec<&str> = first.lines().collect();
    let mut wanted: Vec<&str> = lines.lines().collect();
    exported.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(exported, wanted, "an export as lines is the input as lines");
    // A pipe under a path, as a shell makes it for `<(command)`, flows by once and is needed twice.
    let other = program.beside();
    let piped = other.run_reading(&["import", "--by", "Dr Test", "/dev/stdin"], lines.as_bytes());
    assert!(piped.with_code(0).out.contains("recorded: 14 new"));
    assert_eq!(other.histories(), program.histories());
}

fn identity_stays_out_of_an_export_that_leaves_it_out(program: Program) {
    let document = r#"{"format":"lobewatch.history/1","patient":{"study_id":"P-1"},
        "identity":{"name":"Zoltan Canaryname","external_ids":[{"system":"kis","value":"CANARY-77"}]}}"#;
    program.import(&[program.write("one.json", document)]).with_code(0);
    assert!(program.export().contains("Zoltan Canaryname"));
    let without = program.done(&["export", "--without-identity"]);
    assert!(without.contains("P-1"), "{without}");
    assert!(!without.contains("Canaryname") && !without.contains("CANARY-77"), "{without}");
}

fn a_tier_that_a_clinician_chose_goes_in_is_shown_and_comes_out(program: Program) {
    let (on, until) = (days_ago(10), days_ago(10) + chrono::Days::new(300));
    let document = |reason: &str| {
        format!(
            r#"{{"format":"lobewatch.history/1","patient":{{"study_id":"P-1"}},"tier_overrides":[
            {{"on":"{on}","tier":"A","reason":"{reason}","by":"Dr Moss","until":"{until}"}},
            {{"on":"2020-01-10","tier":"S","reason":"benign course"}}]}}"#
        )
    };
    program.import(&[program.write("one.json", document("new cough"))]).with_code(0);
    let shown = program.done(&["patients", "show", "P-1"]);
    let line = format!("computed A; tier A decided by Dr Moss on {on}, until {until}: new cough");
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains("tier-override-incomplete:2020-01-10"), "{shown}");
    let exported = parsed(&program.export());
    assert_eq!(exported["tier_overrides"][0]["reason"], "new cough", "{exported}");
    let changed = program.import(&[program.write("two.json", document("cough gone"))]).with_code(0);
    assert!(changed.out.contains("tier_override 1: changed at $.reason"), "{changed}");
}
