//! Nights that go wrong: what is held by others, stopped or killed is tried again, and nobody waits for tomorrow.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lobewatch::{
    app::{
        enqueue_digests::DigestTime,
        journal::Journal,
        metrics::Metrics,
        status::Heartbeats,
        sweep::{OTHER_DAY_RUN_KIND, RUN_KIND, SweepError, SweepReport, sweep},
    },
    jobs::nightly,
    lifecycle::Shutdown,
    store::{Backend, NewRun, Run, RunOutcome, WriteTransaction},
};
use tokio::{runtime::Handle, task::block_in_place, time::sleep};

use super::{World, patient};
use crate::support::{TestDatabase, postgres::with_database};

both_databases!(
    a_stopped_run_ends_soon_and_is_repeated_at_the_next_start,
    a_run_for_another_day_is_no_night,
    a_night_that_a_wrong_clock_put_into_the_future_is_not_waited_for,
    the_loop_repeats_a_killed_run_and_ends_when_asked,
    a_run_whose_end_cannot_be_recorded_is_done_all_the_same,
);

/// Forty days after the import of so many patients, so that each has a step to be written down; on a registry that
/// waits a short time only.
async fn late(db: &TestDatabase, patients: usize) -> World {
    let mut world = World::new(db);
    let documents: Vec<_> = (1..=patients).map(|number| patient(&format!("P-{number}"), "north")).collect();
    world.import(&documents).await;
    world.clock.advance(TimeDelta::days(40));
    world.ctx.store = db.second_store(Duration::from_millis(150)).await;
    world
}

async fn nightly_sweep(world: &World, stopping: impl Fn() -> bool + Sync) -> Result<SweepReport, SweepError> {
    sweep(&world.ctx, None, DigestTime::ClinicHour, stopping).await
}

async fn newest(world: &World) -> Run {
    world.ctx.store.last_run(RUN_KIND).await.unwrap().unwrap()
}

/// Patients who have been planned for today.
async fn planned(db: &TestDatabase, world: &World) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) AS n FROM assessments WHERE superseded_at IS NULL AND as_of = '{}'",
        world.ctx.today()
    );
    db.number(&sql).await
}

