//! What a clinic records about slots and about the end of follow-up, through the program, and what the lists say then.

use crate::running::{Program, days_ago, parsed};

on_both_databases! {
    a_slot_is_booked_postponed_closed_and_brought_back,
    a_transfer_waits_for_the_other_clinic_and_a_death_for_a_second_person,
}

const SIGNED: [&str; 4] = ["--by", "Ada Holm", "--reason", "as agreed"];

/// One metastasis removed R0 a hundred and twenty days ago: the first CTs are overdue.
fn operated(program: &Program) {
    let document = format!(
        r#"{{"format":"lobewatch.history/1","patient":{{"study_id":"P-1"}},
        "primary":{{"icd_o_3":"9040/3","treated_on":"2015-01-10","treatment_ended_on":"2015-06-01"}},
        "lung_metastases":{{"diagnosed_on":"{}","synchronous":false}},
        "nodules":[{{"id":"n1","lobe":"LLL","origin":"imaging"}}],
        "operations":[{{"id":"op1","on":"{}","side":"left","completeness":"R0","resections":[
            {{"nodule":"n1","extent":"wedge","pathology":"met_viable"}}]}}]}}"#,
        days_ago(150),
        days_ago(120)
    );
    program.import(&[program.write("one.json", document)]).with_code(0);
}

fn signed<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().chain(&SIGNED).copied().collect()
}

fn shown(program: &Program) -> String {
    program.done(&["patients", "show", "P-1"])
}

fn a_slot_is_booked_postponed_closed_and_brought_back(program: Program) {
    operated(&program);
    let (today, ahead) = (days_ago(0).to_string(), (days_ago(0) + chrono::Days::new(9)).to_string());
    let booked = program.done(&signed(&["slot", "book", "P-1", "--for", &ahead]));
    assert!(booked.contains("next: baseline at 6 weeks"), "{booked}");
    assert!(shown(&program).contains(&format!("Booked for {ahead}, recorded by Ada Holm")));
    // Too far: recorded, nothing moves, and a person is asked.
    let late = program.done(&signed(&["slot", "postpone", "P-1", "--until", &ahead]));
    assert!(late.contains("to decide: baseline at 6 weeks was to be postponed"), "{late}");
    let tasks = program.done(&["patients", "tasks"]);
    assert!(tasks.contains("postponement-too-long:"), "{tasks}");
    let closed = program.done(&signed(&["slot", "not-needed", "P-1"]));
    assert!(closed.contains("next: month 3"), "{closed}");
    assert!(shown(&program).contains("not needed"), "{}", shown(&program));
    let again = program.run(&signed(&["slot", "not-needed", "P-1", "--slot", "baseline at 6 weeks"]));
    assert!(again.with_code(2).err.contains("closed already"));
    let back = program.done(&signed(&["slot", "undo", "P-1", "--slot", "baseline at 6 weeks"]));
    assert!(back.contains("next: baseline at 6 weeks"), "{back}");
    let elsewhere =
        program.done(&signed(&["slot", "done", "P-1", "--on", &today, "--at", "Northern Chest Centre"]));
    assert!(elsewhere.contains("to decide: baseline at 6 weeks was made elsewhere"), "{elsewhere}");
    // Import, booking, postponement, closure, its taking back, scan elsewhere: every one a revision of its own.
    assert_eq!(program.number("SELECT count(*) AS n FROM revisions"), 6);
    let unsigned = program.run(&["slot", "not-needed", "P-1"]);
    assert!(unsigned.with_code(2).err.contains("--by"));
    let exported = parsed(&program.export());
    assert_eq!(exported["slot_actions"].as_array().unwrap().len(), 3, "{exported}");
    assert_eq!(exported["slot_actions"][2]["place"], "Northern Chest Centre");
}

fn a_transfer_waits_for_the_other_clinic_and_a_death_for_a_second_person(program: Program) {
    operated(&program);
    let open = "SELECT count(*) AS n FROM reminders WHERE state = 'planned'";
    assert!(program.number(open) > 0);
    let moved = program.done(&signed(&["patients", "transfer", "P-1", "--to", "Northern Chest Centre"]));
    assert!(moved.contains("follow-up transferring; next: "), "{moved}");
    assert!(program.done(&["patients", "tasks"]).contains("transfer-not-acknowledged"));
    let there = program.done(&signed(&["patients", "acknowledge", "P-1", "--receiver", "Dr Erik Lund"]));
    assert!(there.contains("follow-up transferred; nothing is planned"), "{there}");
    assert_eq!(program.number(open), 0, "the other clinic reminds");
    let back = program.done(&signed(&["patients", "reopen", "P-1"]));
    assert!(back.contains("follow-up active; next: "), "{back}");
    let died = program.done(&signed(&["patients", "close", "P-1", "--as", "died"]));
    assert!(died.contains("follow-up ended; nothing is planned"), "{died}");
    assert_eq!(program.number(open), 0, "nobody is reminded of the dead");
    let alone = program.run(&signed(&["patients", "reopen", "P-1", "--confirmed-by", "ada holm"]));
    assert!(alone.with_code(2).err.contains("two people"));
    let both = program.done(&signed(&["patients", "reopen", "P-1", "--confirmed-by", "Dr Anna Neri"]));
    assert!(both.contains("follow-up active"), "{both}");
    let nobody = program.run(&signed(&["patients", "contact", "P-2"]));
    assert!(nobody.with_code(2).err.contains("no patient `P-2`"));
}
