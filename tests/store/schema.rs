//! Migrations, append-only triggers, file modes and settings.

use std::time::Duration;

use lobewatch::store::{Backend, DatabaseSettings, Obstacle, Pace, Store, StoreError};
use migrations::{Migrator, MigratorTrait};

use crate::support::{
    TestDatabase, fact, id, minute, note, postgres::with_empty_database, put, record, register,
};

both_databases!(
    migrating_again_changes_nothing,
    facts_and_revisions_refuse_update_and_delete,
    a_fact_needs_its_revision_and_a_revision_its_author,
    a_schema_of_a_newer_program_is_refused,
    a_registry_that_may_only_be_read_says_so_and_what_to_do,
);

async fn migrating_again_changes_nothing(db: TestDatabase) {
    register(&db.store, 1).await;
    assert_eq!(db.store.pending_migrations().await.unwrap(), Vec::<String>::new());
    db.store.migrate().await.unwrap();
    db.store.ping().await.unwrap();
    assert!(db.store.find_patient("P-0001").await.unwrap().is_some());
}

async fn facts_and_revisions_refuse_update_and_delete(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    record(&db.store, &head, &note(10, 1), &[put("nodule", "n1", 0, "{}")]).await;
    for statement in [
        "UPDATE facts SET content = 'changed'",
        "DELETE FROM facts",
        "UPDATE revisions SET reason = 'changed'",
        "DELETE FROM revisions",
    ] {
        let refusal = db.execute(statement).await.unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM facts WHERE content = '{}'").await, 1);
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM revisions WHERE reason = 'as told'").await, 1);
}

async fn a_fact_needs_its_revision_and_a_revision_its_author(db: TestDatabase) {
    let head = register(&db.store, 1).await;
    let orphan = "INSERT INTO facts (patient_id, seq, kind, fact_key, position, withdrawn, content)
                  SELECT id, 5, 'nodule', 'n1', 0, FALSE, '{}' FROM patients";
    assert!(db.execute(orphan).await.is_err());
    let mut anonymous = note(10, 1);
    anonymous.recorded_by.clear();
    let tx = db.store.writer().await.unwrap();
    let refusal = tx.append_revision(&head, &anonymous, &[], &Default::default()).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Other { .. }), "{refusal}");
    tx.rollback().await.unwrap();
    let mut backwards = fact("imaging", "ct1", 0, "{}");
    (backwards.earliest_on, backwards.latest_on) = (Some(id_day(2)), Some(id_day(1)));
    let tx = db.store.writer().await.unwrap();
    let change = [lobewatch::store::FactChange::Put(backwards)];
    assert!(tx.append_revision(&head, &note(11, 1), &change, &Default::default()).await.is_err());
}

fn id_day(day: u32) -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2024, 1, day).unwrap()
}

async fn a_schema_of_a_newer_program_is_refused(db: TestDatabase) {
    db.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_later', 0)")
        .await
        .unwrap();
    assert!(matches!(db.store.migrate().await, Err(StoreError::Migration { .. })));
    assert!(matches!(db.store.pending_migrations().await, Err(StoreError::Migration { .. })));
}

