//! Counts and the reconciliation: whoever is followed has something open, or is named.

use lobewatch::store::{
    AssessmentRecord, DECISION_SLOT, HeadChange, NO_NEXT_DATE_TASK, SlotRecord, StatusCounts, TaskRecord,
};

use crate::support::{TestDatabase, day, id, minute, note, register};

both_databases!(
    a_followed_patient_without_anything_open_is_named,
    counts_take_each_patient_once_under_the_worst_slot,
);

fn slot(key: &str, kind: &str, due_on: Option<&str>) -> SlotRecord {
    SlotRecord {
        slot_key: key.to_owned(),
        kind: kind.to_owned(),
        due_on: due_on.map(day),
        window_from: None,
        window_to: None,
        overdue_from: None,
        severe_from: None,
        state: "in words this module must not rely on".to_owned(),
        open: true,
        why: "schedule".to_owned(),
    }
}

fn assessment(number: u64, followed: bool) -> AssessmentRecord {
    AssessmentRecord {
        id: id(1_000 + number),
        patient_id: id(number),
        run_id: None,
        as_of: day("2024-02-01"),
        facts_seq: 0,
        protocol_id: "default".to_owned(),
        protocol_version: "1".to_owned(),
        rules_version: "1".to_owned(),
        tier: "S".to_owned(),
        plan_state: "active".to_owned(),
        followed,
        next_due_on: None,
        content: "{}".to_owned(),
        substance_hash: String::new(),
        created_at: minute(1),
    }
}

/// Registers patient `number` with an assessment and the given slots and tasks.
async fn follow(db: &TestDatabase, number: u64, followed: bool, slots: &[SlotRecord], tasks: &[TaskRecord]) {
    register(&db.store, number).await;
    let tx = db.store.writer().await.unwrap();
    tx.save_assessment(&assessment(number, followed), &[]).await.unwrap();
    tx.save_plan(id(number), slots, "", minute(1)).await.unwrap();
    tx.save_tasks(id(number), tasks, minute(1)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_followed_patient_without_anything_open_is_named(db: TestDatabase) {
    let today = day("2024-02-01");
    let task = [TaskRecord { key: NO_NEXT_DATE_TASK.to_owned(), reason: "date missing".to_owned() }];
    let other = [TaskRecord { key: "margin-unknown".to_owned(), reason: "margin missing".to_owned() }];
    let closed = SlotRecord { open: false, ..slot("m3", "ct", Some("2024-03-01")) };
    follow(&db, 1, true, &[slot("m3", "ct", Some("2024-03-01"))], &[]).await;
    follow(&db, 2, true, &[slot("end", DECISION_SLOT, None)], &[]).await;
    follow(&db, 3, true, &[], &task).await;
    follow(&db, 4, false, &[], &[]).await;
    assert_eq!(db.store.unaccounted(today).await.unwrap(), Vec::<String>::new());

    follow(&db, 5, true, &[], &[]).await;
    follow(&db, 6, true, &[closed], &[]).await;
    follow(&db, 7, true, &[slot("m3", "ct", None)], &[]).await;
    follow(&db, 8, true, &[slot("m3", "ct", Some("2099-03-01"))], &[]).await;
    follow(&db, 11, true, &[], &other).await; // another question is no plan
    register(&db.store, 9).await; // never assessed
    let withdrawn = register(&db.store, 10).await;
    let tx = db.store.writer().await.unwrap();
    let change = HeadChange { withdrawn: Some(true), ..HeadChange::default() };
    tx.append_revision(&withdrawn, &note(10, 1), &[], &change).await.unwrap();
    // The plan of patient 1 and the task of patient 3 vanish.
    tx.save_plan(id(1), &[], "replanned", minute(2)).await.unwrap();
    tx.save_tasks(id(3), &[], minute(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        db.store.unaccounted(today).await.unwrap(),
        ["P-0001", "P-0003", "P-0005", "P-0006", "P-0007", "P-0008", "P-0009", "P-0011"]
    );
}

async fn counts_take_each_patient_once_under_the_worst_slot(db: TestDatabase) {
    assert_eq!(db.store.counts(day("2024-03-10")).await.unwrap(), StatusCounts::default());
    let dated = |key: &str| SlotRecord {
        window_from: Some(day("2024-02-16")),
        window_to: Some(day("2024-03-15")),
        overdue_from: Some(day("2024-03-16")),
        severe_from: Some(day("2024-04-12")),
        ..slot(key, "ct", Some("2024-03-01"))
    };
    let later = slot("m6", "ct", Some("2024-06-01"));
    follow(&db, 1, true, &[dated("m3"), later.clone()], &[]).await;
    follow(&db, 2, true, &[later], &[TaskRecord { key: "k".to_owned(), reason: "r".to_owned() }]).await;
    follow(&db, 3, false, &[], &[]).await;
    let levels = async |on: &str| {
        let counts = db.store.counts(day(on)).await.unwrap();
        let [clinic] = &db.store.counts_by_clinic(day(on)).await.unwrap()[..] else { panic!("one clinic") };
        assert_eq!(
            (clinic.followed, clinic.due, clinic.overdue),
            (counts.followed, counts.due, counts.overdue + counts.severely_overdue),
            "the page and its lines by clinic agree on {on}"
        );
        (counts.due, counts.overdue, counts.severely_overdue)
    };
    assert_eq!(levels("2024-02-16").await, (0, 0, 0), "the window has begun, the day has not come");
    assert_eq!(levels("2024-02-29").await, (0, 0, 0));
    assert_eq!(levels("2024-03-01").await, (1, 0, 0));
    assert_eq!(levels("2024-03-15").await, (1, 0, 0));
    assert_eq!(levels("2024-03-16").await, (0, 1, 0));
    assert_eq!(levels("2024-04-12").await, (0, 0, 1));
    assert_eq!(levels("2024-06-01").await, (1, 0, 1));
    let counts = db.store.counts(day("2024-03-10")).await.unwrap();
    assert_eq!((counts.patients, counts.followed, counts.open_tasks), (3, 2, 1));
}
