//! Bad input through the binary: refused with place and remedy, exit code 2, and nothing changed.

use serde_json::{Value, json};

use crate::running::{Program, case_files, days_ago, operated};

on_both_databases! {
    every_kind_of_bad_file_is_refused_with_place_and_remedy_and_changes_nothing,
    the_good_documents_among_bad_ones_go_in,
    a_study_id_comes_once_in_an_import_whatever_the_files,
    all_or_nothing_and_dry_run_record_nothing,
}

/// One bad input: its bytes, and what the message has to hold.
struct Bad {
    name: &'static str,
    bytes: Vec<u8>,
    says: &'static [&'static str],
}

fn bad(name: &'static str, bytes: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Bad {
    Bad { name, bytes: bytes.into(), says }
}

/// A sound document with one thing changed.
fn broken(change: impl FnOnce(&mut Value)) -> String {
    let mut document = operated("BAD-1", "default", days_ago(300), &[days_ago(200)]);
    change(&mut document);
    serde_json::to_string_pretty(&document).unwrap()
}

fn table() -> Vec<Bad> {
    let sound = broken(|_| {});
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(sound.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin1 = broken(|it| it["primary"]["histology"] = json!("XX")).into_bytes();
    let at = latin1.windows(2).position(|pair| pair == b"XX").unwrap();
    let latin1 = [&latin1[..at], &[0xe4], &latin1[at + 2..]].concat();
    let nul = broken(|it| it["primary"]["histology"] = json!("XX")).replace("XX", "a\0b");
    let deep = format!(
        r#"{{"format":"lobewatch.history/1","patient":{{"study_id":"BAD-1"}},"nodules":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    vec![
        bad("cut off", &sound[..sound.len() / 2], &["line", "$"]),
        bad(
            "wrong lobe",
            broken(|it| it["nodules"][0]["lobe"] = json!("XLL")),
            &["$.nodules[0].lobe", "XLL", "RLL"],
        ),
        bad(
            "31 February",
            broken(|it| it["operations"][0]["on"] = json!("2021-02-31")),
            &["$.operations[0].on", "2021-02-31"],
        ),
        bad("NUL", nul, &["NUL", "remove"]),
        bad(
            "doubled nodule id",
            broken(|it| {
                let twin = it["nodules"][0].clone();
                it["nodules"].as_array_mut().unwrap().push(twin);
            }),
            &["$.nodules[1].id", "n1"],
        ),
        bad(
            "doubled operation id",
            broken(|it| {
                let twin = it["operations"][0].clone();
                it["operations"].as_array_mut().unwrap().push(twin);
            }),
            &["$.operations[1].id", "op1"],
        ),
        bad(
            "unknown nodule",
            broken(|it| it["operations"][0]["resections"][0]["nodule"] = json!("n9")),
            &["$.operations[0].resections[0].nodule", "n9"],
        ),
        bad(
            "unknown key",
            broken(|it| it["patient"]["study"] = json!("x")),
            &["$.patient.study", "study_id"],
        ),
        bad(
            "wrong type",
            broken(|it| it["imaging"][0]["slice_mm"] = json!("thin")),
            &["$.imaging[0].slice_mm"],
        ),
        bad(
            "negative size",
            broken(|it| it["imaging"][0]["findings"][0]["long_mm"] = json!(-3)),
            &["$.imaging[0].findings[0].long_mm", "-3"],
        ),
        bad("no study id", broken(|it| it["patient"] = json!({"sex": "male"})), &["$.patient", "study_id"]),
        bad(
            "wrong format",
            broken(|it| it["format"] = json!("lobewatch.history/9")),
            &["$.format", "lobewatch.history/1"],
        ),
        bad(
            "a doubled key",
            r#"{"format":"lobewatch.history/1","patient":{"study_id":"BAD-1","study_id":"BAD-2"}}"#,
            &["study_id"],
        ),
        bad("nested too deep", deep, &["nested", "levels"]),
        bad("Latin-1", latin1, &["UTF-8"]),
        bad("UTF-16", utf16, &["UTF-16", "UTF-8"]),
        bad("empty", "", &["empty"]),
        bad("only blanks", " \n\n ", &["empty"]),
        bad("no JSON", "study_id;lobe\nP-1;RLL\n", &["line 1"]),
        bad("a list of numbers", "[1, 2, 3]", &["line 1"]),
        bad("compressed", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], &["unpack"]),
    ]
}

