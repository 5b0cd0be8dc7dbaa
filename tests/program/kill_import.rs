//! SIGKILL at random moments of imports: afterwards every patient is whole, and nothing is lost or doubled.

use std::{
    collections::BTreeMap,
    process::Stdio,
    time::{Duration, Instant},
};

use chrono::Datelike;

use crate::{
    running::{Dice, Program, Running, days_ago},
    synthetic::{calendar::Day, patient},
};

/// Kills that meet an import at work.
const KILLS: usize = 50;
const SEED: u64 = 20_261_124;
/// Patients of one import.
const PATIENTS: u64 = 50;
/// After so many kills the registry is looked at as a whole.
const LOOK_EVERY: usize = 10;

on_both_databases! {
    kill_import_at_random_moments_and_every_patient_is_whole,
    kill_import_once_and_what_it_recorded_goes_back_as_a_whole,
}

/// The cohort as lines; another `shift` gives the same people another history.
fn cohort(shift: u64) -> String {
    let on = days_ago(30 + shift);
    let day = |part: u32| i64::from(part);
    let reference = Day::new(i64::from(on.year()), day(on.month()), day(on.day()));
    (0..PATIENTS).map(|index| patient(SEED, index, reference) + "\n").collect()
}

/// Lines as the registry would write them, by study id.
fn normalised(program: &Program, file: &str) -> BTreeMap<String, String> {
    crate::running::by_study_id(&program.done(&["normalise", "--ndjson", file]))
}

/// Starts an import and kills it after `delay`. Whether it was still at work then.
fn killed_after(program: &Program, file: &str, delay: Duration) -> bool {
    let mut command = program.command(&["import", "--by", "Dr Test", file]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    std::thread::sleep(delay);
    let at_work = running.child.try_wait().unwrap().is_none();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    at_work
}

fn assert_every_patient_is_whole(program: &Program, versions: &[&BTreeMap<String, String>]) -> usize {
    let found = program.histories();
    for (study_id, line) in &found {
        let whole = versions.iter().any(|version| version.get(study_id) == Some(line));
        assert!(whole, "{study_id} is no version that was ever imported: {line}");
    }
    program.assert_database_is_sound();
    // The head of each patient is its last revision, and no revision is missing in between.
    let torn = "SELECT count(*) AS n FROM patients p WHERE p.head_seq <>
        (SELECT count(*) FROM revisions r WHERE r.patient_id = p.id) OR p.head_seq <>
        (SELECT coalesce(max(seq), 0) FROM revisions r WHERE r.patient_id = p.id)";
    assert_eq!(program.number(torn), 0, "patients whose revisions have gaps");
    let undecided = "SELECT count(*) AS n FROM patients p WHERE NOT EXISTS
        (SELECT 1 FROM assessments a WHERE a.patient_id = p.id AND a.superseded_at IS NULL
            AND a.facts_seq = p.head_seq)";
    assert_eq!(program.number(undecided), 0, "patients whose facts and decisions do not belong together");
    found.len()
}

fn kill_import_at_random_moments_and_every_patient_is_whole(mut program: Program) {
    program.set("log.filter", "warn").set("import.documents_per_transaction", "5");
    let files = [program.write("one.ndjson", cohort(0)), program.write("other.ndjson", cohort(45))];
    let versions = files.each_ref().map(|file| normalised(&program, file));
    assert!(versions[0].iter().all(|(id, line)| versions[1][id] != *line), "each document changes");

    let unkilled = program.beside();
    let began = Instant::now();
    unkilled.import(&[&files[0]]).with_code(0);
    let new_takes = began.elapsed();
    let began = Instant::now();
    unkilled.import(&[&files[1]]).with_code(0);
    let change_takes = began.elapsed();

    let mut dice = Dice::new(SEED);
    let (mut kills, mut starts, mut known) = (0, 0, 0);
    while kills < KILLS {
        assert!(
            starts < 3 * KILLS,
            "only {kills} of {starts} imports were still at work; the delays are too long"
        );
        let whole = if known < versions[0].len() { new_takes } else { change_takes };
        let delay = whole.mul_f64(dice.fraction());
        starts += 1;
        if !killed_after(&program, &files[starts % 2], delay) {
            continue;
        }
        kills += 1;
        if kills.is_multiple_of(LOOK_EVERY) {
            let now_known = assert_every_patient_is_whole(&program, &versions.each_ref());
            assert!(now_known >= known, "{now_known} patients after {known}: somebody is lost");
            known = now_known;
        }
    }

    let last = program.import(&[&files[0]]).with_code(0);
    assert_eq!(program.histories(), versions[0], "{last}");
    assert_every_patient_is_whole(&program, &versions.each_ref());
    // What holds for a registry that was never killed holds here.
    unkilled.import(&[&files[0]]).with_code(0);
    for in_force in [
        "SELECT count(*) AS n FROM patients",
        "SELECT count(*) AS n FROM assessments WHERE superseded_at IS NULL",
        "SELECT count(*) AS n FROM flags f JOIN assessments a ON a.id = f.assessment_id WHERE a.superseded_at IS NULL",
        "SELECT count(*) AS n FROM slots WHERE superseded_at IS NULL AND open",
        "SELECT count(*) AS n FROM data_tasks WHERE closed_at IS NULL",
        "SELECT count(*) AS n FROM reminders WHERE state = 'planned'",
    ] {
        assert_eq!(program.number(in_force), unkilled.number(in_force), "{in_force}");
    }
    let again = program.import(&[&files[0]]).with_code(0);
    assert!(again.out.contains(&format!("0 new, 0 changed, {PATIENTS} unchanged")), "{again}");
}

fn kill_import_once_and_what_it_recorded_goes_back_as_a_whole(mut program: Program) {
    program.set("log.filter", "warn").set("import.documents_per_transaction", "5");
    let file = program.write("one.ndjson", cohort(0));
    let mut command = program.command(&["import", "--by", "Dr Test", &file]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    // Killed once something, but not everything, is recorded.
    let began = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(20));
        if program.path("").exists() && began.elapsed() > Duration::from_millis(300) {
            let known = program.histories().len();
            if known > 0 {
                break;
            }
        }
        assert!(running.child.try_wait().unwrap().is_none(), "the import ended before it was killed");
    }
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let known = program.histories().len();
    assert!(known > 0 && known < usize::try_from(PATIENTS).unwrap(), "{known}");
    let batch = program.newest_batch();
    let listed = program.done(&["batches", "list"]);
    assert!(listed.contains("running"), "an import that never ended says so: {listed}");
    let arguments = ["batches", "rollback", &batch, "--reason", "broke off", "--by", "Dr Test"];
    let report = program.done(&arguments);
    assert!(report.contains(&format!("0 patients restored, {known} withdrawn")), "{report}");
    assert!(program.histories().is_empty());
    program.import(&[&file]).with_code(0);
    assert_eq!(program.histories(), normalised(&program, &file));
}
