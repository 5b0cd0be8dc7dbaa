//! Inputs that want to exhaust memory: refused, and the program stays small while it reads them.

use std::{
    fs::File,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    hostile::{GIBIBYTE, a_million_nodules, one_gibibyte},
    running::{Ended, Program, Running, days_ago, operated},
};

/// The most memory an import may ever hold.
const MOST_KIB: u64 = 200 * 1024;

on_both_databases! {
    a_million_nodules_are_refused_in_little_memory,
    a_long_import_holds_little_memory,
}

/// On one database only: reading is the same on both, and takes a while.
#[test]
fn a_gibibyte_is_refused_in_little_memory() {
    let program = Program::on_sqlite();
    let good = program.write("good.json", operated("GOOD-1", "default", days_ago(300), &[]).to_string());
    program.import(&[&good]).with_code(0);
    let before = program.export();
    let large = program.path("large.json");
    one_gibibyte(File::create(&large).unwrap()).unwrap();
    assert_eq!(large.metadata().unwrap().len(), GIBIBYTE);
    assert_too_large(&program, &large);
    assert_eq!(program.export(), before);
}

fn assert_too_large(program: &Program, path: &Path) {
    let path = path.to_str().unwrap();
    let (ended, peak) = watched(program, &["import", "--by", "Dr Test", path]);
    let ended = ended.with_code(2);
    assert!(ended.err.contains(&format!("{path}:1")), "{ended}");
    assert!(ended.err.contains("larger than") && ended.err.contains("limit"), "{ended}");
    assert!(peak < MOST_KIB, "{path}: {peak} KiB");
}

/// Runs a command to its end and watches its memory, which the kernel keeps as a high-water mark.
fn watched(program: &Program, arguments: &[&str]) -> (Ended, u64) {
    let out = File::create(program.path("watched.out")).unwrap();
    let err = File::create(program.path("watched.err")).unwrap();
    let mut command = program.command(arguments);
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(out).stderr(err));
    let began = Instant::now();
    let mut peak = 0;
    let status = loop {
        peak = running.peak_kib().map_or(peak, |now| now.max(peak));
        if let Some(status) = running.child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(240), "{arguments:?} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |name| std::fs::read_to_string(program.path(name)).unwrap();
    assert!(peak > 0, "the memory was seen");
    (Ended { code: status.code(), out: text("watched.out"), err: text("watched.err") }, peak)
}

fn a_million_nodules_are_refused_in_little_memory(program: Program) {
    let good = program.write("good.json", operated("GOOD-1", "default", days_ago(300), &[]).to_string());
    program.import(&[&good]).with_code(0);
    let before = program.export();
    let many = program.path("many.json");
    a_million_nodules(File::create(&many).unwrap()).unwrap();
    assert_too_large(&program, &many);
    // Within the limit on bytes, above that on nodules.
    let nodules: Vec<String> = (0..20_000).map(|at| format!(r#"{{"id":"n{at}","lobe":"RLL"}}"#)).collect();
    let head = r#"{"format":"lobewatch.history/1","patient":{"study_id":"MANY"},"nodules":["#;
    let many = program.write("many.json", format!("{head}{}]}}", nodules.join(",")));
    let (ended, peak) = watched(&program, &["import", "--by", "Dr Test", &many]);
    let ended = ended.with_code(2);
    assert!(ended.err.contains("$.nodules") && ended.err.contains("5000"), "{ended}");
    assert!(peak < MOST_KIB, "{peak} KiB");
    assert_eq!(program.export(), before);
}

fn a_long_import_holds_little_memory(mut program: Program) {
    // Many documents, each small: what is kept of each must not add up. Refused ones, so that reading is measured.
    let mut lines = String::new();
    for at in 0..30_000 {
        lines.push_str(&format!(
            "{{\"format\":\"lobewatch.history/1\",\"patient\":{{\"study_id\":\"P-{at}\"}},\"nodules\":[{{\"id\":\"n1\",\"lobe\":\"XLL\"}}]}}\n"
        ));
    }
    program.set("log.filter", "warn");
    let file = program.write("long.ndjson", lines);
    let (ended, peak) = watched(&program, &["import", "--by", "Dr Test", &file]);
    let ended = ended.with_code(2);
    assert!(ended.out.contains("30000 refused"), "{}", ended.out);
    assert!(peak < MOST_KIB, "{peak} KiB");
}
