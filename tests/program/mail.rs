//! `lobewatch mail`: stopping, starting, seeing to tasks, and reading mails that came back.

use serde_json::json;

use crate::{
    running::{Program, days_ago, operated},
    smtp::{Mode, Relay},
};

on_both_databases! {
    a_stop_holds_until_it_is_lifted_and_says_who_ordered_it,
    a_refused_address_is_shown_and_trusted_by_a_named_person,
}

fn with_patient(mut program: Program, relay: &Relay) -> Program {
    program.mails_to(relay, Mode::Plain);
    let document = operated("P-1", "default", days_ago(500), &[days_ago(400)]);
    let file = program.write("one.json", document.to_string());
    program.import(&[&file]).with_code(0);
    program
}

fn a_stop_holds_until_it_is_lifted_and_says_who_ordered_it(program: Program) {
    let relay = Relay::start(Mode::Plain);
    let program = with_patient(program, &relay);
    let who = ["--by", "Dr Stopper", "--reason", "the list is being checked"];
    let mail = |first: &[&str], who: &[&str]| program.run(&[&["mail"], first, who].concat());
    let ended = mail(&["stop"], &[]).with_code(2);
    assert!(ended.err.contains("--by") && ended.err.contains("--reason"), "{ended}");
    mail(&["stop"], &["--by", "Dr Stopper", "--reason", " "]).with_code(2);
    mail(&["stop", "--clinic", "defualt"], &who).with_code(2);
    mail(&["start"], &who).with_code(2);
    mail(&["stop", "--clinic", "default"], &who).with_code(0);
    let swept = program.run(&["sweep"]).with_code(0);
    assert!(swept.err.contains("mails still waiting: 1"), "{swept}");
    assert!(relay.taken().is_empty());
    let status = program.done(&["mail", "status"]);
    assert!(status.contains("stopped  clinic `default`") && status.contains("by Dr Stopper"), "{status}");
    mail(&["start", "--clinic", "default"], &who).with_code(0);
    program.done(&["sweep"]);
    assert_eq!(relay.taken().len(), 1);
    assert!(!program.done(&["mail", "status"]).contains("stopped"));
}

fn a_refused_address_is_shown_and_trusted_by_a_named_person(program: Program) {
    let relay = Relay::start(Mode::Plain);
    let program = with_patient(program, &relay);
    relay.control(&json!({"rcpt": "550 5.1.1 no such user"}));
    program.run(&["sweep"]).with_code(1);
    relay.behave();
    let status = program.done(&["mail", "status"]);
    assert!(status.contains("in doubt  default@clinic.example"), "{status}");
    assert!(status.contains("\"mail-not-delivered default digest\""), "{status}");
    let who = ["--by", "Dr Test", "--reason", "the clinic has answered"];
    let mail = |first: &[&str]| program.run(&[&["mail"], first, &who].concat());
    mail(&["done", "no-such-task"]).with_code(2);
    mail(&["trust", "other@clinic.example"]).with_code(2);
    mail(&["trust", "default@clinic.example"]).with_code(0);
    program.done(&["sweep"]);
    assert_eq!(relay.taken().len(), 1);
    let status = program.done(&["mail", "status"]);
    assert!(!status.contains("in doubt") && !status.contains("not-delivered"), "{status}");
    mail(&["done", "nobody-to-send-to default clinician"]).with_code(0);
    assert!(program.done(&["mail", "status"]).contains("no open task about mail"));
    let missing = program.path("missing");
    program.run(&["mail", "bounces", missing.to_str().unwrap()]).with_code(1);
}
