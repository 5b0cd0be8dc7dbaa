//! Import and roll-back: revisions, not duplicates; what was known stays readable.

use std::time::Duration;

use chrono::TimeDelta;
use lobewatch::{
    app::{
        export_histories::{ExportError, read_history},
        import_histories::{Import, ImportError, ImportNote},
        roll_back_batch::{RollBackError, roll_back_batch},
    },
    document::{read::read, write::compact},
    domain::history::History,
    store::{AsOf, BatchState, Fact, FactChange, HeadChange, NO_NEXT_DATE_TASK, RevisionNote},
};
use uuid::Uuid;

use super::{World, patient};
use crate::support::TestDatabase;

both_databases!(
    a_document_is_recorded_once_and_a_change_becomes_a_revision,
    a_batch_goes_back_as_a_whole_and_history_stays_readable,
    a_patient_changed_since_is_never_overwritten_by_a_roll_back,
    a_patient_has_a_plan_from_the_moment_of_the_import,
    a_patient_with_thousands_of_questions_is_recorded,
    documents_recorded_together_may_be_new_known_and_of_one_patient,
    a_patient_without_any_date_is_accounted_for_by_the_task_that_says_so,
    an_import_that_was_rolled_back_meanwhile_records_nothing_more,
    a_roll_back_and_a_running_import_wait_for_each_other,
    imports_go_back_newest_first,
    a_roll_back_that_left_patients_alone_can_be_repeated,
    a_roll_back_that_left_patients_alone_stops_the_running_import,
    a_past_that_cannot_be_read_stops_the_roll_back,
    two_imports_at_once_in_opposite_order_both_go_in,
    two_imports_at_once_of_the_same_new_patients_make_each_once,
    an_import_waits_for_another_writer_longer_than_one_timeout,
);

async fn documents_recorded_together_may_be_new_known_and_of_one_patient(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let together = [corrected("P-1"), patient("P-2", "north"), patient("P-3", "north"), corrected("P-3")];
    let (_, counts) = world.import(&together).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (1, 2, 1));
    for (study_id, revisions) in [("P-1", 2), ("P-2", 1), ("P-3", 2)] {
        let head = world.ctx.store.find_patient(study_id).await.unwrap().unwrap();
        assert_eq!(head.head_seq, revisions, "{study_id}");
        let assessed = world.ctx.store.latest_assessment(head.id).await.unwrap().unwrap();
        assert_eq!(assessed.facts_seq, revisions, "{study_id}");
    }
    assert!(text(&world, "P-3", AsOf::Latest).await.contains("\"long_mm\":11"));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 3);
}

fn corrected(study_id: &str) -> String {
    patient(study_id, "north").replace("\"long_mm\": 9", "\"long_mm\": 11")
}

async fn text(world: &World, study_id: &str, as_of: AsOf) -> String {
    compact(&read_history(&world.ctx, study_id, as_of).await.unwrap().1)
}

async fn a_document_is_recorded_once_and_a_change_becomes_a_revision(db: TestDatabase) {
    let world = World::new(&db);
    let (_, counts) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (2, 0, 0));
    let first = text(&world, "P-1", AsOf::Latest).await;
    let then = world.ctx.now();
    world.clock.advance(TimeDelta::hours(1));
    let (_, counts) = world.import(&[patient("P-1", "north"), corrected("P-2")]).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (0, 1, 1));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 2);
    assert_eq!(text(&world, "P-1", AsOf::Latest).await, first);
    assert!(text(&world, "P-2", AsOf::Latest).await.contains("\"long_mm\":11"));
    assert!(text(&world, "P-2", AsOf::Instant(then)).await.contains("\"long_mm\":9"));
    let head = world.ctx.store.find_patient("P-2").await.unwrap().unwrap();
    let revisions = world.ctx.store.revisions(head.id).await.unwrap();
    assert_eq!(
        revisions.iter().map(|revision| revision.recorded_by.as_str()).collect::<Vec<_>>(),
        ["Dr Test"; 2]
    );
    let study = world.ctx.store.fact_history(head.id, "imaging", "ct1").await.unwrap();
    assert_eq!(study.len(), 2, "only the study was stated anew");
    assert_eq!(world.ctx.store.fact_history(head.id, "nodule", "n1").await.unwrap().len(), 1);
}