/// Takes the first `patients` away from every other writer until the transaction ends.
async fn hold(db: &TestDatabase, patients: usize) -> WriteTransaction {
    let tx = db.store.writer().await.unwrap();
    for number in 1..=patients {
        tx.find_patient(&format!("P-{number}")).await.unwrap().unwrap();
    }
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_held_by_another_writer_is_counted_and_the_others_go_on() {
    with_database(|db| async move {
        let world = late(&db, 7).await;
        let held = hold(&db, 4).await;
        let report = nightly_sweep(&world, || false).await.unwrap();
        assert_eq!((report.patients, report.changed, report.failed, report.digests), (7, 3, 4, 1));
        assert_eq!(newest(&world).await.outcome, RunOutcome::Incomplete);
        held.rollback().await.unwrap();
        world.clock.advance(TimeDelta::minutes(1));
        assert_eq!(nightly_sweep(&world, || false).await.unwrap().changed, 4);
        assert_eq!(planned(&db, &world).await, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_held_for_a_moment_is_waited_for() {
    with_database(|db| async move {
        let world = late(&db, 2).await;
        let held = hold(&db, 2).await;
        let release = tokio::spawn(async move {
            sleep(Duration::from_millis(500)).await;
            held.rollback().await.unwrap();
        });
        let report = nightly_sweep(&world, || false).await.unwrap();
        release.await.unwrap();
        assert_eq!((report.changed, report.failed), (2, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_patients_in_a_row_end_the_run_and_the_clinics_get_their_digests_all_the_same() {
    with_database(|db| async move {
        let world = late(&db, 6).await;
        let _held = hold(&db, 6).await;
        let ended = nightly_sweep(&world, || false).await.unwrap_err();
        assert!(matches!(&ended, SweepError::Store(error) if error.is_unavailable()), "{ended}");
        let run = newest(&world).await;
        assert_eq!((run.outcome, run.n_patients, run.n_failed), (RunOutcome::Failed, 6, 5));
        assert_eq!(db.number("SELECT COUNT(*) AS n FROM mails").await, 1);
        let journal = Journal::read(&world.ctx).await.unwrap();
        assert_eq!(journal.not_before, Some(run.started_at + TimeDelta::minutes(5)));
    })
    .await;
}

/// A sweep on SQLite during which another program takes the only writer before the first patient, and lets it go
/// when the sweep has been asked `release_at` times whether it should stop: once before the page, once before writing,
/// then once before each patient that is tried alone and once after each of its failed tries.
async fn swept_beside_a_writer(
    db: &TestDatabase,
    world: &World,
    release_at: usize,
) -> Result<SweepReport, SweepError> {
    let state = Mutex::new((0, None::<WriteTransaction>));
    let stopping = || {
        let mut state = state.lock().unwrap();
        state.0 += 1;
        if state.0 == 2 {
            state.1 = Some(block_in_place(|| Handle::current().block_on(db.store.writer())).unwrap());
        }
        if state.0 == release_at
            && let Some(held) = state.1.take()
        {
            block_in_place(|| Handle::current().block_on(held.rollback())).unwrap();
        }
        false
    };
    nightly_sweep(world, stopping).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_that_writes_for_a_moment_costs_no_patient() {
    let folder = tempfile::tempdir().unwrap();
    let db = TestDatabase::sqlite(folder.path().join("registry.db")).await;
    let world = late(&db, 3).await;
    let report = swept_beside_a_writer(&db, &world, 5).await.unwrap();
    assert_eq!((report.patients, report.changed, report.failed, report.digests), (3, 3, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_that_writes_for_long_costs_one_patient_and_not_the_night() {
    let folder = tempfile::tempdir().unwrap();
    let db = TestDatabase::sqlite(folder.path().join("registry.db")).await;
    let world = late(&db, 3).await;
    let report = swept_beside_a_writer(&db, &world, 7).await.unwrap();
    assert_eq!((report.patients, report.changed, report.failed, report.digests), (3, 2, 1, 1));
    let run = newest(&world).await;
    assert_eq!((run.outcome, run.n_failed), (RunOutcome::Incomplete, 1));
}

async fn a_stopped_run_ends_soon_and_is_repeated_at_the_next_start(db: TestDatabase) {
    let world = late(&db, 60).await;
    let asked = AtomicUsize::new(0);
    // The first page and its fifty patients, and nothing more.
    let stopping = || asked.fetch_add(1, Ordering::SeqCst) >= 2;
    assert!(matches!(nightly_sweep(&world, stopping).await, Err(SweepError::Stopped)));
    let run = newest(&world).await;
    assert_eq!((run.outcome, run.n_patients), (RunOutcome::Failed, 50));
    assert!(run.summary.contains(r#""reason":"stopped""#), "{}", run.summary);
    assert_eq!(planned(&db, &world).await, 50, "what is done stays done");
    assert_eq!(Journal::read(&world.ctx).await.unwrap(), Journal::default());
    let report = nightly_sweep(&world, || false).await.unwrap();
    assert_eq!((report.patients, report.changed), (60, 10));
}

async fn a_run_for_another_day_is_no_night(db: TestDatabase) {
    let world = late(&db, 1).await;
    let run = |as_of: NaiveDate| sweep(&world.ctx, Some(as_of), DigestTime::ClinicHour, || false);
    let tomorrow = world.ctx.today().succ_opt().unwrap();
    run(tomorrow).await.unwrap();
    assert_eq!(Journal::read(&world.ctx).await.unwrap(), Journal::default());
    assert_eq!(world.ctx.store.last_run(RUN_KIND).await.unwrap(), None);
    let other = world.ctx.store.last_run(OTHER_DAY_RUN_KIND).await.unwrap().unwrap();
    assert_eq!((other.as_of, other.outcome), (tomorrow, RunOutcome::Complete));
    run(world.ctx.today()).await.unwrap();
    assert_eq!(Journal::read(&world.ctx).await.unwrap().last_finished, Some(world.ctx.now()));
}

async fn a_night_that_a_wrong_clock_put_into_the_future_is_not_waited_for(db: TestDatabase) {
    let world = late(&db, 1).await;
    let right = world.ctx.now();
    nightly_sweep(&world, || false).await.unwrap();
    world.clock.advance(TimeDelta::days(365));
    nightly_sweep(&world, || false).await.unwrap();
    world.clock.set(right + TimeDelta::days(1));
    assert_eq!(Journal::read(&world.ctx).await.unwrap().last_finished, Some(right));
}

async fn killed(world: &World, started_at: DateTime<Utc>) {
    let id = world.ctx.ids.next_id();
    let run = NewRun { id, kind: RUN_KIND.to_owned(), as_of: world.ctx.today(), started_at };
    world.ctx.store.start_run(&run).await.unwrap();
}

async fn the_loop_repeats_a_killed_run_and_ends_when_asked(db: TestDatabase) {
    let world = late(&db, 2).await;
    let holds_back = match db.store.backend() {
        Backend::Sqlite => TimeDelta::minutes(5),
        Backend::Postgres => TimeDelta::minutes(30),
    };
    killed(&world, world.ctx.now()).await;
    assert!(!runs_until_asked_to_stop(&world).await, "somebody may be at work on it");
    world.clock.advance(holds_back);
    assert!(runs_until_asked_to_stop(&world).await);
    assert_eq!(planned(&db, &world).await, 2);
    world.clock.advance(TimeDelta::hours(1));
    assert!(!runs_until_asked_to_stop(&world).await, "once is enough");
}

/// Starts the loop for a moment; whether it did the night's work.
async fn runs_until_asked_to_stop(world: &World) -> bool {
    let before = Journal::read(&world.ctx).await.unwrap().last_finished;
    let shutdown = Shutdown::new();
    let running = tokio::spawn(nightly::run(
        world.ctx.clone(),
        "0 30 1 * * *".parse().unwrap(),
        chrono_tz::Europe::Rome,
        Arc::new(Metrics::new()),
        Heartbeats::new(Arc::clone(&world.ctx.clock)),
        shutdown.clone(),
    ));
    let mut after = before;
    for _ in 0..20 {
        sleep(Duration::from_millis(100)).await;
        after = Journal::read(&world.ctx).await.unwrap().last_finished;
        if after != before {
            break;
        }
    }
    shutdown.begin();
    let ended = tokio::time::timeout(Duration::from_secs(5), running).await;
    let Ok(()) = ended.expect("the loop ends when asked").unwrap();
    after != before
}

async fn a_run_whose_end_cannot_be_recorded_is_done_all_the_same(db: TestDatabase) {
    let world = late(&db, 1).await;
    // Somebody else has settled the row meanwhile: the end cannot be written.
    let settle = || {
        let settled = db.execute("UPDATE runs SET outcome = 'failed'");
        block_in_place(|| Handle::current().block_on(settled)).unwrap();
        false
    };
    assert_eq!(nightly_sweep(&world, settle).await.unwrap().changed, 1);
    let run = newest(&world).await;
    assert_eq!((run.outcome, run.finished_at), (RunOutcome::Failed, None));
    let journal = Journal::read(&world.ctx).await.unwrap();
    assert_eq!(
        (journal.last_finished, journal.not_before),
        (None, Some(run.started_at + TimeDelta::minutes(5)))
    );
}
