//! Mails that came back: the address is in doubt, a person is asked, and what the mail said counts as not told.

use lobewatch::app::{
    deliver::deliver_waiting,
    read_bounces::{BounceCounts, read_bounces},
};

use super::{World, patient};
use crate::{sink::Sink, support::TestDatabase};

both_databases!(a_mail_that_came_back_was_not_told_and_its_address_is_in_doubt);

fn report(message_id: &str, action: &str, status: &str) -> String {
    format!(
        "From MAILER-DAEMON Fri Feb  2 05:00:00 2024\nFrom: MAILER-DAEMON@relay.example\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n\
         Final-Recipient: rfc822; north@clinic.example\nAction: {action}\nStatus: {status}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n\n"
    )
}

async fn a_mail_that_came_back_was_not_told_and_its_address_is_in_doubt(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    world.sweep().await;
    let sink = Sink::start().await;
    let delivery = World::delivery_over(sink.transport());
    deliver_waiting(&world.ctx, &delivery, || false).await.unwrap();
    let told = "SELECT COUNT(*) AS n FROM reminders WHERE state = 'sent'";
    let before = db.number(told).await;
    assert!(before > 0);

    let id = sink.taken()[0].message_id.clone();
    let folder = tempfile::tempdir().unwrap();
    let mailbox = folder.path().join("mbox");
    let late = report(&id, "delayed", "4.4.1");
    std::fs::write(&mailbox, &late).unwrap();
    let counts = read_bounces(&world.ctx, &mailbox).await.unwrap();
    assert_eq!(counts, BounceCounts { messages: 1, passing: 1, ..BounceCounts::default() });
    assert_eq!(db.number(told).await, before, "it is only late");

    let foreign = report("<somebody@else.example>", "failed", "5.1.1");
    std::fs::write(&mailbox, late + &foreign + &report(&id, "failed", "5.1.1")).unwrap();
    let counts = read_bounces(&world.ctx, &mailbox).await.unwrap();
    assert_eq!(counts, BounceCounts { messages: 3, new: 1, passing: 1, foreign: 1, known: 0 });
    let again = read_bounces(&world.ctx, &mailbox).await.unwrap();
    assert_eq!(again, BounceCounts { known: 1, new: 0, ..counts }, "reading it again changes nothing");

    assert_eq!(db.number(told).await, 0, "nobody was told");
    let suspects = world.ctx.store.suspect_addresses().await.unwrap();
    assert_eq!(suspects.len(), 1);
    assert!(suspects[0].because.contains("5.1.1"));
    let keys: Vec<_> =
        world.ctx.store.mail_tasks().await.unwrap().into_iter().map(|task| task.record.key).collect();
    assert!(keys.contains(&"address-suspect north@clinic.example".to_owned()), "{keys:?}");
    assert!(read_bounces(&world.ctx, &folder.path().join("missing")).await.is_err());
}
