//! SIGKILL at random moments of the nightly run: no row is lost or doubled, and each clinic gets its one digest a day.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    time::{Duration, Instant},
};

use chrono::{Datelike, Days, NaiveDate};
use serde_json::json;

use crate::{
    running::{Dice, Program, Running, days_ago, today},
    smtp::{Mode, Relay},
    synthetic::{calendar::Day, patient},
};

const SEED: u64 = 4_711;
const PATIENTS: u64 = 80;
/// Civil days that are planned for, each with its kills and then one run that is left alone.
const NIGHTS: u64 = 5;
/// Kills that meet a run at work.
const KILLS_A_NIGHT: usize = 10;
const CLINICS: [&str; 4] = ["default", "east", "north", "west"];

on_both_databases! {
    kill_sweep_at_random_moments_and_nobody_is_lost_and_no_digest_is_doubled,
}

/// The cohort, its people spread over the clinics. Last seen half a year ago, so that much is due.
fn cohort() -> String {
    let on = days_ago(200);
    let reference = Day::new(i64::from(on.year()), i64::from(on.month()), i64::from(on.day()));
    let mut lines = String::new();
    for index in 0..PATIENTS {
        let clinic = CLINICS[usize::try_from(index).unwrap() % CLINICS.len()];
        let own = format!(r#""clinic":"{clinic}""#);
        lines.push_str(&patient(SEED, index, reference).replace(r#""clinic":"default""#, &own));
        lines.push('\n');
    }
    lines
}

fn arguments(night: NaiveDate) -> [String; 3] {
    ["sweep".to_owned(), "--as-of".to_owned(), night.to_string()]
}

/// Everything that a night leaves behind, without ids and instants.
const ROWS: [&str; 6] = [
    "SELECT count(*) AS n FROM assessments WHERE superseded_at IS NULL",
    "SELECT count(*) AS n FROM slots WHERE superseded_at IS NULL",
    "SELECT count(*) AS n FROM slots WHERE superseded_at IS NULL AND open",
    "SELECT count(*) AS n FROM data_tasks WHERE closed_at IS NULL",
    "SELECT count(*) AS n FROM reminders WHERE state IN ('planned', 'sent')",
    "SELECT count(*) AS n FROM mails",
];

fn kill_sweep_at_random_moments_and_nobody_is_lost_and_no_digest_is_doubled(mut program: Program) {
    let relay = Relay::start(Mode::Plain);
    let quiet_relay = Relay::start(Mode::Plain);
    program.mails_to(&relay, Mode::Plain).set("log.filter", "error");
    for clinic in CLINICS {
        program.clinic(clinic);
    }
    let file = program.write("cohort.ndjson", cohort());
    program.import(&[&file]).with_code(0);
    let facts = program.export();
    let mut unkilled = program.beside();
    unkilled.mails_to(&quiet_relay, Mode::Plain);
    unkilled.import(&[&file]).with_code(0);

    let mut dice = Dice::new(SEED);
    let mut mails = 0;
    for night in 0..NIGHTS {
        // A month apart, so that each night has something to plan anew. In the time to come, because a digest never
        // speaks of a day that is over.
        let day = today() + Days::new(1 + 30 * night);
        let began = Instant::now();
        unkilled.done(&arguments(day));
        let mut takes = began.elapsed();
        let (mut kills, mut starts) = (0, 0);
        while kills < KILLS_A_NIGHT {
            assert!(starts < 5 * KILLS_A_NIGHT, "only {kills} of {starts} runs were still at work");
            starts += 1;
            let mut command = program.command(&arguments(day));
            let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
            std::thread::sleep(takes.mul_f64(dice.fraction()));
            kills += usize::from(running.child.try_wait().unwrap().is_none());
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            // Each start meets less work, so the moments follow what is left of it.
            if starts.is_multiple_of(5) {
                takes = takes.mul_f64(0.7);
            }
        }
        complete(&program, &relay, day, mails);
        check_mails(&relay, day, mails);
        mails = relay.taken().len();
        for rows in ROWS {
            assert_eq!(program.number(rows), unkilled.number(rows), "night {night}: {rows}");
        }
        let rows = |from: &Program| {
            from.patients()
                .iter()
                .map(|row| (row["study_id"].to_string(), row.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(rows(&program), rows(&unkilled), "night {night}");
        program.assert_database_is_sound();
    }
    assert_eq!(program.export(), facts, "a run changes no fact");
    let doubled = "SELECT count(*) AS n FROM
        (SELECT clinic FROM mails GROUP BY clinic, local_date HAVING count(*) > 1) doubled";
    assert_eq!(program.number(doubled), 0);
    let unsettled = "SELECT count(*) AS n FROM mails WHERE state NOT IN ('sent', 'cancelled')";
    assert_eq!(program.number(unsettled), 0, "every mail has an end");
}

/// Runs the night until each clinic's digest has arrived. A mail that a killed run had taken up is free again when its
/// lease of ten seconds ends.
fn complete(program: &Program, relay: &Relay, day: NaiveDate, before: usize) {
    let began = Instant::now();
    loop {
        let report = program.done(&arguments(day));
        assert!(report.contains("every followed patient has"), "{report}");
        let waiting =
            "SELECT count(*) AS n FROM mails WHERE state IN ('planned', 'claimed', 'failed', 'unknown')";
        if program.number(waiting) == 0 {
            return;
        }
        let arrived = relay.taken().len() - before;
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "{arrived} mails arrived; the rest never does: {report}"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// One digest a clinic and day: under one Message-ID, however often it had to be sent.
fn check_mails(relay: &Relay, day: NaiveDate, before: usize) {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
    for mail in &relay.taken()[before..] {
        assert!(mail.text.contains(&day.to_string()), "{}", mail.text);
        let id = mail.header("message-id").to_owned();
        *accepted.entry(id.clone()).or_default() += 1;
        ids.entry(mail.envelope_to[0].clone()).or_default().insert(id);
    }
    assert_eq!(ids.len(), CLINICS.len(), "each clinic hears: {}", json!(ids));
    for (clinic, ids) in &ids {
        assert_eq!(ids.len(), 1, "{clinic} got different digests of {day}: {ids:?}");
    }
    for (id, times) in &accepted {
        assert!(*times <= 1 + KILLS_A_NIGHT, "{id} was accepted {times} times");
    }
    // A copy too many comes only of a kill between the server's answer and its record: with luck none, never many.
    let copies: usize = accepted.values().map(|times| times - 1).sum();
    assert!(copies <= KILLS_A_NIGHT, "{copies} copies too many after {KILLS_A_NIGHT} kills");
}
