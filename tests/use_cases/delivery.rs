//! Delivery: looked at again at the moment of sending, one clinic a mail, nothing lost and nothing twice.

use std::sync::Arc;

use chrono::TimeDelta;
use lobewatch::app::{
    context::{Clinics, Context},
    deliver::deliver_waiting,
    enqueue_digests::DigestTime,
    sweep::sweep,
};

use super::{World, clinics, patient, with_follow_up};
use crate::support::TestDatabase;

both_databases!(
    a_digest_holds_rows_of_its_own_clinic_only,
    a_patient_who_died_before_sending_is_not_in_the_mail,
    a_patient_moved_before_sending_is_not_in_the_old_clinics_mail,
    a_changed_address_cancels_the_mail_to_the_old_one,
    after_an_outage_a_clinic_gets_one_digest,
    what_was_sent_is_not_sent_again,
    what_is_overdue_stands_in_every_digest_until_it_is_settled,
    an_escalation_goes_to_the_clinician_once_a_step_and_to_nobody_else,
    a_run_for_a_future_day_silences_no_clinic,
    a_slot_that_moved_to_another_day_is_told_of_anew,
    a_followed_patient_without_any_date_is_named_in_the_digest,
    a_mail_without_a_way_out_is_kept_and_a_person_is_asked,
);

async fn a_digest_holds_rows_of_its_own_clinic_only(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("N-1", "north"), patient("S-1", "south"), patient("N-2", "north")]).await;
    world.sweep().await;
    let mut seen = 0;
    while let Some(claim) = world.claim().await {
        let text = world.digest_text(&claim).await.unwrap();
        let (own, foreign) = if claim.clinic == "north" { ("N-", "S-") } else { ("S-", "N-") };
        assert!(text.contains(own) && !text.contains(foreign), "{}: {text}", claim.clinic);
        assert_eq!(claim.recipient, format!("{}@clinic.example", claim.clinic));
        seen += 1;
    }
    assert_eq!(seen, 2);
}

async fn a_patient_who_died_before_sending_is_not_in_the_mail(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    world.sweep().await;
    let claim = world.claim().await.unwrap();
    world
        .import(&[with_follow_up("P-1", "north", r#"{"vital_status": "dead", "died_on": "2024-02-02"}"#)])
        .await;
    let text = world.digest_text(&claim).await.unwrap();
    assert!(!text.contains("P-1") && text.contains("P-2"), "{text}");
}

async fn a_patient_moved_before_sending_is_not_in_the_old_clinics_mail(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "south")]).await;
    world.sweep().await;
    world.import(&[patient("P-1", "south")]).await;
    while let Some(claim) = world.claim().await {
        let text = world.digest_text(&claim).await.unwrap();
        assert_eq!(text.contains("P-1"), claim.clinic == "south", "{}: {text}", claim.clinic);
    }
}

async fn a_changed_address_cancels_the_mail_to_the_old_one(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.sweep().await;
    let moved = Clinics::new(clinics(Some("new-north@clinic.example")), chrono_tz::Europe::Rome);
    let ctx = Context { clinics: Arc::new(moved), ..world.ctx.clone() };
    let folder = tempfile::tempdir().unwrap();
    let report = deliver_waiting(&ctx, &World::delivery(folder.path()), || false).await.unwrap();
    assert_eq!((report.sent, report.cancelled), (0, 1));
    let world = World { ctx, ..world };
    assert_eq!(world.sweep().await.digests, 1, "the new address gets its own");
    let claim = world.claim().await.unwrap();
    assert_eq!(claim.recipient, "new-north@clinic.example");
    assert!(world.digest_text(&claim).await.unwrap().contains("P-1"));
}

async fn after_an_outage_a_clinic_gets_one_digest(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    for _ in 0..3 {
        world.sweep().await;
        world.clock.advance(TimeDelta::days(1));
    }
    let folder = tempfile::tempdir().unwrap();
    let report = deliver_waiting(&world.ctx, &World::delivery(folder.path()), || false).await.unwrap();
    assert_eq!((report.sent, report.cancelled), (1, 2));
}

async fn what_was_sent_is_not_sent_again(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.sweep().await;
    let folder = tempfile::tempdir().unwrap();
    let delivery = World::delivery(folder.path());
    assert_eq!(deliver_waiting(&world.ctx, &delivery, || false).await.unwrap().sent, 1);
    assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
    world.sweep().await;
    assert_eq!(deliver_waiting(&world.ctx, &delivery, || false).await.unwrap().sent, 0);
    world.clock.advance(TimeDelta::days(1));
    world.sweep().await;
    let claim = world.claim().await.unwrap();
    let text = world.digest_text(&claim).await.unwrap();
    assert!(text.contains("P-1") && !text.contains("(new)"), "still overdue, but no new step: {text}");
}

async fn what_is_overdue_stands_in_every_digest_until_it_is_settled(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let folder = tempfile::tempdir().unwrap();
    for day in 0..5 {
        world.sweep().await;
        let claim = world.claim().await.unwrap();
        let text = world.digest_text(&claim).await.unwrap();
        assert!(text.contains("P-1") && text.contains("overdue"), "day {day}: {text}");
        if day < 2 {
            assert_eq!(text.contains("(new)"), day == 0, "day {day}: {text}");
        }
        world.let_claims_lapse().await;
        deliver_waiting(&world.ctx, &World::delivery(folder.path()), || false).await.unwrap();
        world.clock.advance(TimeDelta::hours(24));
    }
}

