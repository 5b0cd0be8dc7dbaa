//! Export: the history documents as the registry knows them, now or as of a past instant.

use super::{context::Context, stored_history::history_of};
use crate::{
    domain::history::History,
    store::{AsOf, PatientHead, StoreError},
};

/// Why a patient cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As the store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such patient.
    #[error("there is no patient `{0}`; `lobewatch patients list` shows all study ids")]
    NotFound(String),
    /// The patient was not known yet.
    #[error("nothing was known of patient `{0}` at that instant; choose a later one")]
    NotKnownThen(String),
    /// The stored facts do not make a history.
    #[error(
        "the stored facts of patient `{study_id}` do not make a history: {problems}; correct the facts named here"
    )]
    Facts {
        /// Whose.
        study_id: String,
        /// Which facts, and what is wrong.
        problems: String,
    },
}

/// The history of one patient.
///
/// # Errors
/// See [`ExportError`].
pub async fn read_history(
    ctx: &Context,
    study_id: &str,
    as_of: AsOf,
) -> Result<(PatientHead, History), ExportError> {
    let head = ctx.store.find_patient(study_id).await?;
    let head = head.filter(|head| !head.withdrawn || as_of != AsOf::Latest);
    let head = head.ok_or_else(|| ExportError::NotFound(study_id.to_owned()))?;
    let history = history_as_of(ctx, &head, as_of).await?;
    Ok((head, history))
}

/// The history of a known patient.
///
/// # Errors
/// See [`ExportError`].
pub async fn history_as_of(ctx: &Context, head: &PatientHead, as_of: AsOf) -> Result<History, ExportError> {
    let known = ctx.store.facts(head.id, as_of).await?.filter(|set| !set.facts.is_empty());
    let known = known.ok_or_else(|| ExportError::NotKnownThen(head.study_id.clone()))?;
    history_of(&known.facts).map_err(|error| ExportError::Facts {
        study_id: head.study_id.clone(),
        problems: error.details.join("; "),
    })
}
