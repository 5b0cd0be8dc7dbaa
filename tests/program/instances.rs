//! Several instances on one PostgreSQL: they share the mails and the night, and one that is killed loses nothing.
//!
//! `LOBEWATCH_TEST_REMINDERS` sets how many mails there are: docs/reliability.md names the full run.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    running::{Program, Running, days_ago, on_postgres, operated},
    smtp::{Mode, Relay},
};

/// Mails that one instance may have under way when it is killed: `mail.senders`.
const SENDERS: usize = 4;
const UNSETTLED: &str =
    "SELECT count(*) AS n FROM mails WHERE state IN ('planned', 'claimed', 'failed', 'unknown')";

fn reminders() -> usize {
    std::env::var("LOBEWATCH_TEST_REMINDERS").map_or(300, |number| number.parse().unwrap())
}

/// One patient in each of so many clinics. The clinics stand in a file: an environment has no room for all.
fn with_clinics(program: &mut Program, relay: &Relay, clinics: usize) -> String {
    program.mails_to(relay, Mode::Plain).set("mail.senders", &SENDERS.to_string());
    program.set("schedule.deliver_every_seconds", "1").set("service.listen", "127.0.0.1:0");
    program.set("log.filter", "error");
    let (mut settings, mut histories) = (String::new(), String::new());
    for clinic in 0..clinics {
        let slug = format!("clinic-{clinic}");
        writeln!(
            settings,
            "[clinics.{slug}]\nname = \"{slug}\"\ntime_zone = \"Europe/Rome\"\ndigest_hour = 0\nlanguage = \"en\"\n\
             coordinator_email = \"{slug}@clinic.example\""
        )
        .unwrap();
        let history = operated(&format!("P-{clinic}"), &slug, days_ago(500), &[days_ago(400)]);
        writeln!(histories, "{history}").unwrap();
    }
    let config = program.write("clinics.toml", settings);
    let file = program.write("cohort.ndjson", histories);
    program.run(&["--config", &config, "import", "--by", "Dr Test", &file]).with_code(0);
    config
}

fn serve(program: &Program, config: &str) -> Running {
    let mut command = program.command(&["--config", config, "serve"]);
    Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

#[track_caller]
fn wait_until(most: Duration, what: &str, reached: impl Fn() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < most, "{what}: not within {most:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn of_two_instances_one_is_killed_and_every_mail_is_taken_once() {
    on_postgres(|mut program| {
        let wanted = reminders();
        let relay = Relay::start(Mode::Plain);
        let config = with_clinics(&mut program, &relay, wanted);
        program.run(&["--config", &config, "sweep", "--no-send"]).with_code(0);
        assert_eq!(program.number(UNSETTLED), i64::try_from(wanted).unwrap());
        let mut killed = serve(&program, &config);
        let survivor = serve(&program, &config);
        let most = Duration::from_secs(120 + u64::try_from(wanted).unwrap() / 10);
        let left = i64::try_from(wanted - wanted / 4).unwrap();
        wait_until(most, "a quarter is sent", || program.number(UNSETTLED) <= left);
        killed.child.kill().unwrap();
        killed.child.wait().unwrap();
        let at_kill = program.number(UNSETTLED);
        let began = Instant::now();
        wait_until(most, "all are sent", || program.number(UNSETTLED) == 0);
        let took = began.elapsed();
        drop(survivor);
        let mut copies = BTreeMap::<String, usize>::new();
        for taken in relay.taken() {
            *copies.entry(taken.header("message-id").to_owned()).or_default() += 1;
        }
        let sent = program.number("SELECT count(*) AS n FROM mails WHERE state = 'sent'");
        let doubled: Vec<_> = copies.values().filter(|copies| **copies > 1).collect();
        println!(
            "{wanted} mails, {at_kill} left at the kill, {took:.1?} until none waited, {} doubled",
            doubled.len()
        );
        assert_eq!((copies.len(), usize::try_from(sent).unwrap()), (wanted, wanted));
        assert!(at_kill > 0, "the kill came too late to show anything");
        assert!(doubled.len() <= SENDERS && doubled.iter().all(|copies| **copies == 2), "{doubled:?}");
    });
}

#[test]
fn of_two_living_instances_no_mail_is_taken_twice() {
    on_postgres(|mut program| {
        let wanted = reminders();
        let relay = Relay::start(Mode::Plain);
        let config = with_clinics(&mut program, &relay, wanted);
        program.run(&["--config", &config, "sweep", "--no-send"]).with_code(0);
        let instances = [serve(&program, &config), serve(&program, &config)];
        let most = Duration::from_secs(120 + u64::try_from(wanted).unwrap() / 10);
        wait_until(most, "all are sent", || program.number(UNSETTLED) == 0);
        drop(instances);
        assert_eq!(relay.taken().len(), wanted);
        assert_eq!(program.number("SELECT count(*) AS n FROM mails WHERE attempts <> 1"), 0);
    });
}

#[test]
fn two_instances_run_the_night_once() {
    on_postgres(|mut program| {
        let relay = Relay::start(Mode::Plain);
        let config = with_clinics(&mut program, &relay, 40);
        let instances = [serve(&program, &config), serve(&program, &config)];
        let complete = "SELECT count(*) AS n FROM runs WHERE kind = 'sweep' AND outcome = 'complete'";
        wait_until(Duration::from_secs(60), "the night is done", || program.number(complete) == 1);
        wait_until(Duration::from_secs(60), "all are sent", || {
            relay.taken().len() == 40 && program.number(UNSETTLED) == 0
        });
        std::thread::sleep(Duration::from_secs(2));
        drop(instances);
        assert_eq!(program.number("SELECT count(*) AS n FROM runs"), 1);
        assert_eq!(program.number("SELECT max(term) AS n FROM leases"), 1);
    });
}
