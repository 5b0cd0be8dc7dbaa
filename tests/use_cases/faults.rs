//! Delivery to a mail server that refuses, falls silent or is away, and to a world that changes before the text leaves.

use std::sync::Arc;

use chrono::TimeDelta;
use lobewatch::{
    app::{
        context::{Clinics, Context},
        deliver::{Delivery, DeliveryReport, deliver_waiting},
        enqueue_digests::DigestTime,
        sweep::sweep,
    },
    store::{Mail, MailState, MailStop},
};

use super::{World, clinics, patient, with_follow_up};
use crate::{
    sink::{Mood, Sink},
    support::TestDatabase,
};

both_databases!(
    a_refused_address_is_in_doubt_at_once_and_a_person_gets_a_task,
    a_trusted_address_gets_what_was_held_back,
    a_refused_text_makes_a_task_and_leaves_the_address_alone,
    a_passing_refusal_is_tried_again_under_the_same_message_id,
    no_answer_after_the_text_is_unknown_and_repeated_under_the_same_message_id,
    a_changed_text_does_not_go_out_under_the_message_id_of_one_that_may_have_arrived,
    who_dies_while_the_server_is_spoken_to_is_in_no_mail,
    an_address_changed_while_the_server_is_spoken_to_gets_nothing,
    whoever_dies_or_moves_at_the_last_moment_stands_in_no_mail_of_the_old_state,
    a_worker_that_stood_still_sends_nothing_when_it_wakes,
    a_stop_holds_one_clinic_back_and_what_came_due_collapses_when_it_is_lifted,
    a_stop_ordered_while_the_server_is_spoken_to_holds_the_mail_back,
    after_three_days_without_a_mail_server_each_clinic_has_one_digest_within_the_hour,
    a_mail_refused_again_and_again_is_given_to_a_person,
    a_mail_that_ends_its_process_each_time_is_given_to_a_person,
    nobody_to_send_to_is_a_task_until_somebody_is_named,
);

struct Story {
    world: World,
    sink: Sink,
    delivery: Delivery,
}

impl Story {
    /// One patient of the clinic `north` long overdue, and the night's digest written down.
    async fn new(db: &TestDatabase) -> Self {
        let world = World::new(db);
        world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
        world.sweep().await;
        let sink = Sink::start().await;
        let delivery = World::delivery_over(sink.transport());
        Self { world, sink, delivery }
    }

    async fn deliver(&self) -> DeliveryReport {
        deliver_waiting(&self.world.ctx, &self.delivery, || false).await.unwrap()
    }

    async fn next_night(&self) {
        self.world.clock.advance(TimeDelta::days(1));
        self.world.sweep().await;
    }

    /// The keys of the open tasks about mail. That a step has no clinician is another story.
    async fn tasks(&self) -> Vec<String> {
        let tasks = self.world.ctx.store.mail_tasks().await.unwrap();
        let keys = tasks.into_iter().map(|task| task.record.key);
        keys.filter(|key| !key.ends_with(" clinician")).collect()
    }

    async fn mail(&self, message_id: &str) -> Mail {
        self.world.ctx.store.mail_of_message_id(message_id).await.unwrap().unwrap()
    }
}

/// The words of a message, whose bodies are base64.
fn readable(text: &str) -> String {
    let message = mail_parser::MessageParser::default().parse(text).unwrap();
    message.body_text(0).unwrap().into_owned()
}

async fn a_refused_address_is_in_doubt_at_once_and_a_person_gets_a_task(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::RefusesRecipient("550 5.1.1 no such user"));
    let report = story.deliver().await;
    assert_eq!((report.failed, report.retried), (1, 0), "one try");
    let suspects = story.world.ctx.store.suspect_addresses().await.unwrap();
    assert_eq!(suspects.len(), 1);
    assert_eq!(suspects[0].address, "north@clinic.example");
    assert!(suspects[0].because.contains("550 5.1.1"), "{}", suspects[0].because);
    let tasks = story.tasks().await;
    assert_eq!(tasks, ["address-suspect north@clinic.example", "mail-not-delivered north digest"]);
    story.sink.is(Mood::Good);
    story.next_night().await;
    assert_eq!(story.deliver().await.cancelled, 1, "nothing more is sent there");
    assert!(story.sink.taken().is_empty());
    assert_eq!(story.tasks().await, tasks, "and the task stays");
    let sent = "SELECT COUNT(*) AS n FROM reminders WHERE state = 'sent'";
    assert_eq!(db.number(sent).await, 0, "nobody was told");
}

