//! Import batches and runs.

use lobewatch::store::{BatchCounts, BatchPatient, BatchState, NewBatch, NewRun, RunEnd, RunOutcome};

use crate::support::{TestDatabase, day, id, minute, note, put, record, register};

both_databases!(
    a_batch_is_opened_finished_and_rolled_back_once,
    a_killed_batch_can_still_be_rolled_back,
    a_batch_names_the_revisions_it_recorded,
    a_run_is_recorded_from_start_to_end,
);

async fn open(db: &TestDatabase, number: u64, minutes: i64) {
    let tx = db.store.writer().await.unwrap();
    let batch = NewBatch {
        id: id(number),
        started_at: minute(minutes),
        imported_by: "importer".to_owned(),
        source: "a.json".to_owned(),
    };
    tx.open_batch(&batch).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_batch_is_opened_finished_and_rolled_back_once(db: TestDatabase) {
    open(&db, 50, 1).await;
    let counts = BatchCounts { new: 3, changed: 2, unchanged: 1, refused: 4 };
    let tx = db.store.writer().await.unwrap();
    tx.finish_batch(id(50), counts, minute(2)).await.unwrap();
    assert!(tx.finish_batch(id(50), counts, minute(3)).await.unwrap_err().is_conflict());
    tx.commit().await.unwrap();
    let batch = db.store.find_batch(id(50)).await.unwrap().unwrap();
    assert_eq!(
        (batch.state, batch.counts, batch.finished_at),
        (BatchState::Committed, counts, Some(minute(2)))
    );

    let tx = db.store.writer().await.unwrap();
    tx.mark_rolled_back(id(50), minute(4), "nurse", "wrong file").await.unwrap();
    assert!(tx.mark_rolled_back(id(50), minute(5), "nurse", "again").await.unwrap_err().is_conflict());
    tx.commit().await.unwrap();
    let batch = db.store.find_batch(id(50)).await.unwrap().unwrap();
    assert_eq!(batch.state, BatchState::RolledBack);
    assert_eq!(batch.rolled_back_reason.as_deref(), Some("wrong file"));
    assert_eq!(batch.rolled_back_at, Some(minute(4)));
}

async fn a_killed_batch_can_still_be_rolled_back(db: TestDatabase) {
    open(&db, 50, 1).await;
    open(&db, 51, 2).await;
    let newest: Vec<_> = db.store.batches(10).await.unwrap().into_iter().map(|b| (b.id, b.state)).collect();
    assert_eq!(newest, [(id(51), BatchState::Running), (id(50), BatchState::Running)]);
    let tx = db.store.writer().await.unwrap();
    assert_eq!(tx.lock_batch(id(50)).await.unwrap().unwrap().state, BatchState::Running);
    assert_eq!(tx.lock_batch(id(99)).await.unwrap(), None);
    tx.mark_rolled_back(id(50), minute(4), "nurse", "the import was killed").await.unwrap();
    tx.stop_batch(id(50), minute(5)).await.unwrap();
    assert_eq!(tx.lock_batch(id(50)).await.unwrap().unwrap().state, BatchState::RolledBack);
    tx.stop_batch(id(51), minute(5)).await.unwrap();
    assert_eq!(tx.lock_batch(id(51)).await.unwrap().unwrap().state, BatchState::Committed);
    tx.commit().await.unwrap();
}

async fn a_batch_names_the_revisions_it_recorded(db: TestDatabase) {
    open(&db, 50, 1).await;
    let mut from_batch = note(10, 2);
    from_batch.batch_id = Some(id(50));
    let one = register(&db.store, 1).await;
    let one = record(&db.store, &one, &note(11, 1), &[put("nodule", "n1", 0, "a")]).await;
    record(&db.store, &one, &from_batch, &[put("nodule", "n1", 0, "b")]).await;
    let two = register(&db.store, 2).await;
    from_batch.id = id(12);
    record(&db.store, &two, &from_batch, &[put("nodule", "n1", 0, "a")]).await;
    let patient = |number: u64, seq: i64| BatchPatient {
        patient_id: id(number),
        study_id: format!("P-{number:04}"),
        first_seq: seq,
        last_seq: seq,
        n_revisions: 1,
    };
    let tx = db.store.writer().await.unwrap();
    assert_eq!(tx.patients_of_batch(id(50)).await.unwrap(), [patient(1, 2), patient(2, 1)]);
    assert_eq!(tx.patients_of_batch(id(51)).await.unwrap(), []);
    tx.rollback().await.unwrap();
}

async fn a_run_is_recorded_from_start_to_end(db: TestDatabase) {
    assert_eq!(db.store.last_run("sweep").await.unwrap(), None);
    for (number, minutes) in [(70, 1), (71, 2)] {
        let run = NewRun {
            id: id(number),
            kind: "sweep".to_owned(),
            as_of: day("2024-02-01"),
            started_at: minute(minutes),
        };
        db.store.start_run(&run).await.unwrap();
    }
    assert_eq!(db.store.last_run("sweep").await.unwrap().unwrap().outcome, RunOutcome::Running);
    let end = RunEnd {
        finished_at: minute(3),
        outcome: RunOutcome::Incomplete,
        n_patients: 10,
        n_failed: 1,
        summary: "{\"due\":2}".to_owned(),
    };
    db.store.finish_run(id(71), &end).await.unwrap();
    assert!(db.store.finish_run(id(71), &end).await.unwrap_err().is_conflict());
    let last = db.store.last_run("sweep").await.unwrap().unwrap();
    assert_eq!((last.id, last.outcome, last.n_failed), (id(71), RunOutcome::Incomplete, 1));
    assert_eq!(last.summary, end.summary);
    assert_eq!(db.store.last_run("other").await.unwrap(), None);
}
