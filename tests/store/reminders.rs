//! Reminders: planned once per key, cancelled instead of deleted, due from data.

use lobewatch::store::{AssessmentRecord, ReminderChanges, ReminderRecord, ReminderState, SlotRecord, Store};
use uuid::Uuid;

use crate::support::{TestDatabase, day, id, minute, register};

both_databases!(
    replanning_cancels_and_revives_but_never_deletes,
    a_key_of_another_patient_is_a_conflict,
    due_reminders_carry_what_a_digest_line_needs,
);

fn reminder(number: u64, step: &str, due_on: &str) -> ReminderRecord {
    ReminderRecord {
        id: id(number),
        reminder_key: format!("P-0001/m3/{step}"),
        clinic: "north".to_owned(),
        slot_key: "m3".to_owned(),
        step: step.to_owned(),
        recipient: "coordinator".to_owned(),
        due_on: day(due_on),
    }
}

async fn save(store: &Store, patient: Uuid, wanted: &[ReminderRecord], minutes: i64) -> ReminderChanges {
    let tx = store.writer().await.unwrap();
    let changes = tx.save_reminders(patient, wanted, "replanned", minute(minutes)).await.unwrap();
    tx.commit().await.unwrap();
    changes
}

async fn replanning_cancels_and_revives_but_never_deletes(db: TestDatabase) {
    let patient = register(&db.store, 1).await.id;
    let (notice, due) = (reminder(20, "notice", "2024-02-01"), reminder(21, "due", "2024-03-01"));
    let both = [notice.clone(), due.clone()];
    let changed =
        |planned, revived, changed, cancelled| ReminderChanges { planned, revived, changed, cancelled };
    assert_eq!(save(&db.store, patient, &both, 1).await, changed(2, 0, 0, 0));
    // The same plan again, under new identities, changes nothing.
    let again =
        [ReminderRecord { id: id(30), ..notice.clone() }, ReminderRecord { id: id(31), ..due.clone() }];
    assert_eq!(save(&db.store, patient, &again, 2).await, changed(0, 0, 0, 0));
    assert_eq!(save(&db.store, patient, std::slice::from_ref(&notice), 3).await, changed(0, 0, 0, 1));
    let stored = db.store.reminders(patient).await.unwrap();
    assert_eq!(stored[1].state, ReminderState::Cancelled);
    assert_eq!(stored[1].cancelled_because.as_deref(), Some("replanned"));
    let moved = ReminderRecord { due_on: day("2024-02-09"), ..notice };
    assert_eq!(save(&db.store, patient, &[moved.clone(), due.clone()], 4).await, changed(0, 1, 1, 0));
    let stored = db.store.reminders(patient).await.unwrap();
    assert_eq!(stored.iter().map(|r| r.state).collect::<Vec<_>>(), [ReminderState::Planned; 2]);
    assert_eq!(stored[0].record, moved);
    assert_eq!(stored[1].record, due);
    assert_eq!(stored[1].cancelled_because, None);
}

async fn a_key_of_another_patient_is_a_conflict(db: TestDatabase) {
    let (one, two) = (register(&db.store, 1).await.id, register(&db.store, 2).await.id);
    save(&db.store, one, &[reminder(20, "notice", "2024-02-01")], 1).await;
    let tx = db.store.writer().await.unwrap();
    let refusal =
        tx.save_reminders(two, &[reminder(21, "notice", "2024-02-01")], "", minute(2)).await.unwrap_err();
    assert!(refusal.is_conflict(), "{refusal}");
}

async fn due_reminders_carry_what_a_digest_line_needs(db: TestDatabase) {
    let patient = register(&db.store, 1).await.id;
    save(
        &db.store,
        patient,
        &[
            reminder(20, "notice", "2024-02-01"),
            reminder(21, "due", "2024-03-01"),
            reminder(22, "overdue", "2024-03-20"),
        ],
        1,
    )
    .await;
    let [bare] = &db.store.reminders_due("north", day("2024-02-01")).await.unwrap()[..] else { panic!() };
    assert_eq!((bare.slot_due_on, bare.slot_open, bare.tier.as_deref()), (None, None, None));

    let slot = SlotRecord {
        slot_key: "m3".to_owned(),
        kind: "ct".to_owned(),
        due_on: Some(day("2024-03-01")),
        window_from: Some(day("2024-02-16")),
        window_to: Some(day("2024-03-15")),
        overdue_from: Some(day("2024-03-16")),
        severe_from: Some(day("2024-04-12")),
        state: "planned".to_owned(),
        open: true,
        why: "month 3".to_owned(),
    };
    let tx = db.store.writer().await.unwrap();
    tx.save_plan(patient, &[slot], "", minute(2)).await.unwrap();
    tx.save_assessment(&assessment(patient), &[]).await.unwrap();
    tx.commit().await.unwrap();

    let [line] = &db.store.reminders_due("north", day("2024-02-15")).await.unwrap()[..] else { panic!() };
    assert_eq!((line.id, line.study_id.as_str(), line.step.as_str()), (id(20), "P-0001", "notice"));
    assert_eq!(line.slot_due_on, Some(day("2024-03-01")));
    assert_eq!(line.slot_window_from.zip(line.slot_window_to), Some((day("2024-02-16"), day("2024-03-15"))));
    assert_eq!((line.slot_state.as_deref(), line.slot_open), (Some("planned"), Some(true)));
    assert_eq!(line.tier.as_deref(), Some("H"));
    assert_eq!((line.next_step.as_deref(), line.next_step_on), (Some("due"), Some(day("2024-03-01"))));

    // After a missed month everything that fell due is still there, and nothing of other clinics.
    let late = db.store.reminders_due("north", day("2024-04-30")).await.unwrap();
    assert_eq!(late.iter().map(|line| line.step.as_str()).collect::<Vec<_>>(), ["notice", "due", "overdue"]);
    assert_eq!(late[2].next_step, None);
    assert_eq!(db.store.reminders_due("south", day("2024-04-30")).await.unwrap(), []);
}

fn assessment(patient_id: Uuid) -> AssessmentRecord {
    AssessmentRecord {
        id: id(60),
        patient_id,
        run_id: None,
        as_of: day("2024-02-01"),
        facts_seq: 0,
        protocol_id: "default".to_owned(),
        protocol_version: "1".to_owned(),
        rules_version: "1".to_owned(),
        tier: "H".to_owned(),
        plan_state: "active".to_owned(),
        followed: true,
        next_due_on: Some(day("2024-03-01")),
        content: "{}".to_owned(),
        substance_hash: "00".to_owned(),
        created_at: minute(2),
    }
}
