//! One action of a clinic on one patient: the changed facts as a new revision, and the plan that follows from them, in one
//! transaction. The revision before stays readable.

use super::{
    context::Context,
    repeat::Patience,
    save_assessment::Decisions,
    stored_history::{StoredHistoryError, changes_of, document_facts, history_of},
};
use crate::{
    assessment::{
        act::{ActError, ClinicAction, Signature, act},
        assess,
    },
    document::{compare::compare, facts::split},
    domain::{history::History, text::Text},
    store::{AsOf, HeadChange, PatientHead, RevisionNote, StoreError},
};

/// Who acts, and why; the day is that of the patient's clinic.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub by: Text,
    /// Why.
    pub reason: Text,
}

/// Why an action was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ActOnPatientError {
    /// No such patient.
    #[error("there is no patient `{0}`; `lobewatch patients list` shows all study ids")]
    NotFound(String),
    /// The action does not fit.
    #[error(transparent)]
    Refused(#[from] ActError),
    /// As the store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredHistoryError),
    /// The assessment could not be written down.
    #[error("the assessment could not be written as JSON; report this as a defect")]
    Assessment(#[from] serde_json::Error),
}

/// Records one action. Returns the patient and the history after it. A transaction that another writer got in the way of
/// is repeated a few times.
///
/// # Errors
/// See [`ActOnPatientError`]; nothing is recorded then.
pub async fn act_on_patient(
    ctx: &Context,
    study_id: &str,
    action: &ClinicAction,
    actor: &Actor,
) -> Result<(PatientHead, History), ActOnPatientError> {
    let mut patience = Patience::default();
    loop {
        let done = act_once(ctx, study_id, action, actor).await;
        let passing = |error: &ActOnPatientError| matches!(error, ActOnPatientError::Store(error) if error.is_passing());
        if !done.as_ref().is_err_and(passing) || !patience.pause().await {
            return done;
        }
    }
}

async fn act_once(
    ctx: &Context,
    study_id: &str,
    action: &ClinicAction,
    actor: &Actor,
) -> Result<(PatientHead, History), ActOnPatientError> {
    let tx = ctx.store.writer().await?;
    let not_found = || ActOnPatientError::NotFound(study_id.to_owned());
    let found = tx.find_patient(study_id).await?.ok_or_else(not_found)?;
    let head = tx.lock_patient(found.id).await?.filter(|head| !head.withdrawn).ok_or_else(not_found)?;
    let stored = tx.facts(head.id, AsOf::Latest).await?.unwrap_or_default();
    let before = history_of(&stored.facts)?;
    let today = ctx.today_at(&head.clinic);
    let signature = Signature { by: actor.by.clone(), reason: actor.reason.clone(), on: today };
    let after = act(&before, &assess(&before, &ctx.protocol, today), action, &signature)?;
    let changes = changes_of(&compare(&document_facts(&stored.facts)?, &split(&after)));
    let note = RevisionNote {
        id: ctx.ids.next_id(),
        recorded_at: ctx.now(),
        recorded_by: actor.by.as_str().to_owned(),
        reason: actor.reason.as_str().to_owned(),
        batch_id: None,
    };
    let head = tx.append_revision(&head, &note, &changes, &HeadChange::default()).await?;
    let decisions = Decisions::of(ctx, &head, &assess(&after, &ctx.protocol, today), None)?;
    decisions.save(&tx, ctx.now()).await?;
    tx.commit().await?;
    Ok((head, after))
}
