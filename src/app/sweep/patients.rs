//! Decides for every patient, and writes what is not as stored: many patients a transaction where possible, one by one
//! where one of them stands in the way. A patient is written whole or not at all.

use std::collections::{HashMap, HashSet};

use thiserror::Error;
use uuid::Uuid;

use super::{
    Run, SweepError, SweepReport,
    page::{Page, PatientAsRead, read_page},
    patiently,
};
use crate::{
    app::{
        save_assessment::Decisions,
        stored_history::{StoredHistoryError, history_of},
    },
    assessment::assess,
    store::{AsOf, Fact, PatientHead, StoreError},
};

/// Changed patients written in one transaction: enough to make its sync to disk cheap, few enough to keep other writers
/// from waiting long.
const CHANGED_PER_TRANSACTION: usize = 50;
/// So many patients in a row that cannot be reached mean that the registry is away, not that somebody works on them.
const MOST_IN_A_ROW: u32 = 5;

/// A patient whose decisions are not as stored.
struct Waiting {
    head: PatientHead,
    decisions: Decisions,
    followed: bool,
}

impl Run<'_> {
    /// Goes through all patients once.
    pub(super) async fn patients(&self, report: &mut SweepReport) -> Result<(), SweepError> {
        let mut waiting = Vec::new();
        let mut in_a_row = 0;
        let mut page = self.read(None).await?;
        while let Some(last) = page.last {
            self.go_on()?;
            // The next page is read while this one is decided. What changes meanwhile is noticed by its head.
            let store = self.ctx.store.clone();
            let next = tokio::spawn(async move { read_page(&store, Some(last)).await });
            for patient in page.patients {
                report.patients += 1;
                self.decide_one(patient, report, &mut waiting);
            }
            if waiting.len() >= CHANGED_PER_TRANSACTION {
                self.save(std::mem::take(&mut waiting), report, &mut in_a_row).await?;
            }
            page = match next.await {
                Ok(Ok(page)) => page,
                Ok(Err(error)) if !error.is_unavailable() => return Err(error.into()),
                _ => self.read(Some(last)).await?,
            };
        }
        self.save(waiting, report, &mut in_a_row).await
    }

    async fn read(&self, after: Option<Uuid>) -> Result<Page, StoreError> {
        self.patiently(|| read_page(&self.ctx.store, after)).await
    }

    /// Decides for one patient; whose decisions are not as stored waits to be written.
    fn decide_one(&self, patient: PatientAsRead, report: &mut SweepReport, waiting: &mut Vec<Waiting>) {
        let PatientAsRead { head, facts, substance_hash } = patient;
        let decided = facts.map_err(PatientError::from).and_then(|own| self.decide(&head, &own.facts));
        match decided {
            Ok((decisions, followed)) if substance_hash.is_some_and(|hash| decisions.same_as(&hash)) => {
                report.followed += u64::from(followed);
            }
            Ok((decisions, followed)) => waiting.push(Waiting { head, decisions, followed }),
            Err(error) => fail(&head, &error, report),
        }
    }

    fn decide(&self, head: &PatientHead, facts: &[Fact]) -> Result<(Decisions, bool), PatientError> {
        let history = history_of(facts)?;
        let day = self.as_of.unwrap_or_else(|| self.ctx.today_at(&head.clinic));
        let assessment = assess(&history, &self.ctx.protocol, day);
        let followed = assessment.plan.standing.is_followed();
        Ok((Decisions::of(self.ctx, head, &assessment, Some(self.run_id))?, followed))
    }

    /// Writes all who wait, together where possible and else each alone.
    async fn save(
        &self,
        waiting: Vec<Waiting>,
        report: &mut SweepReport,
        in_a_row: &mut u32,
    ) -> Result<(), SweepError> {
        if waiting.is_empty() {
            return Ok(());
        }
        self.go_on()?;
        let saved = self.save_together(&waiting).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "patients could not be saved together: each is tried alone");
            HashSet::new()
        });
        for Waiting { head, followed, .. } in waiting {
            if saved.contains(&head.id) {
                *in_a_row = 0;
                report.changed += 1;
                report.followed += u64::from(followed);
                continue;
            }
            self.go_on()?;
            let step = || self.save_alone(&head);
            match patiently(self.stopping, PatientError::is_unavailable, step).await {
                Ok(followed) => {
                    *in_a_row = 0;
                    report.changed += u64::from(followed.is_some());
                    report.followed += u64::from(followed == Some(true));
                }
                Err(error) => {
                    // A step that was not tried again because of the stop says nothing about the patient.
                    self.go_on()?;
                    fail(&head, &error, report);
                    *in_a_row = if error.is_unavailable() { *in_a_row + 1 } else { 0 };
                    if let PatientError::Store(error) = error
                        && *in_a_row >= MOST_IN_A_ROW
                    {
                        return Err(error.into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Saves decisions in one transaction and says whose. A patient who was changed since the facts were read is left
    /// out. On an error nothing of the transaction is kept.
    async fn save_together(&self, waiting: &[Waiting]) -> Result<HashSet<Uuid>, StoreError> {
        let mut saved = HashSet::with_capacity(waiting.len());
        let tx = self.ctx.store.writer().await?;
        let ids: Vec<_> = waiting.iter().map(|own| own.head.id).collect();
        let newest: HashMap<_, _> =
            tx.lock_patients(&ids).await?.into_iter().map(|head| (head.id, head.head_seq)).collect();
        let mut unchanged = Vec::with_capacity(waiting.len());
        for Waiting { head, decisions, .. } in waiting {
            if newest.get(&head.id) == Some(&head.head_seq) {
                unchanged.push(decisions);
                saved.insert(head.id);
            }
        }
        Decisions::save_all(&unchanged, &tx, self.ctx.now()).await?;
        tx.commit().await?;
        Ok(saved)
    }

    /// Reads, decides and saves one patient under lock. Returns whether the patient is followed, `None` for one who
    /// was withdrawn meanwhile.
    async fn save_alone(&self, head: &PatientHead) -> Result<Option<bool>, PatientError> {
        let tx = self.ctx.store.writer().await?;
        let Some(newest) = tx.lock_patient(head.id).await? else { return Err(PatientError::Gone) };
        if newest.withdrawn {
            return Ok(None);
        }
        let facts = tx.facts(newest.id, AsOf::Latest).await?.unwrap_or_default();
        let (decisions, followed) = self.decide(&newest, &facts.facts)?;
        decisions.save(&tx, self.ctx.now()).await?;
        tx.commit().await?;
        Ok(Some(followed))
    }
}

fn fail(head: &PatientHead, error: &PatientError, report: &mut SweepReport) {
    report.failed += 1;
    tracing::error!(patient.study_id = %head.study_id, error = %error, "a patient could not be assessed: the earlier plan stands");
}

/// Why one patient could not be handled. The texts carry no facts, only where to look.
#[derive(Debug, Error)]
enum PatientError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Facts(#[from] StoredHistoryError),
    #[error("the assessment could not be written as JSON; report this as a defect")]
    Assessment(#[from] serde_json::Error),
    #[error("the patient is no longer in the registry; look for a restored backup")]
    Gone,
}

impl PatientError {
    fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}
