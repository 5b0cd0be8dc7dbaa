//! The outbox: queued once, claimed by one, settled by the holder of the claim.

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use lobewatch::store::{
    FailureKind, Mail, MailOutcome, MailState, NewMail, Pace, ReminderRecord, ReminderState, Store,
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::support::{TestDatabase, day, id, minute, register};

both_databases!(
    a_digest_is_queued_once_a_day,
    a_claim_is_counted_and_committed_before_it_returns,
    eight_claimers_never_share_a_mail,
    a_lapsed_lease_is_taken_over_and_the_old_worker_refused,
    an_instance_whose_clock_is_hours_ahead_takes_nothing_over,
    no_more_mails_leave_in_a_minute_and_to_one_recipient_than_the_pace_allows,
    sending_marks_the_reminders_it_carried_in_one_commit,
    retries_wait_and_what_is_settled_for_good_is_not_claimed,
);

/// Leases go by the database's clock. One of no length has lapsed when it is given.
fn lapsed() -> TimeDelta {
    TimeDelta::zero()
}

fn unhurried() -> Pace {
    Pace { per_minute: 1_000, between_two: TimeDelta::zero() }
}

fn mail(number: u64, clinic: &str) -> NewMail {
    NewMail {
        id: id(number),
        kind: "digest".to_owned(),
        clinic: clinic.to_owned(),
        local_date: day("2024-02-01"),
        recipient: "nurse@clinic.example".to_owned(),
        message_id: format!("<{number}@lobewatch.example>"),
        created_at: minute(0),
        next_attempt_at: minute(0),
    }
}

async fn queue(store: &Store, mail: &NewMail) -> bool {
    let tx = store.writer().await.unwrap();
    let queued = tx.enqueue_mail(mail).await.unwrap();
    tx.commit().await.unwrap();
    queued
}

async fn claim(store: &Store, worker: &str, minutes: i64) -> Option<Mail> {
    store.claim_mail(worker, TimeDelta::minutes(2), unhurried(), minute(minutes)).await.unwrap()
}

async fn a_digest_is_queued_once_a_day(db: TestDatabase) {
    assert!(queue(&db.store, &mail(1, "north")).await);
    assert!(!queue(&db.store, &mail(2, "north")).await);
    assert!(queue(&db.store, &mail(3, "south")).await);
    let next_day = NewMail { local_date: day("2024-02-02"), ..mail(4, "north") };
    assert!(queue(&db.store, &next_day).await);
    let tx = db.store.writer().await.unwrap();
    let stolen = NewMail { message_id: mail(1, "").message_id, ..mail(5, "west") };
    assert!(tx.enqueue_mail(&stolen).await.unwrap_err().is_conflict());
    tx.rollback().await.unwrap();
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails").await, 3);
}

async fn a_claim_is_counted_and_committed_before_it_returns(db: TestDatabase) {
    assert_eq!(claim(&db.store, "a", 0).await, None);
    queue(&db.store, &NewMail { next_attempt_at: minute(10), ..mail(1, "north") }).await;
    assert_eq!(claim(&db.store, "a", 9).await, None);
    let claimed = claim(&db.store, "a", 10).await.unwrap();
    assert_eq!((claimed.state, claimed.attempts), (MailState::Claimed, 1));
    assert!(claimed.lease_until.is_some_and(|until| until > minute(10)));
    let other = db.second_store(std::time::Duration::from_secs(5)).await;
    assert_eq!(other.find_mail(id(1)).await.unwrap(), Some(claimed));
}

async fn eight_claimers_never_share_a_mail(db: TestDatabase) {
    for number in 0..24 {
        queue(&db.store, &mail(100 + number, &format!("clinic {number}"))).await;
    }
    let start = Arc::new(Barrier::new(8));
    let mut claimers = JoinSet::new();
    for number in 0..8 {
        let (store, start) = (db.store.clone(), Arc::clone(&start));
        claimers.spawn(async move {
            start.wait().await;
            let mut mine = Vec::new();
            while let Some(claimed) = claim(&store, &format!("worker {number}"), 1).await {
                mine.push(claimed.id);
            }
            mine
        });
    }
    let claimed: Vec<_> = claimers.join_all().await.concat();
    assert_eq!(claimed.len(), 24);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 24);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails WHERE attempts <> 1").await, 0);
}

