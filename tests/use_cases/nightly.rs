//! The nightly run: what is due comes from data, once a day, and one bad patient stops nobody.

use chrono::TimeDelta;
use lobewatch::store::{Fact, FactChange, HeadChange, RevisionNote};

use super::{World, patient, with_follow_up};
use crate::support::TestDatabase;

both_databases!(
    a_second_run_on_the_same_day_writes_and_queues_nothing,
    a_clinic_with_nothing_due_still_gets_its_digest,
    a_patient_whose_facts_cannot_be_read_stops_nobody_else,
    a_lost_plan_is_found_by_the_check_that_shares_no_code,
    the_dead_and_the_ended_are_not_followed_and_the_nameless_end_is,
    nights_missed_collapse_into_one_step,
);

async fn a_second_run_on_the_same_day_writes_and_queues_nothing(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "south")]).await;
    let first = world.sweep().await;
    assert_eq!((first.patients, first.followed, first.digests), (2, 2, 2));
    let rows = "SELECT (SELECT COUNT(*) FROM assessments) + (SELECT COUNT(*) FROM slots) + (SELECT COUNT(*) FROM reminders) + (SELECT COUNT(*) FROM mails) AS n";
    let before = db.number(rows).await;
    world.clock.advance(TimeDelta::minutes(10));
    let second = world.sweep().await;
    assert_eq!((second.patients, second.changed, second.digests), (2, 0, 0));
    assert_eq!(db.number(rows).await, before);
}

async fn a_clinic_with_nothing_due_still_gets_its_digest(db: TestDatabase) {
    let world = World::new(&db);
    let ended =
        r#"{"vital_status": "alive", "ended": {"on": "2024-01-20", "reason": "emigrated", "by": "Dr A"}}"#;
    world.import(&[with_follow_up("P-1", "north", ended)]).await;
    assert_eq!(world.sweep().await.digests, 1);
    let claim = world.claim().await.unwrap();
    let text = world.digest_text(&claim).await.unwrap();
    assert!(text.to_lowercase().contains("nothing"), "{text}");
    assert!(!text.contains("P-1"));
}

async fn a_patient_whose_facts_cannot_be_read_stops_nobody_else(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let tx = world.ctx.store.writer().await.unwrap();
    let head = tx.find_patient("P-1").await.unwrap().unwrap();
    let note = RevisionNote {
        id: world.ctx.ids.next_id(),
        recorded_at: world.ctx.now(),
        recorded_by: "fault".to_owned(),
        reason: "fault".to_owned(),
        batch_id: None,
    };
    let odd = Fact {
        kind: "operation".to_owned(),
        key: "op1".to_owned(),
        position: 0,
        lobe: None,
        side: None,
        earliest_on: None,
        latest_on: None,
        content: "{\"id\": \"op1\", \"on\": \"2024-02-31\"}".to_owned(),
    };
    tx.append_revision(&head, &note, &[FactChange::Put(odd)], &HeadChange::default()).await.unwrap();
    tx.commit().await.unwrap();
    let report = world.sweep().await;
    assert_eq!((report.patients, report.failed), (2, 1));
    assert!(!report.is_sound());
    assert!(report.unaccounted.is_empty(), "the earlier plan stands: {:?}", report.unaccounted);
    let claim = world.claim().await.unwrap();
    assert!(world.digest_text(&claim).await.unwrap().contains("P-2"));
}

async fn a_lost_plan_is_found_by_the_check_that_shares_no_code(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    world.sweep().await;
    db.execute("DELETE FROM slots WHERE patient_id = (SELECT id FROM patients WHERE study_id = 'P-1')")
        .await
        .unwrap();
    assert_eq!(world.sweep().await.unaccounted, ["P-1"]);
}

async fn the_dead_and_the_ended_are_not_followed_and_the_nameless_end_is(db: TestDatabase) {
    let world = World::new(&db);
    let end = |by: &str| {
        format!(r#"{{"vital_status": "alive", "ended": {{"on": "2024-01-20", "reason": "other"{by}}}}}"#)
    };
    world
        .import(&[
            with_follow_up("P-dead", "north", r#"{"vital_status": "dead", "died_on": "2024-01-20"}"#),
            with_follow_up("P-ended", "north", &end(r#", "by": "Dr A""#)),
            with_follow_up("P-nameless", "north", &end("")),
        ])
        .await;
    let report = world.sweep().await;
    assert_eq!((report.patients, report.followed), (3, 1));
    assert!(report.is_sound());
    let head = world.ctx.store.find_patient("P-nameless").await.unwrap().unwrap();
    let tasks = world.ctx.store.tasks(head.id).await.unwrap();
    assert!(tasks.iter().any(|task| task.record.key == "end-without-name"), "{tasks:?}");
}

async fn nights_missed_collapse_into_one_step(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.clock.advance(TimeDelta::days(40));
    world.sweep().await;
    let claim = world.claim().await.unwrap();
    let text = world.digest_text(&claim).await.unwrap();
    assert_eq!(text.matches("P-1").count(), 1, "{text}");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails").await, 1);
}

/// A database of which a trigger or a row can be spoilt behind the program's back.
async fn sqlite() -> (tempfile::TempDir, TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let db = TestDatabase::sqlite(folder.path().join("registry.db")).await;
    (folder, db)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_whose_decisions_cannot_be_saved_stops_nobody_saved_with_them() {
    let (_folder, db) = sqlite().await;
    let world = World::new(&db);
    world.import(&["P-1", "P-2", "P-3"].map(|id| patient(id, "north"))).await;
    db.execute(
        "CREATE TRIGGER fault BEFORE INSERT ON assessments
         WHEN NEW.patient_id = (SELECT id FROM patients WHERE study_id = 'P-2')
         BEGIN SELECT RAISE(ABORT, 'fault'); END",
    )
    .await
    .unwrap();
    world.clock.advance(TimeDelta::days(40));
    let report = world.sweep().await;
    assert_eq!((report.patients, report.changed, report.failed), (3, 2, 1));
    let stale = "SELECT COUNT(*) AS n FROM assessments WHERE superseded_at IS NULL AND run_id IS NULL";
    assert_eq!(db.number(stale).await, 1, "the earlier assessment of P-2 stands");
    db.execute("DROP TRIGGER fault").await.unwrap();
    let next = world.sweep().await;
    assert_eq!((next.changed, next.failed), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_decoded_stops_nobody_read_with_it() {
    let (_folder, db) = sqlite().await;
    let world = World::new(&db);
    world.import(&["P-1", "P-2", "P-3"].map(|id| patient(id, "north"))).await;
    db.execute(
        "INSERT INTO facts (patient_id, seq, kind, fact_key, position, earliest_on, withdrawn, content)
         SELECT id, 1, 'operation', 'spoilt', 9, 'no day', false, '{}' FROM patients WHERE study_id = 'P-2'",
    )
    .await
    .unwrap();
    world.clock.advance(TimeDelta::days(40));
    let report = world.sweep().await;
    assert_eq!((report.patients, report.changed, report.failed), (3, 2, 1));
}