/// All or nothing, also when several instances start at once on an empty database.
async fn instances_migrate_one_after_another(db: TestDatabase) {
    assert_eq!(db.store.pending_migrations().await.unwrap().len(), Migrator::migrations().len());
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = db.second_store(Duration::from_secs(20)).await;
        starts.spawn(async move { store.migrate().await });
    }
    while let Some(start) = starts.join_next().await {
        start.unwrap().unwrap();
    }
    let steps = i64::try_from(Migrator::migrations().len()).unwrap();
    assert_eq!(db.number("SELECT COUNT(*) AS n FROM seaql_migrations").await, steps);
    register(&db.store, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_instances_migrate_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/registry.db?mode=rwc", folder.path().display());
    instances_migrate_one_after_another(TestDatabase::open(url).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_instances_migrate_one_after_another() {
    with_empty_database(instances_migrate_one_after_another).await;
}

/// A registry of the first release keeps its waiting mail through the step that adds delivery, and sends it.
async fn a_mail_written_before_the_upgrade_waits_after_it(db: TestDatabase) {
    Migrator::up(&db.raw().await, Some(1)).await.unwrap();
    register(&db.store, 1).await;
    db.execute(
        "INSERT INTO mails (id, kind, clinic, local_date, recipient, message_id, state, attempts, next_attempt_at,
            created_at, changed_at)
        SELECT p.id, 'digest', 'north', '2023-11-14', 'n@clinic.example', '<1@lobewatch.example>', 'planned', 0,
            p.created_at, p.created_at, p.created_at
        FROM patients p",
    )
    .await
    .unwrap();
    db.store.migrate().await.unwrap();
    let pace = Pace { per_minute: 60, between_two: chrono::TimeDelta::minutes(10) };
    let claim =
        db.store.claim_mail("a", chrono::TimeDelta::minutes(2), pace, minute(0)).await.unwrap().unwrap();
    assert_eq!((claim.attempts, claim.relay_failures, claim.bounced_at), (1, 0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_a_mail_written_before_the_upgrade_waits_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/registry.db?mode=rwc", folder.path().display());
    a_mail_written_before_the_upgrade_waits_after_it(TestDatabase::open(url).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_a_mail_written_before_the_upgrade_waits_after_it() {
    with_empty_database(a_mail_written_before_the_upgrade_waits_after_it).await;
}

#[tokio::test]
async fn replacing_a_fact_is_refused_on_the_stores_connections() {
    let folder = tempfile::tempdir().unwrap();
    let db = TestDatabase::sqlite(folder.path().join("registry.db")).await;
    let head = register(&db.store, 1).await;
    record(&db.store, &head, &note(10, 1), &[put("nodule", "n1", 0, "{}")]).await;
    let replace = "PRAGMA recursive_triggers = ON;
        REPLACE INTO facts (id, patient_id, seq, kind, fact_key, position, withdrawn, content)
        SELECT id, patient_id, seq, kind, fact_key, position, withdrawn, 'changed' FROM facts";
    assert!(db.execute(replace).await.unwrap_err().to_string().contains("append-only"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_and_its_companions_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let db = TestDatabase::sqlite(folder.path().join("made/for/it/registry.db")).await;
    register(&db.store, 1).await;
    for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
        let mode =
            std::fs::metadata(folder.path().join("made/for/it").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

async fn a_registry_that_may_only_be_read_says_so_and_what_to_do(db: TestDatabase) {
    register(&db.store, 1).await;
    let mut settings = db.settings.clone();
    match db.store.backend() {
        Backend::Sqlite => settings.url = settings.url.replace("mode=rwc", "mode=ro"),
        Backend::Postgres => {
            let forbid = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',                           current_database()); END $$";
            db.execute(forbid).await.unwrap();
        }
    }
    let reader = Store::open(&settings).await.unwrap();
    assert!(reader.find_patient("P-0001").await.unwrap().is_some());
    let refusal = match reader.writer().await {
        Ok(tx) => tx.create_patient(id(2), "P-0002", "north", minute(0)).await.unwrap_err(),
        Err(refusal) => refusal,
    };
    assert!(matches!(refusal, StoreError::Unavailable { obstacle: Obstacle::ReadOnly, .. }), "{refusal}");
    assert!(refusal.to_string().contains("write to the database file"), "{refusal}");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_says_what_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DatabaseSettings {
        url: format!("sqlite://{}", folder.path().display()),
        max_connections: 1,
        busy_timeout: Duration::from_millis(200),
    };
    let refusal = Store::open(&settings).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unavailable { obstacle: Obstacle::CannotOpen, .. }), "{refusal}");
    assert!(refusal.to_string().contains("may read and write both"), "{refusal}");
}

#[tokio::test]
async fn settings_that_cannot_work_name_the_setting_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = format!("sqlite://{}/absent.db", folder.path().display());
    for (url, connections, remedy) in [
        ("sqlite::memory:", 1, "name a file"),
        ("mysql://u:s3cret@localhost/r", 1, "sqlite://"),
        (missing.as_str(), 1, "mode=rwc"),
        ("sqlite:///nowhere.db?mode=rwc", 0, "at least 1"),
        ("postgres://u:s3cret@localhost:notaport/r", 1, "postgres://"),
    ] {
        let settings = DatabaseSettings {
            url: url.to_owned(),
            max_connections: connections,
            busy_timeout: Duration::from_millis(200),
        };
        let error = Store::open(&settings).await.unwrap_err();
        assert!(matches!(error, StoreError::Settings { .. }), "{url}: {error}");
        assert!(error.to_string().contains(remedy), "{url}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_its_password_stays_hidden() {
    // A port that was free a moment ago and is closed again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = DatabaseSettings {
        url: format!("postgres://lobewatch:s3cret@127.0.0.1:{port}/registry"),
        max_connections: 1,
        busy_timeout: Duration::from_millis(500),
    };
    let error = Store::open(&settings).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
