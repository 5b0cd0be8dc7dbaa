//! Takes an import back as a whole: every patient goes back to what was known before the batch, as a new revision.
//!
//! Nothing is deleted. A patient whom the batch made is marked withdrawn and leaves the lists; its facts stay readable
//! as of any instant. What counts is what the facts say, not how many revisions there are: a patient whose facts are what
//! the batch left behind goes back, one whose facts are those before the batch is there already, and any other was
//! changed by others since then, is left alone and named.

use uuid::Uuid;

use super::{
    context::Context,
    import_histories::ImportError,
    repeat::Patience,
    save_assessment::Decisions,
    stored_history::{StoredHistoryError, history_of, restoring_changes},
};
use crate::{
    assessment::assess,
    store::{
        AsOf, BatchPatient, BatchState, Fact, HeadChange, PatientHead, RevisionNote, StoreError,
        WriteTransaction,
    },
};

/// What a roll-back did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollBackReport {
    /// Patients whose earlier facts are in force again.
    pub restored: u64,
    /// Patients whom the batch had made.
    pub withdrawn: u64,
    /// Patients for whom there was nothing to do: what was known before the batch is in force already.
    pub already_restored: u64,
    /// Study ids left alone, because somebody changed them after the batch.
    pub changed_since: Vec<String>,
}

impl RollBackReport {
    /// Whether nothing of the batch is left, so that it is marked as rolled back. Otherwise it can be repeated.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.changed_since.is_empty()
    }
}

/// Why a batch cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum RollBackError {
    /// There is no such batch.
    #[error("there is no import with this id; `lobewatch batches list` shows them")]
    NotFound,
    /// It was taken back before.
    #[error("this import was rolled back already")]
    AlreadyRolledBack,
    /// Patients were changed after the batch.
    #[error("{} patients were changed after the import ({}); correct them one by one, then roll back with --skip-changed", .0.len(), .0.join(", "))]
    ChangedSince(Vec<String>),
    /// What was known before the batch is of no use any more.
    #[error(
        "what was known of patient {study_id} before the import cannot be read ({}), so nothing was rolled back; import a correct document of this patient, then roll back with --skip-changed",
        .problem.places.join(", ")
    )]
    Unreadable {
        /// Study id.
        study_id: String,
        /// The facts at fault.
        problem: StoredHistoryError,
    },
    /// As the import's.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<StoreError> for RollBackError {
    fn from(error: StoreError) -> Self {
        Self::Import(error.into())
    }
}

impl RollBackError {
    /// Whether only another writer was in the way.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Import(error) if error.is_passing())
    }
}

/// Takes a batch back in one transaction; one that is still under way records nothing more afterwards.
///
/// Without `skip_changed`, patients changed since stop the roll-back and nothing is done. With it they are left alone;
/// the batch is then not marked as rolled back, so that the roll-back can be repeated once they are settled.
///
/// # Errors
/// See [`RollBackError`]; nothing is changed then.
pub async fn roll_back_batch(
    ctx: &Context,
    batch_id: Uuid,
    by: &str,
    reason: &str,
    skip_changed: bool,
) -> Result<RollBackReport, RollBackError> {
    let mut patience = Patience::default();
    loop {
        let done = roll_back_once(ctx, batch_id, by, reason, skip_changed).await;
        let again = done.as_ref().is_err_and(RollBackError::is_passing);
        if !again || !patience.pause().await {
            return done;
        }
    }
}

