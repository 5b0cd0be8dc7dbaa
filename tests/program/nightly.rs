//! The nightly run by hand: nobody is lost, and one mail a day goes to each clinic, with its own rows only.

use std::collections::{BTreeMap, BTreeSet};

use lobewatch::app::demo::cases::moved_to;
use serde_json::{Value, json};

use crate::{
    running::{Program, days_ago, operated, parsed, today},
    smtp::{Mode, Relay, Taken},
};

on_both_databases! {
    every_living_followed_patient_has_a_next_scan_or_an_open_task,
    one_digest_a_day_reaches_each_clinic_over_starttls_and_a_second_run_sends_nothing,
    a_mail_that_cannot_leave_waits_under_its_message_id,
    a_clinic_without_recipient_is_named_and_its_patients_keep_an_open_task,
    a_run_for_another_day_says_so_and_is_no_night,
}

/// The published cases, moved so that their last contact lies in the recent past.
fn import_moved_cases(program: &Program) -> BTreeMap<String, Value> {
    let lines = moved_to(today()).unwrap();
    let file = program.write("moved.ndjson", &lines);
    program.import(&[&file]).with_code(0);
    let documents = lines.lines().map(parsed);
    documents.map(|it| (it["patient"]["study_id"].as_str().unwrap().to_owned(), it)).collect()
}

fn sweep(program: &Program) -> String {
    program.done(&["sweep", "--as-of", &today().to_string()])
}

fn every_living_followed_patient_has_a_next_scan_or_an_open_task(mut program: Program) {
    program.clinic("default");
    let documents = import_moved_cases(&program);
    let report = sweep(&program);
    assert!(report.contains("patients: 14 looked at"), "{report}");
    assert!(
        report.contains("every followed patient has a next CT, an open task or a recorded end"),
        "{report}"
    );
    let rows = program.patients();
    assert_eq!(rows.len(), documents.len());
    let mut followed = 0;
    for row in &rows {
        let study_id = row["study_id"].as_str().unwrap();
        let follow_up = &documents[study_id]["follow_up"];
        let dead = follow_up["vital_status"] == "dead" || follow_up["died_on"].is_string();
        assert_eq!(row["assessed_for"], json!(today()), "{row}");
        assert!(matches!(row["tier"].as_str(), Some("A" | "H" | "S" | "L")), "{row}");
        if dead || follow_up["ended"]["by"].is_string() {
            continue;
        }
        followed += 1;
        assert_ne!(row["plan"], "ended", "nobody recorded an end: {row}");
        let shown = parsed(&program.done(&["patients", "show", study_id, "--json"]));
        let tasks = shown["assessment"]["data_tasks"].as_array().unwrap();
        let reasons = tasks.iter().all(|task| task["reason"].as_str().is_some_and(|why| !why.is_empty()));
        assert!(row["next_due_on"].is_string() || (!tasks.is_empty() && reasons), "lost: {row}");
    }
    assert!(followed >= 7, "{followed} of the published patients live and are followed");
    assert!(report.contains(&format!("{followed} followed")), "{followed}: {report}");
    let again = sweep(&program);
    assert!(again.contains("14 looked at") && again.contains(" 0 with changes"), "{again}");
    program.assert_database_is_sound();
}

/// Rows of a digest: the study ids that stand in its text.
fn rows(mail: &Taken, everybody: &BTreeSet<String>) -> BTreeSet<String> {
    let holds = |id: &&String| {
        let rows = mail.text.split_whitespace().filter(|word| word == id).count();
        assert!(rows <= 1, "{id} comes twice:\n{}", mail.text);
        assert_eq!(mail.html.contains(id.as_str()), rows == 1, "text and HTML differ on {id}");
        rows == 1
    };
    everybody.iter().filter(holds).cloned().collect()
}

