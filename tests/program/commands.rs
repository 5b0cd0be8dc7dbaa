//! The other commands: settings, doctor, migration, test mail, demonstration, schema.

use std::{collections::BTreeSet, fs, process::Stdio};

use crate::{
    running::{Ended, Program, case_files, parsed},
    smtp::{Mode, Relay},
};

on_both_databases! {
    migrate_may_be_repeated,
    programs_that_start_together_on_a_new_registry_all_work,
    the_doctor_finds_a_sound_registry_sound_and_says_what_is_wrong,
}

fn migrate_may_be_repeated(program: Program) {
    let first = program.done(&["migrate"]);
    assert!(first.contains("applied "), "{first}");
    assert_eq!(program.done(&["migrate"]), "the schema is up to date\n");
    program.import(&case_files()).with_code(0);
    let before = program.export();
    program.done(&["migrate"]);
    assert_eq!(program.export(), before);
}

fn programs_that_start_together_on_a_new_registry_all_work(program: Program) {
    let file = &case_files()[0];
    let started: Vec<_> = (0..6)
        .map(|number| match number % 3 {
            0 => program.command(&["patients", "list"]),
            1 => program.command(&["migrate"]),
            _ => program.command(&["import", "--by", "Dr Test", file]),
        })
        .map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in started {
        Ended::of(child.wait_with_output().unwrap()).with_code(0);
    }
    assert_eq!(program.histories().len(), 1);
    assert_eq!(program.number("SELECT count(*) AS n FROM revisions"), 1);
}

fn the_doctor_finds_a_sound_registry_sound_and_says_what_is_wrong(mut program: Program) {
    program.clinic("default");
    program.done(&["migrate"]);
    let sound = program.done(&["doctor"]);
    for line in [
        "ok       settings",
        "ok       registry",
        "ok       schema",
        "note     nightly run",
        "ok       clinic",
        "ok       mail",
    ] {
        assert!(sound.contains(line), "{line}:\n{sound}");
    }
    assert!(sound.contains("not approved by anybody"), "the shipped protocol is no approved one:\n{sound}");
    // A relay that is not there.
    let relay = Relay::start(Mode::Plain);
    program.mails_to(&relay, Mode::Plain);
    program.done(&["doctor"]);
    drop(relay);
    let ill = program.run(&["doctor"]).with_code(1);
    assert!(ill.out.contains("problem  mail"), "{ill}");
    program.set("database.url", "postgres://nobody:s3cret@127.0.0.1:9/nothing");
    let ill = program.run(&["doctor"]).with_code(1);
    assert!(ill.out.contains("problem  registry"), "{ill}");
    assert!(!format!("{ill}").contains("s3cret"), "{ill}");
}

#[test]
fn check_config_prints_every_value_with_its_source() {
    let mut program = Program::on_sqlite();
    let file = program.write("lobewatch.toml", "[schedule]\ntime_zone = \"Europe/Paris\"\n");
    program.set("mail.smtp.username", "relay").set("mail.smtp.password", "hunter2-secret");
    let ended = program.run(&["check-config", "--config", &file]).with_code(0);
    let line = |key: &str| {
        let found = ended.out.lines().find(|line| line.split_whitespace().next() == Some(key));
        found.unwrap_or_else(|| panic!("{key}: {ended}")).to_owned()
    };
    assert!(line("schedule.time_zone").contains("Europe/Paris"), "{ended}");
    assert!(line("schedule.time_zone").contains(&file), "{ended}");
    assert!(line("schedule.nightly").contains("built-in default"), "{ended}");
    assert!(line("database.url").contains("LOBEWATCH__DATABASE__URL"), "{ended}");
    assert!(line("mail.smtp.password").contains("LOBEWATCH__MAIL__SMTP__PASSWORD"), "{ended}");
    assert!(!format!("{ended}").contains("hunter2-secret"), "{ended}");
    assert!(ended.err.contains("no problems"), "{ended}");
    let keys = ended.out.lines().count();
    assert!(keys > 30, "{keys} values: {ended}");
}

#[test]
fn check_config_names_all_problems_at_once_with_their_remedies() {
    let mut program = Program::on_sqlite();
    program
        .set("schedule.time_zone", "Europe/Rom")
        .set("schedule.nightly", "whenever")
        .set("service.listen", "everywhere")
        .set("mail.transport", "pigeon")
        .set("import.max_nodules_per_document", "many")
        .set("databse.url", "sqlite://x");
    for command in ["check-config", "sweep", "doctor"] {
        let ended = program.run(&[command]).with_code(2);
        for key in [
            "schedule.time_zone",
            "schedule.nightly",
            "service.listen",
            "mail.transport",
            "import.max_nodules_per_document",
            "databse",
        ] {
            assert!(ended.err.contains(key), "{command} does not name {key}: {ended}");
        }
        assert!(ended.err.contains("LOBEWATCH__SCHEDULE__TIME_ZONE"), "{ended}");
    }
    assert!(!program.path("registry.db").exists(), "nothing is made with faulty settings");
}