async fn an_escalation_goes_to_the_clinician_once_a_step_and_to_nobody_else(db: TestDatabase) {
    let mut world = World::new(&db);
    let mut roles = clinics(Some("north@clinic.example"));
    let north = roles.get_mut("north").unwrap();
    north.clinician_email = Some("doctor@clinic.example".parse().unwrap());
    north.service_lead_email = Some("lead@clinic.example".parse().unwrap());
    world.ctx.clinics = Arc::new(Clinics::new(roles, chrono_tz::Europe::Rome));
    world.import(&[patient("N-1", "north"), patient("S-1", "south")]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut escalated = Vec::new();
    for _ in 0..2 {
        world.sweep().await;
        while let Some(claim) = world.claim().await {
            let text = world.digest_text(&claim).await.unwrap();
            assert!(claim.clinic == "south" || !text.contains("S-1"), "{text}");
            if claim.kind != "digest" {
                assert!(text.contains("N-1"), "{text}");
                escalated.push((claim.kind, claim.recipient));
            }
        }
        world.let_claims_lapse().await;
        deliver_waiting(&world.ctx, &World::delivery(folder.path()), || false).await.unwrap();
        world.clock.advance(TimeDelta::hours(24));
    }
    escalated.sort();
    let expected = [
        ("escalation-clinician", "doctor@clinic.example"),
        ("escalation-service-lead", "lead@clinic.example"),
    ];
    let expected = expected.map(|(kind, to)| (kind.to_owned(), to.to_owned()));
    assert_eq!(escalated, expected, "the same step is escalated once, not every day");
}

async fn a_run_for_a_future_day_silences_no_clinic(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    sweep(&world.ctx, Some("2027-12-31".parse().unwrap()), DigestTime::Now, || false).await.unwrap();
    world.sweep().await;
    let folder = tempfile::tempdir().unwrap();
    let report = deliver_waiting(&world.ctx, &World::delivery(folder.path()), || false).await.unwrap();
    assert_eq!((report.sent, report.cancelled), (2, 0));
}

async fn a_slot_that_moved_to_another_day_is_told_of_anew(db: TestDatabase) {
    let world = World::new(&db);
    let active = |board: &str| {
        format!(
            r#"{{"format": "lobewatch.history/1", "patient": {{"study_id": "P-1", "clinic": "north"}},
            "lung_metastases": {{"diagnosed_on": "2023-10-20"}},
            "nodules": [{{"id": "n1", "lobe": "RLL", "origin": "imaging"}}],
            "imaging": [{{"id": "ct1", "on": "2023-10-20", "modality": "ct",
                "findings": [{{"nodule": "n1", "status": "new", "certainty": "definite"}}]}}],
            {board}"follow_up": {{"vital_status": "alive"}}}}"#
        )
    };
    world.import(&[active("")]).await;
    let folder = tempfile::tempdir().unwrap();
    world.sweep().await;
    let report = deliver_waiting(&world.ctx, &World::delivery(folder.path()), || false).await.unwrap();
    assert_eq!(report.sent, 1);
    world.clock.advance(TimeDelta::days(1));
    let board =
        r#""board_decisions": [{"on": "2024-02-03", "decision": "observe", "rescan_on": "2024-03-15"}],"#;
    world.import(&[active(board)]).await;
    world.clock.set("2024-03-15T08:00:00Z".parse().unwrap());
    world.sweep().await;
    let claim = world.claim().await.unwrap();
    let text = world.digest_text(&claim).await.unwrap();
    assert!(text.contains("P-1") && text.contains("2024-03-15") && text.contains("(new)"), "{text}");
}

async fn a_followed_patient_without_any_date_is_named_in_the_digest(db: TestDatabase) {
    let world = World::new(&db);
    let undated =
        r#"{"format": "lobewatch.history/1", "patient": {"study_id": "P-undated", "clinic": "north"}}"#;
    world.import(&[undated.to_owned()]).await;
    assert!(world.sweep().await.is_sound());
    let claim = world.claim().await.unwrap();
    assert!(world.digest_text(&claim).await.unwrap().contains("P-undated"));
    let tasks = world.ctx.store.open_tasks(Some("north"), Some("plan-without-next-date")).await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(world.ctx.store.open_tasks(Some("south"), None).await.unwrap(), []);
}

async fn a_mail_without_a_way_out_is_kept_and_a_person_is_asked(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.sweep().await;
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("a-file");
    std::fs::write(&blocked, "in the way").unwrap();
    let delivery = World::delivery(&blocked);
    let mut attempts = 0;
    for _ in 0..10 {
        attempts += deliver_waiting(&world.ctx, &delivery, || false).await.unwrap().retried;
        world.clock.advance(TimeDelta::hours(3));
    }
    assert_eq!(attempts, 10, "more than max_attempts of the story: the fault is not the mail's");
    assert_eq!(world.ctx.store.counts(world.ctx.today()).await.unwrap().mails_failed, 0);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM reminders WHERE state = 'sent'").await, 0);
    let away =
        "SELECT COUNT(*) AS n FROM mail_tasks WHERE task_key = 'mail-server-away' AND closed_at IS NULL";
    assert_eq!(db.number(away).await, 1);
    std::fs::remove_file(&blocked).unwrap();
    assert_eq!(deliver_waiting(&world.ctx, &delivery, || false).await.unwrap().sent, 1);
    assert_eq!(db.number(away).await, 0);
}