async fn roll_back_once(
    ctx: &Context,
    batch_id: Uuid,
    by: &str,
    reason: &str,
    skip_changed: bool,
) -> Result<RollBackReport, RollBackError> {
    let tx = ctx.store.writer().await?;
    // From here on an import under this batch waits, so the revisions read now are all there ever will be.
    let batch = tx.lock_batch(batch_id).await?.ok_or(RollBackError::NotFound)?;
    if batch.state == BatchState::RolledBack {
        return Err(RollBackError::AlreadyRolledBack);
    }
    let mut report = RollBackReport::default();
    // In the order of study ids, in which imports lock their patients too.
    for recorded in tx.patients_of_batch(batch_id).await? {
        let Some(head) = tx.lock_patient(recorded.patient_id).await? else { continue };
        match roll_back_patient(ctx, &tx, &head, &recorded, by, reason).await? {
            Outcome::Restored => report.restored += 1,
            Outcome::Withdrawn => report.withdrawn += 1,
            Outcome::AlreadyRestored => report.already_restored += 1,
            Outcome::ChangedSince => report.changed_since.push(head.study_id),
        }
    }
    if report.is_whole() {
        tx.mark_rolled_back(batch_id, ctx.now(), by, reason).await?;
    } else if skip_changed {
        tx.stop_batch(batch_id, ctx.now()).await?;
    } else {
        tx.rollback().await?;
        return Err(RollBackError::ChangedSince(report.changed_since));
    }
    tx.commit().await?;
    Ok(report)
}

/// What became of one patient.
enum Outcome {
    Restored,
    Withdrawn,
    AlreadyRestored,
    ChangedSince,
}

async fn roll_back_patient(
    ctx: &Context,
    tx: &WriteTransaction,
    head: &PatientHead,
    recorded: &BatchPatient,
    by: &str,
    reason: &str,
) -> Result<Outcome, RollBackError> {
    let now = known(tx, head, AsOf::Latest).await?;
    let before = if recorded.first_seq > 1 {
        known(tx, head, AsOf::Seq(recorded.first_seq - 1)).await?
    } else {
        Vec::new()
    };
    let was_new = before.is_empty();
    if now == before && head.withdrawn == was_new {
        return Ok(Outcome::AlreadyRestored);
    }
    let is_in_one_piece = recorded.n_revisions == recorded.last_seq - recorded.first_seq + 1;
    let is_untouched =
        head.head_seq == recorded.last_seq || now == known(tx, head, AsOf::Seq(recorded.last_seq)).await?;
    if !is_in_one_piece || !is_untouched {
        return Ok(Outcome::ChangedSince);
    }
    if was_new {
        let withdrawn = HeadChange { clinic: None, withdrawn: Some(true) };
        tx.append_revision(head, &note(ctx, by, reason), &restoring_changes(&now, &before), &withdrawn)
            .await?;
        Decisions::clear(tx, head.id, ctx.now()).await?;
        return Ok(Outcome::Withdrawn);
    }
    let history = history_of(&before)
        .map_err(|problem| RollBackError::Unreadable { study_id: head.study_id.clone(), problem })?;
    let clinic = history
        .patient
        .clinic
        .as_ref()
        .map_or_else(|| head.clinic.clone(), |clinic| clinic.as_str().to_owned());
    let change = HeadChange { clinic: Some(clinic), withdrawn: Some(false) };
    let head =
        tx.append_revision(head, &note(ctx, by, reason), &restoring_changes(&now, &before), &change).await?;
    let assessment = assess(&history, &ctx.protocol, ctx.today_at(&head.clinic));
    let decisions = Decisions::of(ctx, &head, &assessment, None).map_err(ImportError::from)?;
    decisions.save(tx, ctx.now()).await?;
    Ok(Outcome::Restored)
}

/// The facts in force at a bound.
async fn known(tx: &WriteTransaction, head: &PatientHead, as_of: AsOf) -> Result<Vec<Fact>, StoreError> {
    Ok(tx.facts(head.id, as_of).await?.unwrap_or_default().facts)
}

fn note(ctx: &Context, by: &str, reason: &str) -> RevisionNote {
    RevisionNote {
        id: ctx.ids.next_id(),
        recorded_at: ctx.now(),
        recorded_by: by.to_owned(),
        reason: reason.to_owned(),
        batch_id: None,
    }
}