fn every_kind_of_bad_file_is_refused_with_place_and_remedy_and_changes_nothing(program: Program) {
    let good = program.write("good.json", operated("GOOD-1", "default", days_ago(300), &[]).to_string());
    program.import(&[&good]).with_code(0);
    let (before, batches) = (program.export(), program.done(&["batches", "list"]));
    let mut wrong = Vec::new();
    for Bad { name, bytes, says } in table() {
        let file = program.write("bad.json", bytes);
        let ended = program.import(&[&file]);
        let missing: Vec<_> = says.iter().filter(|word| !ended.err.contains(**word)).collect();
        if ended.code != Some(2) || !ended.err.contains("bad.json") || !missing.is_empty() {
            wrong.push(format!("{name}: lacks {missing:?}\n{ended}"));
        }
        if ended.err.contains("panicked") || ended.out.contains("recorded:") {
            wrong.push(format!("{name}: {ended}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let gone = program.path("no-such-file.json").display().to_string();
    let folder = program.path("").display().to_string();
    for (path, says) in [(&gone, "check the path"), (&folder, "folder")] {
        let ended = program.import(&[path, &good]).with_code(2);
        assert!(ended.err.contains(says), "{ended}");
    }
    assert_eq!(program.export(), before, "nothing changed");
    assert_eq!(program.done(&["batches", "list"]), batches, "no batch was opened");
}

fn the_good_documents_among_bad_ones_go_in(program: Program) {
    let one = |id: &str| operated(id, "default", days_ago(300), &[]);
    let mut wrong = one("BAD-1");
    wrong["nodules"][0]["lobe"] = json!("XLL");
    let lines = format!("{}\n{}\n{{\"format\":\n{}\n", one("GOOD-1"), wrong, one("GOOD-2"));
    let lines = program.write("mixed.ndjson", lines);
    let ended = program.import(&[&lines]).with_code(2);
    assert!(ended.out.contains("recorded: 2 new, 0 changed, 0 unchanged, 2 refused"), "{ended}");
    assert!(
        ended.err.contains("mixed.ndjson:2  BAD-1") && ended.err.contains("$.nodules[0].lobe"),
        "{ended}"
    );
    assert!(ended.err.contains("line 3") || ended.err.contains("line 4"), "{ended}");
    let array = program.write("mixed.json", json!([one("GOOD-3"), wrong, one("GOOD-4")]).to_string());
    let mut files = case_files();
    files.push(array);
    let ended = program.import(&files).with_code(2);
    assert!(ended.out.contains("recorded: 16 new, 0 changed, 0 unchanged, 1 refused"), "{ended}");
    let known = program.histories();
    assert!((1..=4).all(|at| known.contains_key(&format!("GOOD-{at}"))), "{:?}", known.keys());
    assert_eq!(known.len(), 18);
}

fn a_study_id_comes_once_in_an_import_whatever_the_files(program: Program) {
    let first = operated("P-1", "default", days_ago(300), &[]);
    let second = operated("P-1", "default", days_ago(200), &[]);
    let one = program.write("one.json", first.to_string());
    let other = program.write("other.json", second.to_string());
    let ended = program.import(&[&one, &other]).with_code(2);
    assert!(ended.err.contains("other.json:1  P-1") && ended.err.contains("$.patient.study_id"), "{ended}");
    assert!(ended.err.contains("keep one document of each patient"), "{ended}");
    let kept = program.histories();
    let alone = program.beside();
    alone.import(&[&one]).with_code(0);
    assert_eq!(kept, alone.histories(), "the first one holds");
}

fn all_or_nothing_and_dry_run_record_nothing(program: Program) {
    program
        .import(&[program.write("old.json", operated("OLD-1", "default", days_ago(300), &[]).to_string())])
        .with_code(0);
    let (before, batches) = (program.export(), program.done(&["batches", "list"]));
    let mut wrong = operated("BAD-1", "default", days_ago(300), &[]);
    wrong["nodules"][0]["lobe"] = json!("XLL");
    let good = operated("GOOD-1", "default", days_ago(300), &[]);
    let changed = operated("OLD-1", "default", days_ago(290), &[]);
    let mixed = program.write("mixed.json", json!([good, wrong, changed]).to_string());
    let sound = program.write("sound.json", json!([good, changed]).to_string());
    let refused = program.import(&[&mixed, "--all-or-nothing"]).with_code(2);
    assert!(refused.out.contains("nothing was recorded"), "{refused}");
    assert!(refused.out.contains("checked: 1 new, 1 changed, 0 unchanged, 1 refused"), "{refused}");
    let dry = program.import(&[&sound, "--dry-run"]).with_code(0);
    assert!(dry.out.contains("checked: 1 new, 1 changed, 0 unchanged, 0 refused"), "{dry}");
    assert!(dry.out.contains("dry run: nothing was recorded"), "{dry}");
    program.import(&[&mixed, "--dry-run"]).with_code(2);
    assert_eq!(program.export(), before);
    assert_eq!(program.done(&["batches", "list"]), batches);
    program.import(&[&sound, "--all-or-nothing"]).with_code(0);
    assert_eq!(program.histories().len(), 2);
}
