//! Delivery: looked at again at the moment of sending, one clinic a mail, nothing lost and nothing twice.

use std::sync::Arc;

use chrono::TimeDelta;
use lobewatch::app::{
    context::{Clinics, Context},
    deliver::deliver_waiting,
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
    a_mail_without_a_way_out_is_tried_again_and_then_given_up_visibly,
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
    let world = World { ctx, clock: world.clock };
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
    assert!(!text.contains("P-1"), "the same step is told once: {text}");
}

async fn a_mail_without_a_way_out_is_tried_again_and_then_given_up_visibly(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.sweep().await;
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("a-file");
    std::fs::write(&blocked, "in the way").unwrap();
    let delivery = World::delivery(&blocked);
    let mut attempts = 0;
    for _ in 0..10 {
        let report = deliver_waiting(&world.ctx, &delivery, || false).await.unwrap();
        attempts += report.retried + report.failed;
        if report.failed > 0 {
            break;
        }
        world.clock.advance(TimeDelta::hours(3));
    }
    assert_eq!(attempts, 3, "max_attempts of the story");
    assert_eq!(world.ctx.store.counts(world.ctx.today()).await.unwrap().mails_failed, 1);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM reminders WHERE state = 'sent'").await, 0);
    let mail = db.number("SELECT attempts AS n FROM mails").await;
    assert_eq!(mail, 3);
}
