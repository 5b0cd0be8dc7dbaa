//! No mail and no log line carries a name, a birth date, a diagnosis, a lobe or a result; not at any level of detail.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};

use crate::{
    running::{Program, Running, days_ago, operated, today},
    smtp::{Mode, Relay},
};

on_both_databases! {
    no_mail_carries_a_fact,
    no_log_line_carries_a_fact_or_an_address_or_a_password_at_the_finest_level,
}

/// Marks that stand nowhere but in facts.
const FACTS: [&str; 14] = [
    "Canaryname",
    "CANARY-4711",
    "+39 055 0404",
    "mother@canary.example",
    "canarysarcoma",
    "canarysite",
    "1931-07-23",
    "1931",
    "RLL",
    "right_nos",
    "met_viable",
    "canaryreason",
    "canaryclinician",
    "Dr Test",
];

fn patient(study_id: &str) -> Value {
    let mut document = operated(study_id, "default", days_ago(500), &[days_ago(400)]);
    document["identity"] = json!({
        "name": "Zoltan Canaryname",
        "external_ids": [{"system": "kis", "value": "CANARY-4711"}],
        "contacts": [{"role": "relative", "name": "Zora Canaryname", "phone": "+39 055 0404", "email": "mother@canary.example"}],
    });
    document["patient"]["birth_date"] = json!("1931-07-23");
    document["patient"]["clinician"] = json!("canaryclinician");
    document["primary"]["histology"] = json!("canarysarcoma");
    document["primary"]["site"] = json!("canarysite");
    document["nodules"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "n2", "lobe": "right_nos", "origin": "imaging"}));
    document
}

fn prepared(program: &mut Program, relay: &Relay) {
    program.mails_to(relay, Mode::StartTls);
    let file = program.write("people.json", json!([patient("P-1"), patient("P-2")]).to_string());
    program.import(&[&file, "--reason", "canaryreason"]).with_code(0);
    assert!(FACTS[..11].iter().all(|fact| program.export().contains(fact)), "the marks are on record");
}

#[track_caller]
fn assert_none_of(marks: &[&str], text: &str, whose: &str) {
    let lower = text.to_lowercase();
    for mark in marks {
        assert!(!lower.contains(&mark.to_lowercase()), "{whose} holds `{mark}`:\n{text}");
    }
}

fn no_mail_carries_a_fact(mut program: Program) {
    let relay = Relay::start(Mode::StartTls);
    prepared(&mut program, &relay);
    program.done(&["sweep", "--as-of", &today().to_string()]);
    let mails = relay.taken();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert!(mail.text.contains("P-1") && mail.text.contains("P-2"), "{}", mail.text);
    assert_none_of(&FACTS, &mail.text, "the text");
    assert_none_of(&FACTS, &mail.html, "the HTML");
    assert_none_of(&FACTS, &format!("{:?}", mail.headers), "the headers");
    assert_none_of(&FACTS, &String::from_utf8(relay.bytes(1)).unwrap(), "the message as sent");
    assert_none_of(&["P-1", "P-2"], &format!("{:?}", mail.headers), "the headers");
    for word in ["nodule", "metasta", "recurren", "sarcoma", "lobe ", "tumour"] {
        assert_none_of(&[word], &mail.text, "the text");
    }
}

fn no_log_line_carries_a_fact_or_an_address_or_a_password_at_the_finest_level(mut program: Program) {
    let relay = Relay::start(Mode::StartTls);
    prepared(&mut program, &relay);
    program.set("log.filter", "trace").set("log.format", "json").set("service.listen", "127.0.0.1:0");
    let day = today().to_string();
    let swept = program.run(&["sweep", "--as-of", &day]).with_code(0);
    assert_eq!(relay.taken().len(), 1, "{swept}");
    assert!(swept.err.contains("digest sent"), "the log is on: {swept}");
    // A run that fails: the error paths log most.
    relay.control(&json!({"rcpt": "550 5.1.1 default@clinic.example is unknown here"}));
    let tomorrow = today().succ_opt().unwrap().to_string();
    let refused = program.run(&["sweep", "--as-of", &tomorrow]);
    assert!(refused.out.contains("1 failed"), "{refused}");
    let mut command = program.command(&["serve"]);
    let mut service = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    std::thread::sleep(Duration::from_secs(2));
    service.terminate();
    // Read first: a full pipe would hold the process up.
    let served = service.errors();
    service.wait_for(Duration::from_secs(20)).expect("the service ends");
    assert!(!served.is_empty());
    for log in [&swept.err, &refused.err, &served] {
        assert_none_of(&FACTS, log, "the log");
        assert_none_of(&["default@clinic.example", crate::smtp::PASSWORD, "postgres://"], log, "the log");
    }
}