async fn a_trusted_address_gets_what_was_held_back(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::RefusesRecipient("552 5.2.2 mailbox full"));
    story.deliver().await;
    story.sink.is(Mood::Good);
    story.next_night().await;
    story.deliver().await;
    let store = &story.world.ctx.store;
    let trust = async |address: &str| {
        let tx = store.writer().await.unwrap();
        let trusted =
            tx.trust_address(address, "Dr Test", "the clinic has answered", story.world.ctx.now()).await;
        tx.commit().await.unwrap();
        trusted.unwrap()
    };
    assert!(!trust("south@clinic.example").await, "never in doubt");
    assert!(trust("north@clinic.example").await);
    assert!(!trust("north@clinic.example").await, "no longer in doubt");
    let report = story.deliver().await;
    assert_eq!((report.sent, report.cancelled), (1, 1), "the later one takes the place of the older");
    assert_eq!(story.tasks().await, Vec::<String>::new());
    assert_eq!(store.counts(story.world.ctx.today()).await.unwrap().mails_failed, 0);
    let by = "SELECT COUNT(*) AS n FROM mail_tasks WHERE closed_by = 'Dr Test'
        AND closed_because = 'the clinic has answered'";
    assert_eq!(db.number(by).await, 1);
}

async fn a_refused_text_makes_a_task_and_leaves_the_address_alone(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::RefusesText("554 5.6.0 not this text"));
    assert_eq!(story.deliver().await.failed, 1);
    assert_eq!(story.tasks().await, ["mail-not-delivered north digest"]);
    assert!(story.world.ctx.store.suspect_addresses().await.unwrap().is_empty());
    story.sink.is(Mood::Good);
    story.next_night().await;
    assert_eq!(story.deliver().await.sent, 1);
    assert_eq!(
        story.tasks().await,
        Vec::<String>::new(),
        "the later list says all that the older one would have"
    );
    assert_eq!(story.world.ctx.store.counts(story.world.ctx.today()).await.unwrap().mails_failed, 0);
}

async fn a_passing_refusal_is_tried_again_under_the_same_message_id(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::RefusesRecipient("451 4.7.1 greylisted"));
    assert_eq!(story.deliver().await.retried, 1);
    assert_eq!(story.deliver().await, DeliveryReport::default(), "not before its time");
    let first = db.number("SELECT attempts AS n FROM mails").await;
    story.sink.is(Mood::Good);
    story.world.clock.advance(TimeDelta::minutes(6));
    assert_eq!(story.deliver().await.sent, 1);
    let taken = story.sink.taken();
    assert_eq!((first, taken.len()), (1, 1));
    assert_eq!(story.mail(&taken[0].message_id).await.attempts, 2);
    assert_eq!(story.tasks().await, Vec::<String>::new());
}

async fn no_answer_after_the_text_is_unknown_and_repeated_under_the_same_message_id(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::SilentAfterText);
    assert_eq!(story.deliver().await.retried, 1);
    let id = story.sink.taken()[0].message_id.clone();
    assert_eq!(story.mail(&id).await.state, MailState::Unknown);
    story.sink.is(Mood::Good);
    story.world.clock.advance(TimeDelta::minutes(6));
    assert_eq!(story.deliver().await.sent, 1);
    assert_eq!(story.sink.copies().into_iter().collect::<Vec<_>>(), [(id, 2)]);
}

async fn a_changed_text_does_not_go_out_under_the_message_id_of_one_that_may_have_arrived(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::SilentAfterText);
    story.deliver().await;
    story.sink.is(Mood::Good);
    story.world.import(&[dead("P-1")]).await;
    story.world.clock.advance(TimeDelta::minutes(6));
    let report = story.deliver().await;
    assert_eq!((report.renewed, report.sent), (1, 1));
    let taken = story.sink.taken();
    assert_eq!(taken.len(), 2);
    assert_ne!(taken[0].message_id, taken[1].message_id);
    assert!(readable(&taken[0].text).contains("P-1"));
    assert!(!readable(&taken[1].text).contains("P-1") && readable(&taken[1].text).contains("P-2"));
    assert_eq!(story.mail(&taken[0].message_id).await.id, story.mail(&taken[1].message_id).await.id);
    let why = "SELECT COUNT(*) AS n FROM withdrawn_mails WHERE because = 'what it said was no longer so'";
    assert_eq!(db.number(why).await, 1);
}