async fn a_lapsed_lease_is_taken_over_and_the_old_worker_refused(db: TestDatabase) {
    queue(&db.store, &mail(1, "north")).await;
    let claim_lapsed = async |worker: &str| {
        db.store.claim_mail(worker, lapsed(), unhurried(), minute(0)).await.unwrap().unwrap()
    };
    let old = claim_lapsed("a").await;
    assert!(!db.store.holds_claim(&old).await.unwrap(), "nobody has it yet, but its time is over");
    let new = claim_lapsed("b").await;
    assert_eq!((new.id, new.attempts, new.message_id.clone()), (old.id, 2, old.message_id.clone()));
    let sent = MailOutcome::Sent { reply: "250 ok".to_owned(), at: minute(6), reminders: vec![] };
    assert!(db.store.settle_mail(&old, &sent, minute(6)).await.unwrap_err().is_conflict());
    assert_eq!(db.store.find_mail(id(1)).await.unwrap().unwrap().state, MailState::Claimed);

    // The same worker name does not help: the attempt is part of the claim.
    let again = claim(&db.store, "b", 0).await.unwrap();
    assert!(db.store.settle_mail(&new, &sent, minute(11)).await.unwrap_err().is_conflict());
    assert_eq!(
        (db.store.holds_claim(&new).await.unwrap(), db.store.holds_claim(&again).await.unwrap()),
        (false, true)
    );
    db.store.settle_mail(&again, &sent, minute(11)).await.unwrap();
    assert!(db.store.settle_mail(&again, &sent, minute(12)).await.unwrap_err().is_conflict());
    assert!(!db.store.holds_claim(&again).await.unwrap());
    assert_eq!(db.store.find_mail(id(1)).await.unwrap().unwrap().state, MailState::Sent);
}

async fn an_instance_whose_clock_is_hours_ahead_takes_nothing_over(db: TestDatabase) {
    queue(&db.store, &mail(1, "north")).await;
    let held = claim(&db.store, "a", 0).await.unwrap();
    assert_eq!(claim(&db.store, "b", 60 * 24 * 365 * 10).await, None);
    db.store.renew_claim(&held, TimeDelta::minutes(2), minute(-600)).await.unwrap();
    assert!(db.store.holds_claim(&held).await.unwrap());
    db.store.renew_claim(&held, lapsed(), minute(0)).await.unwrap();
    let late = db.store.renew_claim(&held, TimeDelta::minutes(2), minute(0)).await;
    assert!(late.unwrap_err().is_conflict(), "what has ended is not renewed");
    assert!(claim(&db.store, "b", 0).await.is_some());
}

async fn no_more_mails_leave_in_a_minute_and_to_one_recipient_than_the_pace_allows(db: TestDatabase) {
    let pace = Pace { per_minute: 2, between_two: TimeDelta::minutes(10) };
    let claim_at = async |minutes: i64| {
        db.store.claim_mail("a", TimeDelta::minutes(2), pace, minute(minutes)).await.unwrap()
    };
    for number in 1..=4 {
        let recipient =
            if number <= 2 { mail(1, "").recipient } else { format!("nurse-{number}@clinic.example") };
        queue(&db.store, &NewMail { recipient, ..mail(number, &format!("clinic-{number}")) }).await;
    }
    let mut left = Vec::new();
    for minutes in [0, 0, 0, 1, 9, 10, 11] {
        let Some(claimed) = claim_at(minutes).await else {
            left.push((minutes, None));
            continue;
        };
        let sent = MailOutcome::Sent { reply: "250 ok".to_owned(), at: minute(minutes), reminders: vec![] };
        db.store.settle_mail(&claimed, &sent, minute(minutes)).await.unwrap();
        left.push((minutes, Some(claimed.clinic.trim_start_matches("clinic-").parse::<u32>().unwrap())));
    }
    // Number 2 goes to the recipient of number 1.
    let expected =
        [(0, Some(1)), (0, Some(3)), (0, None), (1, Some(4)), (9, None), (10, Some(2)), (11, None)];
    assert_eq!(left, expected);
}

