//! Facts: as-of reads, corrections, withdrawals, bulk reads.

use chrono::TimeDelta;
use lobewatch::store::{AsOf, Fact, FactChange, StoreError};

use crate::support::{TestDatabase, append, day, fact, id, minute, note, put, record, register, withdraw};

both_databases!(
    every_past_instant_reads_as_it_was_known_then,
    a_patient_unknown_then_is_told_from_one_without_facts,
    a_clock_put_back_does_not_hide_revisions,
    facts_keep_every_column_and_document_order,
    the_history_of_a_fact_says_who_when_and_why,
    many_patients_are_read_as_of_their_heads,
    more_facts_than_fit_one_insert_are_kept,
    a_transaction_sees_what_it_wrote_and_others_do_not,
    a_key_twice_in_one_revision_is_a_conflict,
);

async fn contents(db: &TestDatabase, as_of: AsOf) -> Option<(i64, Vec<String>)> {
    let set = db.store.facts(id(1), as_of).await.unwrap()?;
    Some((set.seq, set.facts.into_iter().map(|fact| fact.content).collect()))
}

fn some(seq: i64, contents: &[&str]) -> Option<(i64, Vec<String>)> {
    Some((seq, contents.iter().map(|&text| text.to_owned()).collect()))
}

async fn every_past_instant_reads_as_it_was_known_then(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let head =
        record(&db.store, &head, &note(10, 10), &[put("nodule", "n1", 0, "a"), put("nodule", "n2", 1, "b")])
            .await;
    let head = record(&db.store, &head, &note(11, 20), &[put("nodule", "n1", 0, "corrected")]).await;
    let head = record(&db.store, &head, &note(12, 30), &[withdraw("nodule", "n2")]).await;
    record(&db.store, &head, &note(13, 40), &[put("nodule", "n2", 1, "back")]).await;

    let just_before = |minutes| minute(minutes) - TimeDelta::microseconds(1);
    for (at, known) in [
        (just_before(10), None),
        (minute(10), some(1, &["a", "b"])),
        (just_before(20), some(1, &["a", "b"])),
        (minute(20), some(2, &["corrected", "b"])),
        (minute(35), some(3, &["corrected"])),
        (minute(40), some(4, &["corrected", "back"])),
    ] {
        assert_eq!(contents(&db, AsOf::Instant(at)).await, known, "{at}");
    }
    assert_eq!(contents(&db, AsOf::Seq(1)).await, some(1, &["a", "b"]));
    assert_eq!(contents(&db, AsOf::Seq(3)).await, some(3, &["corrected"]));
    assert_eq!(contents(&db, AsOf::Seq(99)).await, some(4, &["corrected", "back"]));
    assert_eq!(contents(&db, AsOf::Latest).await, some(4, &["corrected", "back"]));
}

async fn a_patient_unknown_then_is_told_from_one_without_facts(db: TestDatabase) {
    assert_eq!(contents(&db, AsOf::Latest).await, None);
    let head = register(&db.store, 1).await;
    assert_eq!(contents(&db, AsOf::Latest).await, some(0, &[]));
    assert_eq!(contents(&db, AsOf::Seq(0)).await, None);
    let head = record(&db.store, &head, &note(10, 10), &[put("nodule", "n1", 0, "a")]).await;
    record(&db.store, &head, &note(11, 20), &[withdraw("nodule", "n1")]).await;
    assert_eq!(contents(&db, AsOf::Latest).await, some(2, &[]));
    assert_eq!(contents(&db, AsOf::Instant(minute(9))).await, None);
}

async fn a_clock_put_back_does_not_hide_revisions(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let head = record(&db.store, &head, &note(10, 100), &[put("nodule", "n1", 0, "a")]).await;
    record(&db.store, &head, &note(11, 50), &[put("nodule", "n2", 1, "b")]).await;
    assert_eq!(contents(&db, AsOf::Instant(minute(60))).await, some(2, &["a", "b"]));
}