#[test]
fn a_test_mail_reaches_the_server_and_a_refusal_is_told() {
    let relay = Relay::start(Mode::StartTls);
    let mut program = Program::on_sqlite();
    program.mails_to(&relay, Mode::StartTls);
    let said = program.done(&["send-test-mail", "someone@clinic.example"]);
    assert!(said.contains("the smtp transport took the mail"), "{said}");
    let taken = relay.taken();
    assert_eq!(
        (taken.len(), taken[0].envelope_to.as_slice()),
        (1, &["someone@clinic.example".to_owned()][..])
    );
    relay.control(&serde_json::json!({"rcpt": "550 5.1.1 nobody"}));
    let refused = program.run(&["send-test-mail", "someone@clinic.example"]).with_code(1);
    assert!(refused.err.contains("the mail did not leave"), "{refused}");
    program.run(&["send-test-mail", "not an address"]).with_code(2);
    assert_eq!(relay.taken().len(), 1);
    assert!(!program.path("registry.db").exists(), "a test mail needs no registry");
}

#[test]
fn the_demonstration_runs_twice_in_one_folder_and_leaves_strangers_alone() {
    let program = Program::on_sqlite();
    for round in 1..=2 {
        let said = program.done(&["demo", "--no-serve", "--folder", "show"]);
        assert!(said.contains("14 published case histories recorded"), "{round}: {said}");
        assert!(said.contains("every followed patient has a next CT"), "{round}: {said}");
        let mails: Vec<_> = fs::read_dir(program.path("show/mails/new")).unwrap().collect();
        assert_eq!(mails.len(), 1, "{round}: {said}");
    }
    let mut looking = Program::on_sqlite();
    looking.set("database.url", &format!("sqlite://{}", program.path("show/registry.db").display()));
    assert_eq!(looking.patients().len(), 14);
    let advice = program.done(&["demo", "--no-serve", "--folder", "show"]);
    let shown = advice.lines().find(|line| line.contains("lobewatch patients show")).unwrap();
    let study_id = shown.split_whitespace().last().unwrap();
    assert!(looking.done(&["patients", "show", study_id]).contains(study_id), "the advice holds: {shown}");
    assert!(!program.path("registry.db").exists(), "it touches nothing but its folder");

    fs::create_dir(program.path("mine")).unwrap();
    let own = program.write("mine/thesis.txt", "four years of work");
    let refused = program.run(&["demo", "--no-serve", "--folder", "mine"]).with_code(2);
    assert!(refused.err.contains("--folder"), "{refused}");
    assert_eq!(fs::read_to_string(own).unwrap(), "four years of work");
    assert_eq!(fs::read_dir(program.path("mine")).unwrap().count(), 1);
}

#[test]
fn the_printed_schemas_are_the_published_ones() {
    let program = Program::on_sqlite();
    for (format, file) in [("history", "history-1.json"), ("assessment", "assessment-1.json")] {
        let published = format!("{}/docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            parsed(&program.done(&["schema", format])),
            parsed(&fs::read_to_string(published).unwrap())
        );
    }
}

#[test]
fn published_figures_are_printed_under_their_heading_and_an_unknown_one_is_refused() {
    let program = Program::on_sqlite();
    for command in [&["evidence", "list"][..], &["evidence", "show", "e61"], &["patterns", "explain", "P07"]]
    {
        let said = program.done(command);
        assert!(said.contains("Published figures, for orientation"), "{said}");
        assert!(said.contains("must not be used to predict the course of one person"), "{said}");
    }
    assert!(program.done(&["patterns", "explain", "P07"]).contains("  E73 The other side stayed free"));
    assert!(!program.done(&["patterns", "explain", "P18"]).contains("ublished figures"));
    assert!(program.run(&["evidence", "show", "E47"]).with_code(2).err.contains("there is no figure `E47`"));
}

#[test]
fn documents_can_be_checked_without_being_assessed() {
    let program = Program::on_sqlite();
    let files = case_files();
    let mut arguments = vec!["assess", "--check-only"];
    arguments.extend(files.iter().map(String::as_str));
    assert_eq!(program.done(&arguments), format!("documents in order: {}\n", files.len()));
    let broken = program.write("broken.json", r#"{"format":"lobewatch.history/1","patient":{}}"#);
    arguments.push(&broken);
    let checked = program.run(&arguments).with_code(2);
    assert_eq!(checked.out, format!("documents in order: {}\n", files.len()));
    assert!(checked.err.contains("study_id"), "{checked}");
    program.run(&["assess", "--check-only", "--pretty", &broken]).with_code(2);
}

#[test]
fn help_names_every_command_and_a_wrong_one_ends_with_code_2() {
    let program = Program::on_sqlite();
    let help = program.done(&["--help"]);
    let commands = [
        "import",
        "export",
        "batches",
        "patients",
        "sweep",
        "serve",
        "migrate",
        "doctor",
        "send-test-mail",
        "demo",
        "assess",
        "patterns",
        "evidence",
        "normalise",
        "check-config",
        "schema",
    ];
    let known: BTreeSet<&str> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for command in commands {
        assert!(known.contains(command), "{command}:\n{help}");
        program.done(&[command, "--help"]);
    }
    program.run(&["no-such-command"]).with_code(2);
    program.run(&["import"]).with_code(2);
    assert!(program.done(&["--version"]).starts_with("lobewatch "));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = Program::on_sqlite();
    program.import(&case_files()).with_code(0);
    let mut command = program.command(&["export", "--layout", "pretty"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
