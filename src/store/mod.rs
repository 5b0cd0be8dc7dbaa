//! The registry's memory: the only module that names the database or the entities.
//!
//! It keeps and returns rows; it computes nothing clinical and reads no clock. Facts and revisions
//! are only ever added. Reads go through [`Store`], writes through one [`WriteTransaction`] per use
//! case. One file per aggregate:
//!
//! | file | holds |
//! |---|---|
//! | `patients`, `revisions`, `facts` | who is registered; every change; what was known when |
//! | `batches` | imports that can be rolled back as a whole |
//! | `assessments`, `slots`, `tasks` | what was computed, planned and asked |
//! | `reminders`, `mails`, `claims`, `settling` | what has to be said, and the outbox |
//! | `mail_tasks`, `relay` | what did not arrive and who looks at it; the mail server and ordered stops |
//! | `leases` | work that one instance at a time does |
//! | `runs`, `status` | how the nightly job went; counts and the reconciliation |

mod assessments;
mod batches;
mod claims;
mod clinic_counts;
mod connect;
mod error;
mod facts;
mod leases;
mod mail_tasks;
mod mails;
mod patients;
mod relay;
mod reminders;
mod revisions;
mod runs;
mod settling;
mod slots;
mod status;
mod tasks;
mod transaction;
mod worklist;

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};

pub use self::{
    assessments::{AssessmentHead, AssessmentRecord, FlagRecord},
    batches::{Batch, BatchCounts, BatchPatient, BatchState, NewBatch},
    claims::Pace,
    clinic_counts::ClinicCounts,
    connect::{Backend, DatabaseSettings, redacted_url},
    error::{Obstacle, StoreError},
    facts::{AsOf, Fact, FactSet},
    leases::Lease,
    mail_tasks::{MailTask, MailTaskRecord, SUSPECT_ADDRESS, SuspectAddress},
    mails::{FailureKind, Mail, MailOutcome, MailState, NewMail},
    patients::PatientHead,
    relay::MailStop,
    reminders::{DueReminder, Reminder, ReminderChanges, ReminderRecord, ReminderState},
    revisions::{FactChange, HeadChange, NewPatient, Revision, RevisionNote},
    runs::{NewRun, Run, RunEnd, RunOutcome},
    slots::{DECISION_SLOT, PlanChanges, Slot, SlotRecord},
    status::{NO_NEXT_DATE_TASK, StatusCounts},
    tasks::{Task, TaskChanges, TaskRecord},
    transaction::WriteTransaction,
    worklist::{OpenSlot, OpenTask},
};

/// Names the lock under which PostgreSQL instances migrate one after another.
const MIGRATION_LOCK: i64 = 0x6c6f_6265_7761;

/// The open registry. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Store {
    /// Connects. Makes an SQLite file and its folder if the URL says `mode=rwc`; changes no schema.
    ///
    /// # Errors
    /// [`StoreError::Settings`] if the URL cannot be used, [`StoreError::Unavailable`] if the
    /// database cannot be reached.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let connect::Pools { backend, write, read } = connect::open(settings).await?;
        Ok(Self { backend, write, read })
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Brings the schema up to date: all pending steps or none. Safe to call from several
    /// instances at once and again when there is nothing to do.
    ///
    /// # Errors
    /// [`StoreError::Migration`] if a step failed or the schema is newer than this program.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let tx = self.writer().await?;
        if self.backend == Backend::Postgres {
            tx.inner.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        }
        Migrator::up(&tx.inner, None).await.map_err(migration_error)?;
        tx.commit().await
    }

    /// Names of the steps not yet applied, oldest first. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Migration`] if the schema is newer than this program.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending =
            Migrator::get_pending_migrations_read_only(&self.read).await.map_err(migration_error)?;
        Ok(pending.iter().map(|step| step.name().to_owned()).collect())
    }

    /// Whether no step was ever applied: a registry about to be made.
    ///
    /// # Errors
    /// [`StoreError::Migration`] if the schema is newer than this program.
    pub async fn is_new(&self) -> Result<bool, StoreError> {
        let pending =
            Migrator::get_pending_migrations_read_only(&self.read).await.map_err(migration_error)?;
        Ok(pending.len() == Migrator::migrations().len())
    }

    /// Asks the database for an answer, for readiness checks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is none within the busy timeout.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Begins a write transaction, waiting its turn.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the turn does not come within the busy timeout.
    pub async fn writer(&self) -> Result<WriteTransaction, StoreError> {
        WriteTransaction::begin(&self.write).await
    }

    /// Closes every connection once it is idle. SQLite then folds its log into the file.
    ///
    /// # Errors
    /// [`StoreError::Other`] if a connection could not be closed.
    pub async fn close(self) -> Result<(), StoreError> {
        self.read.close().await?;
        Ok(self.write.close().await?)
    }
}

fn migration_error(error: migrations::DbErr) -> StoreError {
    match StoreError::from(error) {
        unavailable @ StoreError::Unavailable { .. } => unavailable,
        StoreError::Conflict { problem } | StoreError::Other { problem } => StoreError::Migration { problem },
        other => StoreError::Migration { problem: other.to_string() },
    }
}