fn dead(study_id: &str) -> String {
    with_follow_up(study_id, "north", r#"{"vital_status": "dead", "died_on": "2024-02-02"}"#)
}

async fn who_dies_while_the_server_is_spoken_to_is_in_no_mail(db: TestDatabase) {
    let story = Story::new(&db).await;
    let world = World::new(&db);
    // Other identities than those that the story has handed out.
    let ids: Arc<lobewatch::ids::CountingIds> = Arc::new(lobewatch::ids::CountingIds::from(1 << 40));
    let world = World { ctx: Context { ids, ..world.ctx.clone() }, ..world };
    story.sink.at_next_recipient(move || async move {
        world.import(&[dead("P-1")]).await;
    });
    let report = story.deliver().await;
    assert_eq!((report.renewed, report.sent), (1, 1));
    let taken = story.sink.taken();
    assert_eq!(taken.len(), 1);
    let text = readable(&taken[0].text);
    assert!(!text.contains("P-1") && text.contains("P-2"), "{text}");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM withdrawn_mails").await, 1);
}

/// Each night one patient dies or moves to the other clinic between the server's word on the first recipient and the text.
async fn whoever_dies_or_moves_at_the_last_moment_stands_in_no_mail_of_the_old_state(db: TestDatabase) {
    let story = Story::new(&db).await;
    // Nobody is `P-1` and `P-11` at once.
    let mut clinic_of: std::collections::BTreeMap<String, Option<&str>> = (10..30)
        .map(|number| (format!("Q-{number}"), Some(if number % 2 == 0 { "north" } else { "south" })))
        .collect();
    let everybody: Vec<_> = clinic_of.iter().map(|(id, clinic)| patient(id, clinic.unwrap())).collect();
    story.world.import(&everybody).await;
    let (mut seen, mut renewed) = (0, 0);
    for night in 0_u64..10 {
        story.next_night().await;
        let id = format!("Q-{}", 10 + (night * 7) % 20);
        let document = match clinic_of[&id] {
            Some("north") if night % 3 > 0 => {
                clinic_of.insert(id.clone(), Some("south"));
                patient(&id, "south")
            }
            Some("south") if night % 3 > 0 => {
                clinic_of.insert(id.clone(), Some("north"));
                patient(&id, "north")
            }
            _ => {
                clinic_of.insert(id.clone(), None);
                dead(&id)
            }
        };
        let ids = Arc::new(lobewatch::ids::CountingIds::from((night + 2) << 40));
        let apart = World::new(&db);
        let apart = World {
            ctx: Context { ids, clock: story.world.ctx.clock.clone(), ..apart.ctx.clone() },
            ..apart
        };
        story.sink.at_next_recipient(move || async move {
            apart.import(&[document]).await;
        });
        let report = story.deliver().await;
        assert_eq!(report.sent, 2, "night {night}: both clinics have their digest");
        renewed += report.renewed;
        let taken = story.sink.taken();
        for mail in &taken[seen..] {
            let text = readable(&mail.text);
            for (id, clinic) in &clinic_of {
                let own = clinic.is_some_and(|clinic| mail.to == format!("{clinic}@clinic.example"));
                assert!(
                    own || !text.contains(id),
                    "night {night}: {id} stands in a mail to {}: {text}",
                    mail.to
                );
            }
        }
        seen = taken.len();
    }
    assert!(renewed > 0, "no change came between the list and the text");
}

async fn an_address_changed_while_the_server_is_spoken_to_gets_nothing(db: TestDatabase) {
    let story = Story::new(&db).await;
    let store = story.world.ctx.store.clone();
    let now = story.world.ctx.now();
    story.sink.at_next_recipient(move || async move {
        // Known meanwhile from another mail: the address is wrong.
        let mail = store.mail_of_message_id(&first_message_id(&store).await).await.unwrap().unwrap();
        let tx = store.writer().await.unwrap();
        assert!(tx.mail_bounced(&mail, "5.1.1", now).await.unwrap());
        tx.commit().await.unwrap();
    });
    let report = story.deliver().await;
    assert_eq!((report.sent, report.cancelled), (0, 1));
    assert!(story.sink.taken().is_empty());
    assert_eq!(story.tasks().await, ["address-suspect north@clinic.example"]);
}

async fn first_message_id(store: &lobewatch::store::Store) -> String {
    // The identities of the story count up, so its mail is found without asking the database by hand.
    for number in 1..10_000 {
        if let Some(mail) = store.find_mail(uuid::Uuid::from_u128(number)).await.unwrap() {
            return mail.message_id;
        }
    }
    panic!("no mail");
}

async fn a_worker_that_stood_still_sends_nothing_when_it_wakes(db: TestDatabase) {
    let story = Story::new(&db).await;
    let other = db.clone();
    story.sink.at_next_recipient(move || async move {
        let ended = "UPDATE mails SET lease_until = '2020-01-01T00:00:00+00:00'";
        other.execute(ended).await.unwrap();
        let pace = super::UNHURRIED;
        let later = "2030-01-01T00:00:00Z".parse().unwrap();
        let taken_over = other.store.claim_mail("other", TimeDelta::minutes(2), pace, later).await.unwrap();
        assert!(taken_over.is_some());
    });
    assert_eq!(story.deliver().await, DeliveryReport::default());
    assert!(story.sink.taken().is_empty());
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails WHERE claimed_by = 'other'").await, 1);
}

fn stop(clinic: Option<&str>, world: &World) -> MailStop {
    MailStop {
        clinic: clinic.map(str::to_owned),
        stopped_at: world.ctx.now(),
        stopped_by: "Dr Test".to_owned(),
        because: "the list is being checked".to_owned(),
    }
}

async fn a_stop_holds_one_clinic_back_and_what_came_due_collapses_when_it_is_lifted(db: TestDatabase) {
    let story = Story::new(&db).await;
    let world = &story.world;
    world.import(&[patient("S-1", "south")]).await;
    world.sweep().await;
    let store = &world.ctx.store;
    assert!(store.stop_mail(&stop(Some("north"), world)).await.unwrap());
    assert!(!store.stop_mail(&stop(Some("north"), world)).await.unwrap(), "it holds already");
    assert_eq!(story.deliver().await.sent, 1);
    story.next_night().await;
    assert!(store.stop_mail(&stop(None, world)).await.unwrap());
    assert_eq!(story.deliver().await, DeliveryReport::default(), "nobody gets anything");
    assert_eq!(
        store.mail_stops().await.unwrap(),
        [
            stop(None, world),
            MailStop { stopped_at: world.ctx.now() - TimeDelta::days(1), ..stop(Some("north"), world) }
        ]
    );
    let lift = async |clinic| store.start_mail(clinic, "Dr Test", "checked", world.ctx.now()).await.unwrap();
    assert!(lift(None).await && !lift(None).await && !lift(Some("south")).await);
    assert_eq!(story.deliver().await.sent, 1);
    assert!(story.sink.taken().iter().all(|taken| taken.to == "south@clinic.example"));
    story.next_night().await;
    assert!(lift(Some("north")).await);
    let report = story.deliver().await;
    assert_eq!(
        (report.sent, report.cancelled),
        (2, 2),
        "one digest a clinic; two older ones of north are superseded"
    );
    assert_eq!(story.sink.taken().iter().filter(|taken| taken.to == "north@clinic.example").count(), 1);
}

async fn a_stop_ordered_while_the_server_is_spoken_to_holds_the_mail_back(db: TestDatabase) {
    let story = Story::new(&db).await;
    let (store, order) = (story.world.ctx.store.clone(), stop(None, &story.world));
    story.sink.at_next_recipient(move || async move {
        assert!(store.stop_mail(&order).await.unwrap());
    });
    assert_eq!(story.deliver().await, DeliveryReport::default());
    assert!(story.sink.taken().is_empty());
    story.world.ctx.store.start_mail(None, "Dr Test", "checked", story.world.ctx.now()).await.unwrap();
    assert_eq!(story.deliver().await.sent, 1);
}

async fn after_three_days_without_a_mail_server_each_clinic_has_one_digest_within_the_hour(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.world.import(&[patient("S-1", "south")]).await;
    story.sink.is(Mood::Away);
    let began = story.world.ctx.now();
    let mut task_after = None;
    for minutes in 0..3 * 24 * 60 {
        if minutes % (24 * 60) == 0 {
            sweep(&story.world.ctx, None, DigestTime::Now, || false).await.unwrap();
        }
        if minutes % 5 == 0 {
            story.deliver().await;
            if task_after.is_none() && story.tasks().await == ["mail-server-away"] {
                task_after = Some(minutes);
            }
        }
        story.world.clock.advance(TimeDelta::minutes(1));
    }
    assert!(task_after.is_some_and(|minutes| minutes <= 60), "a person knows after {task_after:?} minutes");
    let relay = story.world.ctx.store.mail_relay().await.unwrap();
    assert!(relay.open_since.is_some_and(|since| since - began <= TimeDelta::hours(1)));
    assert_eq!(story.tasks().await, ["mail-server-away"], "one task and not one a mail");
    story.sink.is(Mood::Good);
    let mut sent = 0;
    for _ in 0..12 {
        story.world.clock.advance(TimeDelta::minutes(5));
        sent += story.deliver().await.sent;
    }
    assert_eq!(sent, 2);
    let to: std::collections::BTreeSet<_> = story.sink.taken().into_iter().map(|taken| taken.to).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    assert_eq!(story.tasks().await, Vec::<String>::new());
    let waiting = "SELECT COUNT(*) AS n FROM mails WHERE state NOT IN ('sent', 'cancelled')";
    assert_eq!(db.number(waiting).await, 0);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails WHERE state = 'cancelled'").await, 4);
}

async fn a_mail_refused_again_and_again_is_given_to_a_person(db: TestDatabase) {
    let story = Story::new(&db).await;
    story.sink.is(Mood::RefusesText("451 4.3.0 not now"));
    let mut ended = Vec::new();
    for _ in 0..4 {
        let report = story.deliver().await;
        ended.push((report.retried, report.failed));
        story.world.clock.advance(TimeDelta::hours(3));
    }
    assert_eq!(ended, [(1, 0), (1, 0), (0, 1), (0, 0)], "max_attempts of the story is 3");
    assert_eq!(story.tasks().await, ["mail-not-delivered north digest"]);
    assert_eq!(story.world.ctx.store.counts(story.world.ctx.today()).await.unwrap().mails_failed, 1);
    assert_eq!(story.world.ctx.store.mail_relay().await.unwrap().failures, 0, "the mail server works");
}

async fn a_mail_that_ends_its_process_each_time_is_given_to_a_person(db: TestDatabase) {
    let story = Story::new(&db).await;
    for _ in 0..story.delivery.max_attempts {
        assert!(story.world.claim().await.is_some());
        story.world.let_claims_lapse().await;
    }
    assert_eq!(story.deliver().await.failed, 1);
    assert!(story.sink.taken().is_empty());
    assert_eq!(story.tasks().await, ["mail-not-delivered north digest"]);
}

async fn nobody_to_send_to_is_a_task_until_somebody_is_named(db: TestDatabase) {
    let story = Story::new(&db).await;
    let keys = async || {
        let tasks = story.world.ctx.store.mail_tasks().await.unwrap();
        tasks.into_iter().map(|task| task.record.key).collect::<Vec<_>>()
    };
    assert_eq!(
        keys().await,
        ["nobody-to-send-to north clinician"],
        "the step has come and nobody is named for it"
    );
    let nobody = Clinics::new(clinics(None), chrono_tz::Europe::Rome);
    let ctx = Context { clinics: Arc::new(nobody), ..story.world.ctx.clone() };
    sweep(&ctx, None, DigestTime::Now, || false).await.unwrap();
    sweep(&ctx, None, DigestTime::Now, || false).await.unwrap();
    assert_eq!(keys().await, ["nobody-to-send-to north clinician", "nobody-to-send-to north coordinator"]);
    let mut named = clinics(Some("north@clinic.example"));
    named.get_mut("north").unwrap().clinician_email = Some("doctor@clinic.example".parse().unwrap());
    let ctx = Context { clinics: Arc::new(Clinics::new(named, chrono_tz::Europe::Rome)), ..ctx };
    sweep(&ctx, None, DigestTime::Now, || false).await.unwrap();
    assert_eq!(keys().await, Vec::<String>::new());
}