async fn a_batch_goes_back_as_a_whole_and_history_stays_readable(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let before = text(&world, "P-1", AsOf::Latest).await;
    world.clock.advance(TimeDelta::hours(1));
    let (batch, _) = world.import(&[corrected("P-1"), patient("P-2", "north")]).await;
    let during = world.ctx.now();
    world.clock.advance(TimeDelta::hours(1));
    let report = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!((report.restored, report.withdrawn), (1, 1));
    assert_eq!(text(&world, "P-1", AsOf::Latest).await, before);
    assert!(text(&world, "P-1", AsOf::Instant(during)).await.contains("\"long_mm\":11"));
    let gone = read_history(&world.ctx, "P-2", AsOf::Latest).await.unwrap_err();
    assert!(matches!(gone, ExportError::NotFound(_)), "{gone}");
    assert!(text(&world, "P-2", AsOf::Instant(during)).await.contains("P-2"));
    let again = roll_back_batch(&world.ctx, batch, "Dr Test", "again", false).await.unwrap_err();
    assert!(matches!(again, RollBackError::AlreadyRolledBack));
    let report = world.sweep().await;
    assert_eq!((report.patients, report.unaccounted.len()), (1, 0));
    let (_, counts) = world.import(&[patient("P-2", "north")]).await;
    assert_eq!(counts.new, 1, "a withdrawn patient can come back");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 2);
}

async fn a_patient_changed_since_is_never_overwritten_by_a_roll_back(db: TestDatabase) {
    let world = World::new(&db);
    let (batch, _) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    world.import(&[corrected("P-1")]).await;
    let refused = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", false).await.unwrap_err();
    assert!(matches!(&refused, RollBackError::ChangedSince(who) if who == &["P-1"]), "{refused}");
    assert!(read_history(&world.ctx, "P-2", AsOf::Latest).await.is_ok(), "nothing was rolled back");
    let report = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", true).await.unwrap();
    assert_eq!((report.withdrawn, report.changed_since), (1, vec!["P-1".to_owned()]));
    assert!(text(&world, "P-1", AsOf::Latest).await.contains("\"long_mm\":11"));
}

async fn a_patient_has_a_plan_from_the_moment_of_the_import(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let head = world.ctx.store.find_patient("P-1").await.unwrap().unwrap();
    let slots = world.ctx.store.slots(head.id).await.unwrap();
    assert!(slots.iter().any(|slot| slot.record.open), "{slots:?}");
    assert_eq!(world.ctx.store.unaccounted(world.ctx.today()).await.unwrap(), Vec::<String>::new());
}

