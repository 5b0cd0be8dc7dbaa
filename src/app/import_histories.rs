//! Import: check, preview, commit. One bad document never blocks the others; a batch goes back as a whole.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    context::{Context, DEFAULT_CLINIC},
    repeat::Patience,
    save_assessment::Decisions,
    stored_history::{StoredHistoryError, changes_of, document_facts, stored_fact},
};
use crate::{
    assessment::assess,
    document::{
        compare::{FactDifference, compare},
        facts::split,
    },
    domain::history::History,
    store::{
        BatchCounts, BatchState, HeadChange, NewBatch, NewPatient, PatientHead, RevisionNote, StoreError,
        WriteTransaction,
    },
};

/// Patients whose rows go into the same statements.
const TOGETHER: usize = 100;

/// Who imports, why, and from where.
#[derive(Debug, Clone)]
pub struct ImportNote {
    /// Named person.
    pub by: String,
    /// Reason recorded with each revision.
    pub reason: String,
    /// File names.
    pub source: String,
}

/// What a document means for the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The patient is not registered.
    New {
        /// Facts that would be recorded.
        facts: usize,
    },
    /// Facts would be stated anew or taken back.
    Changed(Vec<FactDifference>),
    /// The registry says exactly this.
    Unchanged,
}

/// Compares a document with the registry. Changes nothing.
///
/// # Errors
/// As the store's.
pub async fn preview(ctx: &Context, history: &History) -> Result<Effect, ImportError> {
    let incoming = split(history);
    let Some(head) = ctx.store.find_patient(history.patient.study_id.as_str()).await? else {
        return Ok(Effect::New { facts: incoming.len() });
    };
    if head.withdrawn {
        return Ok(Effect::New { facts: incoming.len() });
    }
    let stored = ctx.store.facts(head.id, crate::store::AsOf::Latest).await?.unwrap_or_default();
    let differences = compare(&document_facts(&stored.facts)?, &incoming);
    Ok(if differences.is_empty() { Effect::Unchanged } else { Effect::Changed(differences) })
}

/// An import under way.
#[derive(Debug)]
pub struct Import<'a> {
    ctx: &'a Context,
    note: ImportNote,
    batch_id: Uuid,
    counts: BatchCounts,
}

impl<'a> Import<'a> {
    /// Opens a batch.
    ///
    /// # Errors
    /// As the store's.
    pub async fn begin(ctx: &'a Context, note: ImportNote) -> Result<Self, StoreError> {
        let batch_id = ctx.ids.next_id();
        let batch = NewBatch {
            id: batch_id,
            started_at: ctx.now(),
            imported_by: note.by.clone(),
            source: note.source.clone(),
        };
        let mut patience = Patience::default();
        loop {
            let opened = open(ctx, &batch).await;
            let again = opened.as_ref().is_err_and(StoreError::is_passing);
            if !again || !patience.pause().await {
                opened?;
                break;
            }
        }
        Ok(Self { ctx, note, batch_id, counts: BatchCounts::default() })
    }

    /// The batch's id.
    #[must_use]
    pub const fn batch_id(&self) -> Uuid {
        self.batch_id
    }

    /// What was done so far.
    #[must_use]
    pub const fn counts(&self) -> BatchCounts {
        self.counts
    }

    /// Notes a refused document.
    pub const fn refuse(&mut self) {
        self.counts.refused += 1;
    }

    /// Records documents in one transaction: for each the changed facts as one revision, and the decisions that
    /// follow from them. Either all of a patient is recorded or nothing. A transaction that another writer got in the
    /// way of is repeated a few times.
    ///
    /// # Errors
    /// [`ImportError::NotRunning`] if the batch was rolled back meanwhile; otherwise as the store's. Nothing of these
    /// documents is kept then.
    pub async fn record(&mut self, histories: &[History]) -> Result<(), ImportError> {
        let mut patience = Patience::default();
        loop {
            let recorded = self.record_together(histories).await;
            let again = recorded.as_ref().is_err_and(ImportError::is_passing);
            if !again || !patience.pause().await {
                self.counts = recorded?;
                return Ok(());
            }
        }
    }

    async fn record_together(&self, histories: &[History]) -> Result<BatchCounts, ImportError> {
        // Ids in the order of the input, which is the order of exports; locks in the order of study ids, which is the
        // same for everybody: two imports of the same patients wait for each other instead of holding each other up.
        let mut in_order: Vec<_> =
            histories.iter().map(|history| (history, self.ctx.ids.next_id())).collect();
        in_order.sort_by(|(a, _), (b, _)| a.patient.study_id.as_str().cmp(b.patient.study_id.as_str()));
        let tx = self.ctx.store.writer().await?;
        self.lock_running(&tx).await?;
        let mut counts = self.counts;
        for group in in_order.chunks(TOGETHER) {
            let mut left = group.to_vec();
            while !left.is_empty() {
                // A study id met again waits until the registry holds its first document.
                let mut met = HashSet::new();
                let (first, again) =
                    left.into_iter().partition(|(history, _)| met.insert(history.patient.study_id.as_str()));
                self.record_group(&tx, first, &mut counts).await?;
                left = again;
            }
        }
        tx.commit().await?;
        Ok(counts)
    }

