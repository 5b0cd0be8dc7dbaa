//! Import and roll-back: revisions, not duplicates; what was known stays readable.

use chrono::TimeDelta;
use lobewatch::{
    app::{
        export_histories::{ExportError, read_history},
        roll_back_batch::{RollBackError, roll_back_batch},
    },
    document::write::compact,
    store::AsOf,
};

use super::{World, patient};
use crate::support::TestDatabase;

both_databases!(
    a_document_is_recorded_once_and_a_change_becomes_a_revision,
    a_batch_goes_back_as_a_whole_and_history_stays_readable,
    a_patient_changed_since_is_never_overwritten_by_a_roll_back,
    a_patient_has_a_plan_from_the_moment_of_the_import,
    a_patient_with_thousands_of_questions_is_recorded,
    documents_recorded_together_may_be_new_known_and_of_one_patient,
);

async fn documents_recorded_together_may_be_new_known_and_of_one_patient(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    let together = [corrected("P-1"), patient("P-2", "north"), patient("P-3", "north"), corrected("P-3")];
    let (_, counts) = world.import(&together).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (1, 2, 1));
    for (study_id, revisions) in [("P-1", 2), ("P-2", 1), ("P-3", 2)] {
        let head = world.ctx.store.find_patient(study_id).await.unwrap().unwrap();
        assert_eq!(head.head_seq, revisions, "{study_id}");
        let assessed = world.ctx.store.latest_assessment(head.id).await.unwrap().unwrap();
        assert_eq!(assessed.facts_seq, revisions, "{study_id}");
    }
    assert!(text(&world, "P-3", AsOf::Latest).await.contains("\"long_mm\":11"));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 3);
}

fn corrected(study_id: &str) -> String {
    patient(study_id, "north").replace("\"long_mm\": 9", "\"long_mm\": 11")
}

async fn text(world: &World, study_id: &str, as_of: AsOf) -> String {
    compact(&read_history(&world.ctx, study_id, as_of).await.unwrap().1)
}

async fn a_document_is_recorded_once_and_a_change_becomes_a_revision(db: TestDatabase) {
    let world = World::new(&db);
    let (_, counts) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (2, 0, 0));
    let first = text(&world, "P-1", AsOf::Latest).await;
    let then = world.ctx.now();
    world.clock.advance(TimeDelta::hours(1));
    let (_, counts) = world.import(&[patient("P-1", "north"), corrected("P-2")]).await;
    assert_eq!((counts.new, counts.changed, counts.unchanged), (0, 1, 1));
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 2);
    assert_eq!(text(&world, "P-1", AsOf::Latest).await, first);
    assert!(text(&world, "P-2", AsOf::Latest).await.contains("\"long_mm\":11"));
    assert!(text(&world, "P-2", AsOf::Instant(then)).await.contains("\"long_mm\":9"));
    let head = world.ctx.store.find_patient("P-2").await.unwrap().unwrap();
    let revisions = world.ctx.store.revisions(head.id).await.unwrap();
    assert_eq!(
        revisions.iter().map(|revision| revision.recorded_by.as_str()).collect::<Vec<_>>(),
        ["Dr Test"; 2]
    );
    let study = world.ctx.store.fact_history(head.id, "imaging", "ct1").await.unwrap();
    assert_eq!(study.len(), 2, "only the study was stated anew");
    assert_eq!(world.ctx.store.fact_history(head.id, "nodule", "n1").await.unwrap().len(), 1);
}

async fn a_batch_goes_back_as_a_whole_and_history_stays_readable(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let before = text(&world, "P-1", AsOf::Latest).await;
    world.clock.advance(TimeDelta::hours(1));
    let (batch, _) = world.import(&[corrected("P-1"), patient("P-2", "north")]).await;
    let during = world.ctx.now();
    world.clock.advance(TimeDelta::hours(1));
    let report = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", false).await.unwrap();
    assert_eq!((report.restored, report.withdrawn), (1, 1));
    assert_eq!(text(&world, "P-1", AsOf::Latest).await, before);
    assert!(text(&world, "P-1", AsOf::Instant(during)).await.contains("\"long_mm\":11"));
    let gone = read_history(&world.ctx, "P-2", AsOf::Latest).await.unwrap_err();
    assert!(matches!(gone, ExportError::NotFound(_)), "{gone}");
    assert!(text(&world, "P-2", AsOf::Instant(during)).await.contains("P-2"));
    let again = roll_back_batch(&world.ctx, batch, "Dr Test", "again", false).await.unwrap_err();
    assert!(matches!(again, RollBackError::AlreadyRolledBack));
    let report = world.sweep().await;
    assert_eq!((report.patients, report.unaccounted.len()), (1, 0));
    let (_, counts) = world.import(&[patient("P-2", "north")]).await;
    assert_eq!(counts.new, 1, "a withdrawn patient can come back");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM patients").await, 2);
}

async fn a_patient_changed_since_is_never_overwritten_by_a_roll_back(db: TestDatabase) {
    let world = World::new(&db);
    let (batch, _) = world.import(&[patient("P-1", "north"), patient("P-2", "north")]).await;
    world.import(&[corrected("P-1")]).await;
    let refused = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", false).await.unwrap_err();
    assert!(matches!(&refused, RollBackError::ChangedSince(who) if who == &["P-1"]), "{refused}");
    assert!(read_history(&world.ctx, "P-2", AsOf::Latest).await.is_ok(), "nothing was rolled back");
    let report = roll_back_batch(&world.ctx, batch, "Dr Test", "wrong file", true).await.unwrap();
    assert_eq!((report.withdrawn, report.changed_since), (1, vec!["P-1".to_owned()]));
    assert!(text(&world, "P-1", AsOf::Latest).await.contains("\"long_mm\":11"));
}

async fn a_patient_has_a_plan_from_the_moment_of_the_import(db: TestDatabase) {
    let world = World::new(&db);
    world.import(&[patient("P-1", "north")]).await;
    let head = world.ctx.store.find_patient("P-1").await.unwrap().unwrap();
    let slots = world.ctx.store.slots(head.id).await.unwrap();
    assert!(slots.iter().any(|slot| slot.record.open), "{slots:?}");
    assert_eq!(world.ctx.store.unaccounted(world.ctx.today()).await.unwrap(), Vec::<String>::new());
}

async fn a_patient_with_thousands_of_questions_is_recorded(db: TestDatabase) {
    const NODULES: usize = 5_000;
    let world = World::new(&db);
    let nodules: Vec<_> =
        (0..NODULES).map(|at| format!(r#"{{"id": "x{at}", "lobe": "nos", "origin": "imaging"}}"#)).collect();
    let known = r#""nodules": ["#;
    let document = patient("P-1", "north").replace(known, &format!("{known}{}, ", nodules.join(", ")));
    world.import(&[document]).await;
    let open = db.number("SELECT COUNT(*) AS n FROM data_tasks WHERE closed_at IS NULL").await;
    assert!(open >= i64::try_from(NODULES).unwrap(), "every nodule without lobe is asked about: {open}");
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM facts WHERE kind = 'nodule'").await, 5_001);
}
