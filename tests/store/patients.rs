//! Patient heads: registration, paging, head changes.

use lobewatch::store::HeadChange;

use crate::support::{TestDatabase, id, minute, note, register};

both_databases!(
    a_study_id_is_registered_once_and_the_transaction_goes_on,
    pages_reach_every_patient_once,
    a_head_change_alone_is_a_revision,
    an_instant_is_kept_to_the_microsecond,
);

async fn a_study_id_is_registered_once_and_the_transaction_goes_on(db: TestDatabase) {
    register(&db.store, 1).await;
    let tx = db.store.writer().await.unwrap();
    let refusal = tx.create_patient(id(9), "P-0001", "south", minute(1)).await.unwrap_err();
    assert!(refusal.is_conflict(), "{refusal}");
    let known = tx.find_patient("P-0001").await.unwrap().unwrap();
    assert_eq!((known.id, known.clinic.as_str()), (id(1), "north"));
    tx.create_patient(id(2), "P-0002", "south", minute(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(db.store.patient(id(2)).await.unwrap().is_some());
    assert!(db.store.patient(id(9)).await.unwrap().is_none());
}

async fn pages_reach_every_patient_once(db: TestDatabase) {
    for number in 1..=7 {
        register(&db.store, number).await;
    }
    let tx = db.store.writer().await.unwrap();
    tx.create_patient(id(8), "S-1", "south", minute(0)).await.unwrap();
    tx.commit().await.unwrap();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = db.store.patients_page(after, 3, None).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.into_iter().map(|head| head.id));
    }
    assert_eq!(seen, (1..=8).map(id).collect::<Vec<_>>());
    let south = db.store.patients_page(None, 10, Some("south")).await.unwrap();
    assert_eq!(south.iter().map(|head| head.study_id.as_str()).collect::<Vec<_>>(), ["S-1"]);
    assert_eq!(db.store.clinics().await.unwrap(), ["north", "south"]);
}

async fn a_head_change_alone_is_a_revision(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let tx = db.store.writer().await.unwrap();
    let change = HeadChange { clinic: Some("south".to_owned()), withdrawn: Some(true) };
    let new = tx.append_revision(&head, &note(10, 1), &[], &change).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((new.head_seq, new.clinic.as_str(), new.withdrawn), (1, "south", true));
    assert_eq!(db.store.patient(id(1)).await.unwrap(), Some(new));
    assert_eq!(db.store.clinics().await.unwrap(), Vec::<String>::new());
}

async fn an_instant_is_kept_to_the_microsecond(db: TestDatabase) {
    let tx = db.store.writer().await.unwrap();
    let at = minute(0) + chrono::TimeDelta::nanoseconds(123_456_789);
    let made = tx.create_patient(id(1), "P-0001", "north", at).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(made.created_at, minute(0) + chrono::TimeDelta::microseconds(123_456));
    assert_eq!(db.store.patient(id(1)).await.unwrap(), Some(made));
}