fn one_digest_a_day_reaches_each_clinic_over_starttls_and_a_second_run_sends_nothing(mut program: Program) {
    let relay = Relay::start(Mode::StartTls);
    program.mails_to(&relay, Mode::StartTls);
    for clinic in ["default", "north", "quiet", "south"] {
        program.clinic(clinic);
    }
    import_moved_cases(&program);
    let mut documents = Vec::new();
    for (clinic, count) in [("north", 3_u64), ("south", 2)] {
        // Operated on long ago and not scanned since: each is late.
        documents.extend((0..count).map(|at| {
            operated(&format!("{clinic}-{at}"), clinic, days_ago(500 + 40 * at), &[days_ago(400)])
        }));
    }
    // Scanned last week after an operation of a month and a half ago: nothing is due for a while.
    documents.push(operated("quiet-0", "quiet", days_ago(50), &[days_ago(6)]));
    let file = program.write("clinics.json", json!(documents).to_string());
    program.import(&[&file]).with_code(0);
    let everybody: BTreeSet<String> = program.histories().into_keys().collect();
    assert_eq!(everybody.len(), 20);

    let report = sweep(&program);
    assert!(report.contains("digests written down: 4"), "{report}");
    assert!(report.contains("mails: 4 sent, 0 to be tried again, 0 failed"), "{report}");
    let mails = relay.taken();
    let by_clinic: BTreeMap<&str, &Taken> =
        mails.iter().map(|mail| (mail.envelope_to[0].split('@').next().unwrap(), mail)).collect();
    assert_eq!(by_clinic.keys().copied().collect::<Vec<_>>(), ["default", "north", "quiet", "south"]);
    assert_eq!(mails.len(), 4, "one a clinic");
    let distinct: BTreeSet<&str> = mails.iter().map(|mail| mail.header("message-id")).collect();
    assert_eq!(distinct.len(), 4);
    let of = |row: &Value| (row["study_id"].as_str().unwrap().to_owned(), row["clinic"].clone());
    let clinic_of: BTreeMap<String, Value> = program.patients().iter().map(of).collect();
    for (clinic, mail) in &by_clinic {
        assert!(mail.encrypted && mail.signed_in, "{clinic}");
        assert_eq!(mail.envelope_to.len(), 1);
        assert!(mail.header("subject").ends_with(&format!("Clinic {clinic}")), "{}", mail.header("subject"));
        let rows = rows(mail, &everybody);
        let strangers: Vec<_> = rows.iter().filter(|id| clinic_of[*id] != **clinic).collect();
        assert!(strangers.is_empty(), "{clinic} reads of {strangers:?}");
        let expected = match *clinic {
            "north" => 3,
            "south" => 2,
            "quiet" => 0,
            _ => rows.len().max(1),
        };
        assert_eq!(rows.len(), expected, "{clinic}:\n{}", mail.text);
        assert_eq!(mail.text.contains("Nothing is due."), rows.is_empty(), "{clinic}:\n{}", mail.text);
    }

    let again = sweep(&program);
    assert!(again.contains("digests written down: 0"), "{again}");
    assert!(again.contains("mails: 0 sent, 0 to be tried again"), "{again}");
    assert_eq!(relay.taken().len(), 4, "a second run on the same day sends nothing");
}

fn a_mail_that_cannot_leave_waits_under_its_message_id(mut program: Program) {
    let relay = Relay::start(Mode::Plain);
    program.mails_to(&relay, Mode::Plain);
    import_moved_cases(&program);
    relay.control(&json!({"rcpt": "450 4.2.1 busy"}));
    let report = sweep(&program);
    assert!(report.contains("digests written down: 1"), "{report}");
    assert!(report.contains("mails: 0 sent, 1 to be tried again, 0 failed"), "{report}");
    relay.behave();
    let waiting = "SELECT count(*) AS n FROM mails WHERE state = 'failed' AND next_attempt_at IS NOT NULL";
    assert_eq!(program.number(waiting), 1);
    let again = sweep(&program);
    assert!(again.contains("digests written down: 0"), "the row that waits is the row of the day: {again}");
    assert_eq!(program.number("SELECT count(*) AS n FROM mails"), 1);
    let unsent = "SELECT count(*) AS n FROM reminders WHERE state = 'sent'";
    assert_eq!(program.number(unsent), 0, "nothing counts as sent before the server took it");
}

fn a_clinic_without_recipient_is_named_and_its_patients_keep_an_open_task(program: Program) {
    let file = program.write("one.json", operated("P-1", "forgotten", days_ago(500), &[]).to_string());
    program.import(&[&file]).with_code(0);
    let ended = program.run(&["sweep", "--as-of", &today().to_string()]).with_code(0);
    assert!(ended.err.contains("clinic `forgotten` has nobody to send to"), "{ended}");
    assert!(ended.err.contains("clinics.forgotten.coordinator_email"), "{ended}");
    let tasks = "SELECT count(*) AS n FROM data_tasks WHERE closed_at IS NULL AND task_key = 'clinic-without-recipient'";
    assert_eq!(program.number(tasks), 1);
    let doctor = program.run(&["doctor"]).with_code(1);
    assert!(doctor.out.contains("problem  clinic: forgotten has patients and nobody receives"), "{doctor}");
}

fn a_run_for_another_day_says_so_and_is_no_night(mut program: Program) {
    program.clinic("default");
    let file = program.write("one.json", operated("P-1", "default", days_ago(500), &[]).to_string());
    program.import(&[&file]).with_code(0);
    let tomorrow = today().succ_opt().unwrap().to_string();
    let other = program.run(&["sweep", "--no-send", "--as-of", &tomorrow]).with_code(0);
    assert!(other.err.contains(&format!("{tomorrow} is not today")), "{other}");
    assert!(other.err.contains("the next nightly run plans for today again"), "{other}");
    let doctor = program.run(&["doctor"]).with_code(0);
    assert!(doctor.out.contains("nightly run: there was none yet"), "{doctor}");

    let night = program.run(&["sweep", "--no-send"]).with_code(0);
    assert!(!night.err.contains("is not today"), "{night}");
    let doctor = program.run(&["doctor"]).with_code(0);
    assert!(doctor.out.contains("ok       nightly run: complete"), "{doctor}");

    program.execute("DELETE FROM data_tasks");
    program.execute("DELETE FROM slots");
    let doctor = program.run(&["doctor"]).with_code(1);
    assert!(doctor.out.contains("problem  unaccounted: nothing is planned for P-1"), "{doctor}");
    assert!(doctor.out.contains("problem  nightly run: left somebody unaccounted for"), "{doctor}");
}
