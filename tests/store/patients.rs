//! Patient heads: registration, paging, head changes.

use lobewatch::store::{AsOf, HeadChange, NewPatient};

use crate::support::{TestDatabase, fact, id, minute, note, register};

both_databases!(
    a_study_id_is_registered_once_and_the_transaction_goes_on,
    pages_reach_every_patient_once,
    a_head_change_alone_is_a_revision,
    an_instant_is_kept_to_the_microsecond,
    many_are_registered_with_their_facts_or_none_is,
);

/// Patient `number` with 150 facts, more than one insert takes.
fn newcomer(number: u64, study_id: &str) -> NewPatient {
    let facts = (0..150).map(|place| fact("nodule", &format!("n{place:03}"), place, "{}")).collect();
    let note = note(number + 100, 1);
    NewPatient { id: id(number), study_id: study_id.to_owned(), clinic: "north".to_owned(), note, facts }
}

async fn many_are_registered_with_their_facts_or_none_is(db: TestDatabase) {
    let tx = db.store.writer().await.unwrap();
    let heads = tx.register_patients(vec![newcomer(2, "P-2"), newcomer(1, "P-1")]).await.unwrap();
    let locked = tx.lock_patients(&[id(1), id(2), id(3)]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        heads.iter().map(|head| (head.id, head.head_seq)).collect::<Vec<_>>(),
        [(id(2), 1), (id(1), 1)]
    );
    assert_eq!(locked, [heads[1].clone(), heads[0].clone()]);
    for head in &heads {
        assert_eq!(db.store.patient(head.id).await.unwrap().as_ref(), Some(head));
        assert_eq!(db.store.facts(head.id, AsOf::Seq(1)).await.unwrap().unwrap().facts.len(), 150);
        assert_eq!(db.store.revisions(head.id).await.unwrap().len(), 1);
    }
    let tx = db.store.writer().await.unwrap();
    let refusal = tx.register_patients(vec![newcomer(3, "P-3"), newcomer(4, "P-1")]).await.unwrap_err();
    assert!(refusal.is_conflict(), "{refusal}");
    tx.rollback().await.unwrap();
    assert_eq!(db.store.patient(id(3)).await.unwrap(), None);
}

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