    /// Holds the batch, so that a roll-back either comes before these documents or sees them.
    async fn lock_running(&self, tx: &WriteTransaction) -> Result<(), ImportError> {
        match tx.lock_batch(self.batch_id).await? {
            Some(batch) if batch.state == BatchState::Running => Ok(()),
            _ => Err(ImportError::NotRunning),
        }
    }

    /// Records documents of different patients; each id is for a patient who is not registered yet.
    async fn record_group(
        &self,
        tx: &WriteTransaction,
        histories: Vec<(&History, Uuid)>,
        counts: &mut BatchCounts,
    ) -> Result<(), ImportError> {
        let ids: Vec<_> = histories.iter().map(|(history, _)| history.patient.study_id.as_str()).collect();
        let mut known: HashMap<_, _> =
            tx.find_patients(&ids).await?.into_iter().map(|head| (head.study_id.clone(), head)).collect();
        let mut decided = Vec::with_capacity(histories.len());
        let mut unknown = Vec::new();
        for (history, new_id) in histories {
            let Some(head) = known.remove(history.patient.study_id.as_str()) else {
                unknown.push((history, new_id));
                continue;
            };
            let returns = head.withdrawn;
            match self.change(tx, head, history).await? {
                None => counts.unchanged += 1,
                Some(head) => {
                    decided.push(self.decide(&head, history)?);
                    if returns { counts.new += 1 } else { counts.changed += 1 }
                }
            }
        }
        let new = unknown.iter().map(|(history, new_id)| self.new_patient(history, *new_id)).collect();
        for (head, (history, _)) in tx.register_patients(new).await?.iter().zip(unknown) {
            decided.push(self.decide(head, history)?);
            counts.new += 1;
        }
        let decided: Vec<_> = decided.iter().collect();
        Ok(Decisions::save_all(&decided, tx, self.ctx.now()).await?)
    }

    fn decide(&self, head: &PatientHead, history: &History) -> Result<Decisions, serde_json::Error> {
        let assessment = assess(history, &self.ctx.protocol, self.ctx.today_at(&head.clinic));
        Decisions::of(self.ctx, head, &assessment, None)
    }

    fn new_patient(&self, history: &History, id: Uuid) -> NewPatient {
        NewPatient {
            id,
            study_id: history.patient.study_id.to_string(),
            clinic: clinic_of(history).to_owned(),
            note: self.revision_note(),
            facts: split(history).iter().map(stored_fact).collect(),
        }
    }

    /// Records what a document changes about a known patient; `None` where it changes nothing.
    async fn change(
        &self,
        tx: &WriteTransaction,
        head: PatientHead,
        history: &History,
    ) -> Result<Option<PatientHead>, ImportError> {
        let stored = tx.facts(head.id, crate::store::AsOf::Latest).await?.unwrap_or_default();
        let differences = compare(&document_facts(&stored.facts)?, &split(history));
        if differences.is_empty() && !head.withdrawn {
            return Ok(None);
        }
        let change = HeadChange { clinic: Some(clinic_of(history).to_owned()), withdrawn: Some(false) };
        let changes = changes_of(&differences);
        Ok(Some(tx.append_revision(&head, &self.revision_note(), &changes, &change).await?))
    }

    fn revision_note(&self) -> RevisionNote {
        RevisionNote {
            id: self.ctx.ids.next_id(),
            recorded_at: self.ctx.now(),
            recorded_by: self.note.by.clone(),
            reason: self.note.reason.clone(),
            batch_id: Some(self.batch_id),
        }
    }

    /// Closes the batch.
    ///
    /// # Errors
    /// [`ImportError::NotRunning`] if it was rolled back meanwhile; otherwise as the store's.
    pub async fn finish(self) -> Result<(Uuid, BatchCounts), ImportError> {
        let mut patience = Patience::default();
        loop {
            let closed = self.close().await;
            let again = closed.as_ref().is_err_and(ImportError::is_passing);
            if !again || !patience.pause().await {
                return closed.map(|()| (self.batch_id, self.counts));
            }
        }
    }

    async fn close(&self) -> Result<(), ImportError> {
        let tx = self.ctx.store.writer().await?;
        self.lock_running(&tx).await?;
        tx.finish_batch(self.batch_id, self.counts, self.ctx.now()).await?;
        Ok(tx.commit().await?)
    }
}

async fn open(ctx: &Context, batch: &NewBatch) -> Result<(), StoreError> {
    let tx = ctx.store.writer().await?;
    tx.open_batch(batch).await?;
    tx.commit().await
}

fn clinic_of(history: &History) -> &str {
    history.patient.clinic.as_ref().map_or(DEFAULT_CLINIC, |clinic| clinic.as_str())
}

/// Why documents could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The registry did not take them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored for a patient cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredHistoryError),
    /// Somebody took the batch back while it was under way.
    #[error("the import was rolled back meanwhile; start it again")]
    NotRunning,
    /// The assessment could not be written down.
    #[error("the assessment could not be written as JSON; report this as a defect")]
    Assessment(#[from] serde_json::Error),
}

impl ImportError {
    /// Whether the import as a whole cannot go on: then nothing is known about the documents themselves.
    #[must_use]
    pub const fn ends_import(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable { .. }) | Self::NotRunning)
    }

    /// Whether only another writer was in the way, so that the same transaction can be repeated at once.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }
}
