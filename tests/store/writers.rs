//! Concurrent writers: they queue, none overwrites another, a busy database says so.

use std::{sync::Arc, time::Duration};

use lobewatch::store::Backend;
use tokio::{sync::Barrier, task::JoinSet};

use crate::support::{TestDatabase, append, id, minute, note, put, record, register};

both_databases!(
    concurrent_writers_of_one_patient_lose_no_revision,
    a_writer_with_an_old_head_is_refused,
    two_creators_of_one_patient_make_one,
    a_held_patient_makes_another_instance_unavailable,
);

async fn concurrent_writers_of_one_patient_lose_no_revision(db: TestDatabase) {
    register(&db.store, 1).await;
    let start = Arc::new(Barrier::new(8));
    let mut writers = JoinSet::new();
    for writer in 0..8_u64 {
        // Two instances of the program, four writers each.
        let store =
            if writer % 2 == 0 { db.store.clone() } else { db.second_store(Duration::from_secs(20)).await };
        let start = Arc::clone(&start);
        writers.spawn(async move {
            start.wait().await;
            for round in 0..5_u64 {
                let tx = store.writer().await.unwrap();
                let head = tx.find_patient("P-0001").await.unwrap().unwrap();
                let number = 100 + writer * 5 + round;
                append(&tx, &head, &note(number, 1), &[put("nodule", &format!("n{number}"), 0, "a")]).await;
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    assert_eq!(db.store.patient(id(1)).await.unwrap().unwrap().head_seq, 40);
    let seqs: Vec<i64> =
        db.store.revisions(id(1)).await.unwrap().iter().map(|revision| revision.seq).collect();
    assert_eq!(seqs, (1..=40).collect::<Vec<_>>());
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM facts").await, 40);
}

async fn a_writer_with_an_old_head_is_refused(db: TestDatabase) {
    let old = register(&db.store, 1).await;
    record(&db.store, &old, &note(10, 1), &[put("nodule", "n1", 0, "a")]).await;
    let tx = db.store.writer().await.unwrap();
    let refusal = tx.append_revision(&old, &note(11, 2), &[], &Default::default()).await.unwrap_err();
    assert!(refusal.is_conflict(), "{refusal}");
}

async fn two_creators_of_one_patient_make_one(db: TestDatabase) {
    let other = db.second_store(Duration::from_secs(20)).await;
    let first = db.store.writer().await.unwrap();
    first.create_patient(id(1), "P-0001", "north", minute(0)).await.unwrap();
    let second = tokio::spawn(async move {
        let tx = other.writer().await.unwrap();
        let outcome = tx.create_patient(id(2), "P-0001", "south", minute(0)).await;
        tx.commit().await.unwrap();
        outcome
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished(), "the second creator has to wait for the first");
    first.commit().await.unwrap();
    assert!(second.await.unwrap().unwrap_err().is_conflict());
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 1);
}

/// On SQLite the bare transaction holds the writer's place: that is `BEGIN IMMEDIATE`, because a
/// deferred one would let the second writer in.
async fn a_held_patient_makes_another_instance_unavailable(db: TestDatabase) {
    register(&db.store, 1).await;
    let other = db.second_store(Duration::from_millis(200)).await;
    let holder = db.store.writer().await.unwrap();
    let refusal = match db.store.backend() {
        Backend::Sqlite => other.writer().await.map(drop).unwrap_err(),
        Backend::Postgres => {
            holder.find_patient("P-0001").await.unwrap();
            let tx = other.writer().await.unwrap();
            tx.find_patient("P-0001").await.map(drop).unwrap_err()
        }
    };
    assert!(refusal.is_unavailable(), "{refusal}");
    // Readers are never held up.
    assert!(other.find_patient("P-0001").await.unwrap().is_some());
    holder.rollback().await.unwrap();
    other.writer().await.unwrap().commit().await.unwrap();
}
