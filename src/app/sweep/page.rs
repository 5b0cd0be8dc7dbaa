//! Reads patients for the sweep, page by page, with their facts and what was decided for them last.

use std::collections::HashMap;

use uuid::Uuid;

use crate::store::{FactSet, PatientHead, Store, StoreError};

/// Patients read at once: enough to make one query worth it, few enough to keep memory flat.
const PAGE: u64 = 50;

/// Patients as read together.
pub(super) struct Page {
    /// The patient with the highest id, withdrawn or not; `None` behind the end.
    pub last: Option<Uuid>,
    /// The patients who are not withdrawn.
    pub patients: Vec<PatientAsRead>,
}

/// A patient who is not withdrawn.
pub(super) struct PatientAsRead {
    pub head: PatientHead,
    pub facts: Result<FactSet, StoreError>,
    /// Of the current assessment, if there is one.
    pub substance_hash: Option<String>,
}

/// Reads the page behind a patient.
pub(super) async fn read_page(store: &Store, after: Option<Uuid>) -> Result<Page, StoreError> {
    let heads = store.patients_page(after, PAGE, None).await?;
    let last = heads.last().map(|head| head.id);
    let heads: Vec<_> = heads.into_iter().filter(|head| !head.withdrawn).collect();
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let mut known = store.assessment_heads(&ids).await?;
    let mut facts = read_facts(store, &heads).await?;
    let patients = heads
        .into_iter()
        .map(|head| PatientAsRead {
            facts: facts.remove(&head.id).unwrap_or_else(|| Ok(FactSet::default())),
            substance_hash: known.remove(&head.id).map(|assessed| assessed.substance_hash),
            head,
        })
        .collect();
    Ok(Page { last, patients })
}

/// The facts of each patient, all at once; if a row among them is damaged, one by one, so that it stops nobody else.
async fn read_facts(
    store: &Store,
    heads: &[PatientHead],
) -> Result<HashMap<Uuid, Result<FactSet, StoreError>>, StoreError> {
    match store.facts_of_many(heads).await {
        Ok(facts) => return Ok(facts.into_iter().map(|(id, facts)| (id, Ok(facts))).collect()),
        Err(StoreError::Inconsistent { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut found = HashMap::with_capacity(heads.len());
    for head in heads {
        let own = store.facts_of_many(std::slice::from_ref(head)).await;
        found.insert(head.id, own.map(|mut facts| facts.remove(&head.id).unwrap_or_default()));
    }
    Ok(found)
}