async fn sending_marks_the_reminders_it_carried_in_one_commit(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let reminder = |number: u64| ReminderRecord {
        id: id(number),
        reminder_key: format!("key {number}"),
        clinic: "north".to_owned(),
        slot_key: "m3".to_owned(),
        step: "notice".to_owned(),
        recipient: "coordinator".to_owned(),
        due_on: day("2024-02-01"),
    };
    let tx = db.store.writer().await.unwrap();
    tx.save_reminders(head.id, &[reminder(20), reminder(21), reminder(22)], "", minute(0)).await.unwrap();
    tx.commit().await.unwrap();
    queue(&db.store, &mail(1, "north")).await;
    let claimed = claim(&db.store, "a", 0).await.unwrap();
    // A new plan drops one reminder while the mail is under way: it was sent all the same.
    let tx = db.store.writer().await.unwrap();
    tx.save_reminders(head.id, &[reminder(20), reminder(22)], "replanned", minute(1)).await.unwrap();
    tx.commit().await.unwrap();
    let sent =
        MailOutcome::Sent { reply: "250 ok".to_owned(), at: minute(2), reminders: vec![id(20), id(21)] };
    db.store.settle_mail(&claimed, &sent, minute(2)).await.unwrap();
    let states: Vec<_> =
        db.store.reminders(head.id).await.unwrap().into_iter().map(|r| (r.state, r.mail_id)).collect();
    assert_eq!(
        states,
        [
            (ReminderState::Sent, Some(id(1))),
            (ReminderState::Sent, Some(id(1))),
            (ReminderState::Planned, None)
        ]
    );
    let mail = db.store.find_mail(id(1)).await.unwrap().unwrap();
    assert_eq!((mail.server_reply.as_deref(), mail.sent_at), (Some("250 ok"), Some(minute(2))));
}

async fn retries_wait_and_what_is_settled_for_good_is_not_claimed(db: TestDatabase) {
    queue(&db.store, &mail(1, "north")).await;
    for (attempt, unknown) in [(1, false), (2, true)] {
        let claimed = claim(&db.store, "a", attempt * 10).await.unwrap();
        assert_eq!(claimed.attempts, attempt);
        let kind = if unknown {
            FailureKind::Unknown { content_hash: "said".to_owned() }
        } else {
            FailureKind::Refused
        };
        let retry = MailOutcome::RetryAt { at: minute(attempt * 10 + 10), error: "451".to_owned(), kind };
        db.store.settle_mail(&claimed, &retry, minute(attempt * 10)).await.unwrap();
        let state = db.store.find_mail(id(1)).await.unwrap().unwrap().state;
        assert_eq!(state, if unknown { MailState::Unknown } else { MailState::Failed });
        assert_eq!(claim(&db.store, "a", attempt * 10 + 9).await, None);
    }
    let claimed = claim(&db.store, "a", 30).await.unwrap();
    let given_up = MailOutcome::Failed { error: "550 no such user".to_owned(), suspect: false };
    db.store.settle_mail(&claimed, &given_up, minute(30)).await.unwrap();
    assert_eq!(claim(&db.store, "a", 100_000).await, None);
    let counts = db.store.counts(day("2024-02-01")).await.unwrap();
    assert_eq!((counts.mails_failed, counts.mails_waiting), (1, 0));

    queue(&db.store, &mail(2, "south")).await;
    let claimed = claim(&db.store, "a", 30).await.unwrap();
    let unwanted = MailOutcome::Cancelled { because: "clinic closed".to_owned() };
    db.store.settle_mail(&claimed, &unwanted, minute(30)).await.unwrap();
    assert_eq!(claim(&db.store, "a", 100_000).await, None);
    let mail = db.store.find_mail(id(2)).await.unwrap().unwrap();
    assert_eq!(
        (mail.state, mail.cancelled_because.as_deref()),
        (MailState::Cancelled, Some("clinic closed"))
    );
}