async fn facts_keep_every_column_and_document_order(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let whole = Fact {
        lobe: Some("RLL".to_owned()),
        side: Some("right".to_owned()),
        earliest_on: Some(day("2021-03-01")),
        latest_on: Some(day("2021-03-31")),
        ..fact("nodule", "z", 0, "{\"b\": 1,  \"a\": \"é\"}")
    };
    let open = Fact { latest_on: Some(day("9999-12-31")), ..fact("imaging", "ct1", 0, "{}") };
    let last = fact("nodule", "a", 1, "{}");
    let changes = [&last, &whole, &open].map(|fact| FactChange::Put(fact.clone()));
    record(&db.store, &head, &note(10, 10), &changes).await;
    let set = db.store.facts(id(1), AsOf::Latest).await.unwrap().unwrap();
    assert_eq!(set.facts, [open, whole, last]);
}

async fn the_history_of_a_fact_says_who_when_and_why(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let head = record(&db.store, &head, &note(10, 10), &[put("nodule", "n1", 0, "a")]).await;
    let head = record(&db.store, &head, &note(11, 20), &[put("nodule", "other", 1, "x")]).await;
    let mut last = note(12, 30);
    last.recorded_by = "surgeon".to_owned();
    last.reason = "entered for the wrong patient".to_owned();
    record(&db.store, &head, &last, &[withdraw("nodule", "n1")]).await;

    let history = db.store.fact_history(id(1), "nodule", "n1").await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|(revision, fact)| {
            (
                revision.seq,
                revision.recorded_at,
                revision.recorded_by.as_str(),
                revision.reason.as_str(),
                fact.is_some(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, minute(10), "tester", "as told", true),
            (3, minute(30), "surgeon", "entered for the wrong patient", false)
        ]
    );
    assert_eq!(db.store.revisions(id(1)).await.unwrap().len(), 3);
}

async fn many_patients_are_read_as_of_their_heads(db: TestDatabase) {
    let empty = register(&db.store, 1).await;
    let two = register(&db.store, 2).await;
    let two = record(&db.store, &two, &note(10, 10), &[put("nodule", "n1", 0, "a")]).await;
    let three = register(&db.store, 3).await;
    let three = record(&db.store, &three, &note(11, 10), &[put("nodule", "n1", 0, "old")]).await;
    let three = record(&db.store, &three, &note(12, 20), &[put("nodule", "n1", 0, "new")]).await;
    record(&db.store, &two, &note(13, 30), &[put("nodule", "n2", 1, "after the head was read")]).await;

    let sets = db.store.facts_of_many(&[empty.clone(), two.clone(), three.clone()]).await.unwrap();
    let read = |head: &lobewatch::store::PatientHead| {
        let set = &sets[&head.id];
        (set.seq, set.facts.iter().map(|fact| fact.content.clone()).collect::<Vec<_>>())
    };
    assert_eq!(sets.len(), 3);
    assert_eq!(read(&empty), (0, vec![]));
    assert_eq!(read(&two), (1, vec!["a".to_owned()]));
    assert_eq!(read(&three), (2, vec!["new".to_owned()]));
}

async fn more_facts_than_fit_one_insert_are_kept(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let changes: Vec<FactChange> =
        (0..2_345).map(|n| put("nodule", &format!("n{n}"), n, &format!("{n}"))).collect();
    record(&db.store, &head, &note(10, 10), &changes).await;
    let (_, read) = contents(&db, AsOf::Latest).await.unwrap();
    assert_eq!(read, (0..2_345).map(|n| n.to_string()).collect::<Vec<_>>());
}

async fn a_transaction_sees_what_it_wrote_and_others_do_not(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let tx = db.store.writer().await.unwrap();
    append(&tx, &head, &note(10, 10), &[put("nodule", "n1", 0, "a")]).await;
    assert_eq!(tx.facts(id(1), AsOf::Latest).await.unwrap().unwrap().facts.len(), 1);
    assert_eq!(contents(&db, AsOf::Latest).await, some(0, &[]));
    drop(tx);
    // Dropping rolls back: the same revision can be written again.
    record(&db.store, &head, &note(10, 10), &[put("nodule", "n1", 0, "b")]).await;
    assert_eq!(contents(&db, AsOf::Latest).await, some(1, &["b"]));
}

async fn a_key_twice_in_one_revision_is_a_conflict(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let tx = db.store.writer().await.unwrap();
    let twice = [put("nodule", "n1", 0, "a"), put("nodule", "n1", 1, "b")];
    let refusal = tx.append_revision(&head, &note(10, 10), &twice, &Default::default()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Conflict { .. }), "{refusal}");
    tx.rollback().await.unwrap();
    assert_eq!(contents(&db, AsOf::Latest).await, some(0, &[]));
}
