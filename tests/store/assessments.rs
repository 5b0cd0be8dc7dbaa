//! Assessments, flags, slots and data tasks: superseded or closed, never lost.

use lobewatch::store::{AssessmentRecord, FlagRecord, PlanChanges, SlotRecord, Store, TaskRecord};
use uuid::Uuid;

use crate::support::{TestDatabase, day, id, minute, register};

both_databases!(
    a_new_assessment_supersedes_and_keeps_the_old_one,
    a_plan_is_added_to_changed_and_superseded,
    a_task_is_open_once_and_closed_when_resolved,
);

fn assessment(number: u64, patient_id: Uuid, tier: &str, minutes: i64) -> AssessmentRecord {
    AssessmentRecord {
        id: id(number),
        patient_id,
        run_id: None,
        as_of: day("2024-02-01"),
        facts_seq: 1,
        protocol_id: "default".to_owned(),
        protocol_version: "1".to_owned(),
        rules_version: "1".to_owned(),
        tier: tier.to_owned(),
        plan_state: "active".to_owned(),
        followed: true,
        next_due_on: None,
        content: "{\"tier\":  \"as written\"}".to_owned(),
        substance_hash: format!("hash {number}"),
        created_at: minute(minutes),
    }
}

fn flag(pattern: &str) -> FlagRecord {
    FlagRecord {
        pattern: pattern.to_owned(),
        state: "unknown".to_owned(),
        effect: "info".to_owned(),
        reason: "a date is missing".to_owned(),
        evidence: "[\"op1\"]".to_owned(),
    }
}

async fn a_new_assessment_supersedes_and_keeps_the_old_one(db: TestDatabase) {
    let (patient, other) = (register(&db.store, 1).await.id, register(&db.store, 2).await.id);
    let (first, second) = (assessment(60, patient, "S", 1), assessment(61, patient, "H", 2));
    for record in [&first, &second, &assessment(62, other, "L", 1)] {
        let tx = db.store.writer().await.unwrap();
        tx.save_assessment(record, &[flag("P02"), flag("P01")]).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(db.store.latest_assessment(patient).await.unwrap(), Some(second.clone()));
    assert_eq!(db.store.assessment_history(patient).await.unwrap(), [first, second]);
    assert_eq!(db.store.flags(id(60)).await.unwrap(), [flag("P02"), flag("P01")]);
    let heads = db.store.assessment_heads(&[patient, other, id(99)]).await.unwrap();
    assert_eq!(heads.len(), 2);
    assert_eq!((heads[&patient].tier.as_str(), heads[&patient].substance_hash.as_str()), ("H", "hash 61"));
    let second_current = "UPDATE assessments SET superseded_at = NULL";
    assert!(db.execute(second_current).await.is_err(), "two current assessments of one patient");
}

fn slot(key: &str, due_on: &str) -> SlotRecord {
    SlotRecord {
        slot_key: key.to_owned(),
        kind: "ct".to_owned(),
        due_on: Some(day(due_on)),
        window_from: None,
        window_to: None,
        overdue_from: None,
        severe_from: None,
        state: "planned".to_owned(),
        open: true,
        why: "schedule".to_owned(),
    }
}

async fn plan(store: &Store, patient: Uuid, wanted: &[SlotRecord], minutes: i64) -> PlanChanges {
    let tx = store.writer().await.unwrap();
    let changes = tx.save_plan(patient, wanted, "new operation", minute(minutes)).await.unwrap();
    tx.commit().await.unwrap();
    changes
}

async fn a_plan_is_added_to_changed_and_superseded(db: TestDatabase) {
    let patient = register(&db.store, 1).await.id;
    let changes = |added, changed, superseded| PlanChanges { added, changed, superseded };
    let (m3, m6) = (slot("m3", "2024-03-01"), slot("m6", "2024-06-01"));
    assert_eq!(plan(&db.store, patient, &[m3.clone(), m6.clone()], 1).await, changes(2, 0, 0));
    assert_eq!(plan(&db.store, patient, &[m6.clone(), m3.clone()], 2).await, changes(0, 0, 0));
    let done = SlotRecord { open: false, state: "done".to_owned(), ..m3.clone() };
    assert_eq!(plan(&db.store, patient, &[done.clone(), m6.clone()], 3).await, changes(0, 1, 0));
    // A plan that names neither drops the open slot and leaves the closed one as it was.
    assert_eq!(plan(&db.store, patient, &[slot("m9", "2024-09-01")], 4).await, changes(1, 0, 1));
    let stored = db.store.slots(patient).await.unwrap();
    assert_eq!((&stored[0].record, &stored[0].superseded), (&done, &None));
    assert_eq!(stored[0].first_planned_at, minute(1));
    assert_eq!(stored[0].changed_at, minute(3));
    assert_eq!(stored[1].superseded, Some((minute(4), "new operation".to_owned())));
    assert_eq!(stored.len(), 3);
    // Back in the plan.
    assert_eq!(plan(&db.store, patient, &[m6.clone(), slot("m9", "2024-09-01")], 5).await, changes(0, 1, 0));
    let stored = db.store.slots(patient).await.unwrap();
    assert_eq!((&stored[1].record, &stored[1].superseded), (&m6, &None));
}

async fn a_task_is_open_once_and_closed_when_resolved(db: TestDatabase) {
    let patient = register(&db.store, 1).await.id;
    let task = |key: &str, reason: &str| TaskRecord { key: key.to_owned(), reason: reason.to_owned() };
    let save = async |wanted: &[TaskRecord], minutes| {
        let tx = db.store.writer().await.unwrap();
        let changes = tx.save_tasks(patient, wanted, minute(minutes)).await.unwrap();
        tx.commit().await.unwrap();
        (changes.opened, changes.closed)
    };
    let (margin, date) = (task("margin", "margin missing"), task("date", "date missing"));
    assert_eq!(save(&[margin.clone(), date.clone()], 1).await, (2, 0));
    assert_eq!(save(&[date.clone(), task("margin", "reworded")], 2).await, (0, 0));
    assert_eq!(save(std::slice::from_ref(&date), 3).await, (0, 1));
    assert_eq!(save(&[date.clone(), margin.clone()], 4).await, (1, 0));
    let stored = db.store.tasks(patient).await.unwrap();
    assert_eq!(stored[0].record, task("margin", "reworded"));
    assert_eq!(stored[0].closed, Some((minute(3), "resolved by later facts".to_owned())));
    assert_eq!((&stored[2].record, stored[2].opened_at, &stored[2].closed), (&margin, minute(4), &None));
    let twice = "INSERT INTO data_tasks (patient_id, task_key, reason, opened_at)
                 SELECT patient_id, task_key, reason, opened_at FROM data_tasks WHERE closed_at IS NULL";
    assert!(db.execute(twice).await.is_err(), "a question open twice");
}
