//! What changes becomes a revision, what was known stays readable, and a batch goes back as a whole.

use std::time::Duration;

use serde_json::json;

use crate::running::{Ended, Program, case, case_files, days_ago, now, operated, parsed};

on_both_databases! {
    a_changed_document_becomes_a_revision_and_the_past_stays_readable,
    rolling_back_a_change_brings_the_old_bytes_back,
    rolling_back_the_first_import_withdraws_the_patients,
    a_patient_changed_since_is_not_rolled_back_behind_anybodys_back,
    a_withdrawn_patient_comes_back_with_the_next_import,
    every_revision_says_who_and_why,
    what_is_odd_but_possible_goes_in_with_a_warning_and_an_open_task,
}

const ID: &str = "sigmoid-ca-lll-nodule-4-9-13mm";

fn original(program: &Program) -> String {
    program.write("original.json", case(ID).to_string())
}

/// The case with another sex and a later last contact.
fn changed(program: &Program) -> String {
    let mut document = case(ID);
    document["patient"]["sex"] = json!("other");
    document["follow_up"]["last_contact_on"] = json!("2023-06-01");
    program.write("changed.json", document.to_string())
}

/// The present instant to the second, after a pause that keeps it apart from its neighbours.
fn an_instant_between() -> String {
    std::thread::sleep(Duration::from_millis(1100));
    let between = now();
    std::thread::sleep(Duration::from_millis(1100));
    between.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn rolled_back(program: &Program, batch: &str, more: &[&str]) -> Ended {
    let mut arguments = vec!["batches", "rollback", batch, "--reason", "wrong file", "--by", "Dr Test"];
    arguments.extend(more);
    program.run(&arguments)
}

fn a_changed_document_becomes_a_revision_and_the_past_stays_readable(program: Program) {
    let original = original(&program);
    program.import(&[&original]).with_code(0);
    let old = program.done(&["export", ID]);
    let between = an_instant_between();
    let imported = program.import(&[&changed(&program)]).with_code(0);
    assert!(imported.out.contains("checked: 0 new, 1 changed, 0 unchanged, 0 refused"), "{imported}");
    assert!(imported.out.contains(&format!("changed    {ID}  2 facts")), "{imported}");
    for path in ["patient", "sex", "follow_up", "last_contact_on"] {
        assert!(imported.out.contains(path), "{path}: {imported}");
    }
    let new = program.done(&["export", ID]);
    assert_ne!(new, old);
    assert!(new.contains(r#""sex":"other""#) && new.contains("2023-06-01"), "{new}");
    assert_eq!(program.done(&["export", ID, "--as-of", &between]), old);
    assert_eq!(program.done(&["export", "--as-of", &between]), old, "the whole registry as of then");
    assert_eq!(program.patients().len(), 1, "a revision, not a second patient");
    assert_eq!(program.number("SELECT count(*) AS n FROM revisions"), 2);
    let never = program.run(&["export", ID, "--as-of", "2001-01-01"]).with_code(2);
    assert!(never.err.contains(ID), "{never}");
    assert_eq!(program.done(&["export", "--as-of", "2001-01-01"]), "", "nobody was known then");
}

fn rolling_back_a_change_brings_the_old_bytes_back(program: Program) {
    program.import(&case_files()).with_code(0);
    let before = program.export();
    let assessed = program.patients();
    program.import(&[&changed(&program)]).with_code(0);
    let batch = program.newest_batch();
    let report = rolled_back(&program, &batch, &[]).with_code(0);
    assert!(report.out.contains("1 patients restored, 0 withdrawn"), "{report}");
    assert_eq!(program.export(), before);
    assert_eq!(program.patients(), assessed, "decisions follow the facts");
    assert_eq!(program.number("SELECT count(*) AS n FROM revisions"), 16, "nothing is deleted");
    let again = rolled_back(&program, &batch, &[]).with_code(2);
    assert!(again.err.contains("rolled back already"), "{again}");
    assert!(program.done(&["batches", "list"]).contains("rolled_back"));
}

fn rolling_back_the_first_import_withdraws_the_patients(program: Program) {
    program.import(&case_files()).with_code(0);
    let before = program.export();
    let between = an_instant_between();
    let report = rolled_back(&program, &program.newest_batch(), &[]).with_code(0);
    assert!(report.out.contains("0 patients restored, 14 withdrawn"), "{report}");
    assert_eq!(program.export(), "");
    assert!(program.patients().is_empty());
    assert_eq!(program.done(&["export", "--as-of", &between]), before, "what was known stays readable");
    assert_eq!(program.number("SELECT count(*) AS n FROM reminders WHERE state = 'planned'"), 0);
    assert_eq!(program.number("SELECT count(*) AS n FROM data_tasks WHERE closed_at IS NULL"), 0);
    let sweep = program.run(&["sweep", "--no-send"]).with_code(0);
    assert!(sweep.out.contains("0 looked at"), "{sweep}");
}

fn a_patient_changed_since_is_not_rolled_back_behind_anybodys_back(program: Program) {
    program.import(&case_files()).with_code(0);
    let first = program.newest_batch();
    program.import(&[&changed(&program)]).with_code(0);
    let before = program.export();
    let refused = rolled_back(&program, &first, &[]).with_code(2);
    assert!(refused.err.contains(ID) && refused.err.contains("--skip-changed"), "{refused}");
    assert_eq!(program.export(), before, "all or nothing");
    let skipped = rolled_back(&program, &first, &["--skip-changed"]).with_code(0);
    assert!(skipped.out.contains("0 patients restored, 13 withdrawn"), "{skipped}");
    assert!(skipped.err.contains(ID), "{skipped}");
    assert!(skipped.out.contains("not marked as rolled back") && skipped.out.contains("repeat"), "{skipped}");
    assert!(program.done(&["batches", "list"]).contains("committed"), "something of it is left");
    assert_eq!(program.histories().into_keys().collect::<Vec<_>>(), [ID]);
    let nobody = rolled_back(&program, "018f0000-0000-7000-8000-000000000000", &[]).with_code(2);
    assert!(nobody.err.contains("batches list"), "{nobody}");
}

fn a_withdrawn_patient_comes_back_with_the_next_import(program: Program) {
    let original = original(&program);
    program.import(&[&original]).with_code(0);
    let before = program.export();
    rolled_back(&program, &program.newest_batch(), &[]).with_code(0);
    assert_eq!(program.export(), "");
    let imported = program.import(&[&original]).with_code(0);
    assert!(imported.out.contains("recorded: 1 new"), "{imported}");
    assert_eq!(program.export(), before);
    assert_eq!(program.patients().len(), 1);
}

fn every_revision_says_who_and_why(program: Program) {
    let original = original(&program);
    let nobody = program.run(&["import", &original]).with_code(2);
    assert!(nobody.err.contains("--by NAME"), "{nobody}");
    let blank = program.run(&["import", "--by", "  ", &original]).with_code(2);
    assert!(blank.err.contains("--by NAME"), "{blank}");
    program.run(&["import", "--by", "Dr Known", "--reason", "referral letter", &original]).with_code(0);
    let named =
        "SELECT count(*) AS n FROM revisions WHERE recorded_by = 'Dr Known' AND reason = 'referral letter'";
    assert_eq!(program.number(named), 1);
    assert!(program.done(&["batches", "list"]).contains("by Dr Known  1 new"));
    let mut signed_in = program.command(&["import", &changed(&program)]);
    let ended = Ended::of(signed_in.env("USER", "ward-account").output().unwrap()).with_code(0);
    assert!(ended.out.contains("recorded: 0 new, 1 changed"), "{ended}");
    let by_account = "SELECT count(*) AS n FROM revisions WHERE recorded_by = 'ward-account'";
    assert_eq!(program.number(by_account), 1, "the signed-in user stands in for --by");
    let shown = parsed(&program.done(&["patients", "show", ID, "--json"]));
    assert_eq!(shown["history"]["patient"]["sex"], "other");
}

fn what_is_odd_but_possible_goes_in_with_a_warning_and_an_open_task(program: Program) {
    let mut odd = operated("ODD-1", "default", days_ago(300), &[days_ago(200)]);
    odd["operations"][0]["resections"][0]["extent"] = json!("lobectomy");
    odd["imaging"][1]["lobes"]["RLL"] = json!("nodules");
    odd["nodules"].as_array_mut().unwrap().push(json!({"id": "n2", "lobe": "RLL", "origin": "imaging"}));
    odd["imaging"][1]["findings"] = json!([{"nodule": "n2", "status": "new", "long_mm": 5.0}]);
    odd["follow_up"] = json!({"vital_status": "dead", "died_on": days_ago(250)});
    let imported = program.import(&[program.write("odd.json", odd.to_string())]).with_code(0);
    assert!(imported.out.contains("warning: "), "{imported}");
    let shown = parsed(&program.done(&["patients", "show", "ODD-1", "--json"]));
    let tasks = shown["assessment"]["data_tasks"].as_array().unwrap();
    let open = program.number("SELECT count(*) AS n FROM data_tasks WHERE closed_at IS NULL");
    assert!(usize::try_from(open).unwrap() >= tasks.len(), "{open} open: {tasks:?}");
    for about in ["event-after-death:ct1", "nodule-in-removed-lobe:n2"] {
        assert!(tasks.iter().any(|task| task["id"] == about), "no task `{about}`: {tasks:?}");
    }
}