async fn a_patient_with_thousands_of_questions_is_recorded(db: TestDatabase) {
    const NODULES: usize = 5_000;
    let world = World::new(&db);
    let nodules: Vec<_> =
        (0..NODULES).map(|at| format!(r#"{{"id": "x{at}", "lobe": "nos", "origin": "imaging"}}"#)).collect();
    let known = r#""nodules": ["#;
    let document = patient("P-1", "north").replace(known, &format!("{known}{}, ", nodules.join(", ")));
    world.import(&[document]).await;
    let open = db.number("SELECT COUNT(*) AS n FROM data_tasks WHERE closed_at IS NULL").await;
    assert!(open >= i64::try_from(NODULES).unwrap(), "every nodule without lobe is asked about: {open}");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM facts WHERE kind = 'nodule'").await, 5_001);
}

/// The store counts by the key, the assessment opens the task: both have to mean the same one.
async fn a_patient_without_any_date_is_accounted_for_by_the_task_that_says_so(db: TestDatabase) {
    let world = World::new(&db);
    let bare = r#"{"format": "lobewatch.history/1", "patient": {"study_id": "P-1", "clinic": "north"}}"#;
    world.import(&[bare.to_owned()]).await;
    let head = world.ctx.store.find_patient("P-1").await.unwrap().unwrap();
    let slots = world.ctx.store.slots(head.id).await.unwrap();
    assert!(slots.iter().all(|slot| !slot.record.open), "{slots:?}");
    let tasks = world.ctx.store.tasks(head.id).await.unwrap();
    assert!(tasks.iter().any(|task| task.record.key == NO_NEXT_DATE_TASK), "{tasks:?}");
    assert_eq!(world.ctx.store.unaccounted(world.ctx.today()).await.unwrap(), Vec::<String>::new());
}

fn import_note() -> ImportNote {
    ImportNote { by: "Dr Test".to_owned(), reason: "story".to_owned(), source: "story".to_owned() }
}

fn histories(documents: &[String]) -> Vec<History> {
    documents.iter().map(|document| read(document).unwrap()).collect()
}

async fn state(world: &World, batch: Uuid) -> BatchState {
    world.ctx.store.find_batch(batch).await.unwrap().unwrap().state
}

/// The same registry as another instance of the program sees it.
async fn beside(world: &World, db: &TestDatabase, busy_timeout: Duration) -> World {
    let mut ctx = world.ctx.clone();
    ctx.store = db.second_store(busy_timeout).await;
    World { ctx, clock: world.clock.clone(), claims: Default::default() }
}

async fn an_import_that_was_rolled_back_meanwhile_records_nothing_more(db: TestDatabase) {
    let world = World::new(&db);
    let mut import = Import::begin(&world.ctx, import_note()).await.unwrap();
    import.record(&histories(&[patient("P-1", "north")])).await.unwrap();
    let report =
        roll_back_batch(&world.ctx, import.batch_id(), "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!(report.withdrawn, 1);
    let refused = import.record(&histories(&[patient("P-2", "north")])).await.unwrap_err();
    assert!(matches!(refused, ImportError::NotRunning) && refused.ends_import(), "{refused}");
    assert!(refused.to_string().contains("start it again"), "{refused}");
    assert!(world.ctx.store.find_patient("P-2").await.unwrap().is_none());
    let batch = import.batch_id();
    assert!(matches!(import.finish().await.unwrap_err(), ImportError::NotRunning));
    assert_eq!(state(&world, batch).await, BatchState::RolledBack);
}

async fn a_roll_back_and_a_running_import_wait_for_each_other(db: TestDatabase) {
    let world = World::new(&db);
    let mut import = Import::begin(&world.ctx, import_note()).await.unwrap();
    let batch = import.batch_id();
    let rolling_back = world.ctx.store.writer().await.unwrap();
    rolling_back.lock_batch(batch).await.unwrap().unwrap();
    let late = histories(&[patient("P-1", "north")]);
    let finish = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        rolling_back.mark_rolled_back(batch, world.ctx.now(), "Dr Test", "wrong file").await.unwrap();
        rolling_back.commit().await.unwrap();
    };
    let (recorded, ()) = tokio::join!(import.record(&late), finish);
    assert!(matches!(recorded.unwrap_err(), ImportError::NotRunning));
    assert!(world.ctx.store.find_patient("P-1").await.unwrap().is_none(), "nobody stays behind");
}

async fn imports_go_back_newest_first(db: TestDatabase) {
    let world = World::new(&db);
    let (first, _) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let before = text(&world, "P-1", AsOf::Latest).await;
    let (second, _) = world.import(&[corrected("P-1")]).await;
    let report = roll_back_batch(&world.ctx, second, "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!(report.restored, 1);
    assert_eq!(text(&world, "P-1", AsOf::Latest).await, before);
    let report = roll_back_batch(&world.ctx, first, "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!((report.withdrawn, report.changed_since.len()), (2, 0));
    assert_eq!(state(&world, first).await, BatchState::RolledBack);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients WHERE NOT withdrawn").await, 0);
}

async fn a_roll_back_that_left_patients_alone_can_be_repeated(db: TestDatabase) {
    let world = World::new(&db);
    let (first, _) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let (second, _) = world.import(&[corrected("P-1")]).await;
    let report = roll_back_batch(&world.ctx, first, "Dr Test", "wrong file", true).await.unwrap();
    assert_eq!((report.withdrawn, report.is_whole()), (1, false));
    assert_eq!(state(&world, first).await, BatchState::Committed, "something of it is left");
    roll_back_batch(&world.ctx, second, "Dr Test", "wrong file", false).await.unwrap();
    let report = roll_back_batch(&world.ctx, first, "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!((report.withdrawn, report.already_restored, report.is_whole()), (1, 1, true));
    assert_eq!(state(&world, first).await, BatchState::RolledBack);
    let head = world.ctx.store.find_patient("P-2").await.unwrap().unwrap();
    assert_eq!(head.head_seq, 2, "what is done already is not done again");
}

async fn a_roll_back_that_left_patients_alone_stops_the_running_import(db: TestDatabase) {
    let world = World::new(&db);
    let mut import = Import::begin(&world.ctx, import_note()).await.unwrap();
    import.record(&histories(&[patient("P-1", "north")])).await.unwrap();
    world.import(&[corrected("P-1")]).await;
    let batch = import.batch_id();
    let report = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", true).await.unwrap();
    assert_eq!(report.changed_since, ["P-1"]);
    let refused = import.record(&histories(&[patient("P-2", "north")])).await.unwrap_err();
    assert!(matches!(refused, ImportError::NotRunning), "{refused}");
    assert_eq!(state(&world, batch).await, BatchState::Committed);
}

async fn a_past_that_cannot_be_read_stops_the_roll_back(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let tx = world.ctx.store.writer().await.unwrap();
    let head = tx.find_patient("P-2").await.unwrap().unwrap();
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
    let (batch, _) = world.import(&[corrected("P-1"), corrected("P-2")]).await;
    let revisions = db.number("SELECT COUNT(*) AS n FROM revisions").await;
    for skip_changed in [false, true] {
        let refused =
            roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", skip_changed).await.unwrap_err();
        assert!(
            matches!(&refused, RollBackError::Unreadable { study_id, .. } if study_id == "P-2"),
            "{refused}"
        );
        assert!(refused.to_string().contains("patient P-2 "), "{refused}");
    }
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM revisions").await, revisions, "nothing was changed");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients WHERE withdrawn").await, 0);
    assert!(text(&world, "P-1", AsOf::Latest).await.contains("\"long_mm\":11"));
    assert_eq!(state(&world, batch).await, BatchState::Committed);
}

/// Study ids `P-100` to `P-129`.
fn thirty() -> Vec<String> {
    (100..130).map(|at| format!("P-{at}")).collect()
}

async fn two_imports_at_once_in_opposite_order_both_go_in(db: TestDatabase) {
    let world = World::new(&db);
    let other = beside(&world, &db, Duration::from_secs(20)).await;
    let known: Vec<_> = thirty().iter().map(|study_id| patient(study_id, "north")).collect();
    world.import(&known).await;
    let one: Vec<_> = thirty().iter().map(|study_id| corrected(study_id)).collect();
    let backwards = |study_id: &String| corrected(study_id).replace("\"long_mm\": 11", "\"long_mm\": 13");
    let two: Vec<_> = thirty().iter().rev().map(backwards).collect();
    let ((_, here), (_, there)) = tokio::join!(world.import(&one), other.import(&two));
    assert_eq!((here.changed, there.changed), (30, 30));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients WHERE head_seq = 3").await, 30);
}

async fn two_imports_at_once_of_the_same_new_patients_make_each_once(db: TestDatabase) {
    let world = World::new(&db);
    let other = beside(&world, &db, Duration::from_secs(20)).await;
    let one: Vec<_> = thirty().iter().map(|study_id| patient(study_id, "north")).collect();
    let two: Vec<_> = one.iter().rev().cloned().collect();
    let ((_, here), (_, there)) = tokio::join!(world.import(&one), other.import(&two));
    assert_eq!((here.new + there.new, here.unchanged + there.unchanged), (30, 30));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients WHERE head_seq = 1").await, 30);
}

async fn an_import_waits_for_another_writer_longer_than_one_timeout(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let impatient = beside(&world, &db, Duration::from_millis(500)).await;
    let mut import = Import::begin(&impatient.ctx, import_note()).await.unwrap();
    let holder = world.ctx.store.writer().await.unwrap();
    holder.find_patient("P-1").await.unwrap().unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        holder.rollback().await.unwrap();
    };
    let late = histories(&[corrected("P-1")]);
    let (recorded, ()) = tokio::join!(import.record(&late), release);
    recorded.unwrap();
    assert_eq!(import.counts().changed, 1);
}
