//! Takes an import back as a whole: every patient goes back to what was known before the batch, as a new revision.
//!
//! Nothing is deleted. A patient whom the batch made is marked withdrawn and leaves the lists; its facts stay readable
//! as of any instant. A patient changed by others since then is left alone and named.

use uuid::Uuid;

use super::{
    context::Context,
    import_histories::ImportError,
    save_assessment::Decisions,
    stored_history::{history_of, restoring_changes},
};
use crate::{
    assessment::assess,
    store::{AsOf, BatchState, HeadChange, PatientHead, RevisionNote, StoreError, WriteTransaction},
};

/// What a roll-back did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollBackReport {
    /// Patients whose earlier facts are in force again.
    pub restored: u64,
    /// Patients whom the batch had made.
    pub withdrawn: u64,
    /// Study ids left alone, because somebody changed them after the batch.
    pub changed_since: Vec<String>,
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
    /// As the import's.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<StoreError> for RollBackError {
    fn from(error: StoreError) -> Self {
        Self::Import(error.into())
    }
}

/// Takes a batch back in one transaction. With `skip_changed`, patients changed since are left alone; without it they
/// stop the roll-back and nothing is done.
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
    let batch = ctx.store.find_batch(batch_id).await?.ok_or(RollBackError::NotFound)?;
    if batch.state == BatchState::RolledBack {
        return Err(RollBackError::AlreadyRolledBack);
    }
    let mut first_and_last: Vec<(Uuid, i64, i64)> = Vec::new();
    for (patient, seq) in ctx.store.revisions_of_batch(batch_id).await? {
        match first_and_last.last_mut() {
            Some((known, _, last)) if *known == patient => *last = seq,
            _ => first_and_last.push((patient, seq, seq)),
        }
    }
    let mut report = RollBackReport::default();
    let tx = ctx.store.writer().await?;
    for (patient, first, last) in first_and_last {
        let Some(head) = tx.lock_patient(patient).await? else { continue };
        if head.head_seq != last {
            report.changed_since.push(head.study_id);
            continue;
        }
        roll_back_patient(ctx, &tx, &head, first, by, reason, &mut report).await?;
    }
    if !report.changed_since.is_empty() && !skip_changed {
        tx.rollback().await?;
        return Err(RollBackError::ChangedSince(report.changed_since));
    }
    tx.mark_rolled_back(batch_id, ctx.now(), by, reason).await?;
    tx.commit().await?;
    Ok(report)
}

async fn roll_back_patient(
    ctx: &Context,
    tx: &WriteTransaction,
    head: &PatientHead,
    first: i64,
    by: &str,
    reason: &str,
    report: &mut RollBackReport,
) -> Result<(), ImportError> {
    let now_known = tx.facts(head.id, AsOf::Latest).await?.unwrap_or_default();
    let before =
        if first > 1 { tx.facts(head.id, AsOf::Seq(first - 1)).await? } else { None }.unwrap_or_default();
    let was_new = before.facts.is_empty();
    let changes = restoring_changes(&now_known.facts, &before.facts);
    let note = RevisionNote {
        id: ctx.ids.next_id(),
        recorded_at: ctx.now(),
        recorded_by: by.to_owned(),
        reason: reason.to_owned(),
        batch_id: None,
    };
    let history = history_of(&before.facts).ok();
    let clinic = history
        .as_ref()
        .and_then(|history| history.patient.clinic.as_ref())
        .map_or_else(|| head.clinic.clone(), |clinic| clinic.as_str().to_owned());
    let change = HeadChange { clinic: Some(clinic), withdrawn: Some(was_new) };
    let head = tx.append_revision(head, &note, &changes, &change).await?;
    if let Some(history) = history {
        let assessment = assess(&history, &ctx.protocol, ctx.today_at(&head.clinic));
        Decisions::of(ctx, &head, &assessment, None)?.save(tx, ctx.now()).await?;
        report.restored += 1;
    } else {
        Decisions::clear(tx, head.id, ctx.now()).await?;
        report.withdrawn += 1;
    }
    Ok(())
}
