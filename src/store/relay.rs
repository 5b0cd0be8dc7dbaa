//! The mail server as the service last met it, and the stops that people order.

use chrono::{DateTime, Utc};
use entities::{mail_relay, mail_stops, mails};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    mail_tasks::MailTaskRecord,
    mails::MailState,
    transaction::stored_at,
};
use crate::reminders::breaker::Breaker;

const RELAY: i64 = 1;
const RELAY_TASK: &str = "mail-server-away";

/// A stop that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailStop {
    /// The clinic; `None` for all.
    pub clinic: Option<String>,
    /// Since when.
    pub stopped_at: DateTime<Utc>,
    /// Who ordered it.
    pub stopped_by: String,
    /// Why.
    pub because: String,
}

fn breaker(row: &mail_relay::Model) -> Breaker {
    Breaker {
        failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
        failing_since: row.failing_since,
        open_since: row.open_since,
        next_probe_at: row.next_probe_at,
    }
}

impl Store {
    /// The mail server as it was last met.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn mail_relay(&self) -> Result<Breaker, StoreError> {
        let row = mail_relay::Entity::find_by_id(RELAY).one(&self.read).await.in_table("mail_relay")?;
        Ok(row.as_ref().map(breaker).unwrap_or_default())
    }

    /// The stops that hold, the one for all first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn mail_stops(&self) -> Result<Vec<MailStop>, StoreError> {
        use mail_stops::Column;
        let open = mail_stops::Entity::find().filter(Column::LiftedAt.is_null()).order_by_asc(Column::Id);
        let rows = open.all(&self.read).await.in_table("mail_stops")?;
        let mut stops: Vec<_> = rows
            .into_iter()
            .map(|row| MailStop {
                clinic: row.clinic,
                stopped_at: row.stopped_at,
                stopped_by: row.stopped_by,
                because: row.because,
            })
            .collect();
        stops.sort_by(|a, b| a.clinic.cmp(&b.clinic));
        Ok(stops)
    }

    /// Stops mail to one clinic or to all; false if the same stop holds already.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn stop_mail(&self, stop: &MailStop) -> Result<bool, StoreError> {
        let row = mail_stops::ActiveModel {
            id: NotSet,
            clinic: Set(stop.clinic.clone()),
            stopped_at: Set(stored_at(stop.stopped_at)),
            stopped_by: Set(stop.stopped_by.clone()),
            because: Set(stop.because.clone()),
            lifted_at: Set(None),
            lifted_by: Set(None),
            lifted_because: Set(None),
        };
        let tx = self.writer().await?;
        match mail_stops::Entity::insert(row)
            .exec_without_returning(&tx.inner)
            .await
            .map_err(StoreError::from)
        {
            Ok(_) => tx.commit().await.map(|()| true),
            Err(error) if error.is_conflict() => tx.rollback().await.map(|()| false),
            Err(error) => Err(error),
        }
    }

    /// Lifts the stop of one clinic or of all; false if there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn start_mail(
        &self,
        clinic: Option<&str>,
        by: &str,
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use mail_stops::Column;
        let of = clinic.map_or_else(|| Column::Clinic.is_null(), |clinic| Column::Clinic.eq(clinic));
        let tx = self.writer().await?;
        let lifted = mail_stops::Entity::update_many()
            .col_expr(Column::LiftedAt, Expr::value(stored_at(now)))
            .col_expr(Column::LiftedBy, Expr::value(by))
            .col_expr(Column::LiftedBecause, Expr::value(because))
            .filter(of)
            .filter(Column::LiftedAt.is_null())
            .exec(&tx.inner)
            .await?;
        tx.commit().await?;
        Ok(lifted.rows_affected > 0)
    }
}

impl WriteTransaction {
    /// Takes the probe that is due, or finds it taken. Should its worker die, the next comes after the usual wait.
    pub(super) async fn begin_probe(
        &self,
        now: DateTime<Utc>,
        furthest: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use mail_relay::Column;
        let Some(row) = self.relay().await? else { return Ok(false) };
        if row.next_probe_at.is_none_or(|at| at > now && at <= furthest) {
            return Ok(false);
        }
        mail_relay::Entity::update_many()
            .col_expr(Column::NextProbeAt, Expr::value(now + breaker(&row).probe_delay()))
            .filter(Column::Id.eq(RELAY))
            .exec(&self.inner)
            .await?;
        Ok(true)
    }

    /// Counts a failure of the mail server; where mails are held back from now on, a person gets a task.
    pub(super) async fn relay_failed(&self, error: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(row) = self.relay().await? else { return Ok(()) };
        let after = breaker(&row).after_failure(now);
        self.save_relay(&after).await?;
        if row.open_since.is_some() || after.open_since.is_none() {
            return Ok(());
        }
        let task = MailTaskRecord {
            key: RELAY_TASK.to_owned(),
            clinic: None,
            mail_id: None,
            reason: format!(
                "No mail leaves: {error}. All mails are kept and leave by themselves once the mail server works again; \
                 until then no clinic is told what is due."
            ),
        };
        self.open_mail_task(&task, now).await
    }

    /// A mail was accepted: whatever waited for the mail server is due now.
    pub(super) async fn relay_works(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        use mail_relay::Column as Relay;
        use mails::Column;
        // Without a lock as long as nothing was wrong, which is nearly always.
        let failing = mail_relay::Entity::find_by_id(RELAY).filter(Relay::Failures.gt(0));
        if failing.one(&self.inner).await.in_table("mail_relay")?.is_none() {
            return Ok(());
        }
        self.save_relay(&Breaker::default()).await?;
        mails::Entity::update_many()
            .col_expr(Column::NextAttemptAt, Expr::value(now))
            .filter(Column::State.eq(MailState::Failed.as_str()))
            .filter(Column::FailureKind.eq("relay"))
            .filter(Column::NextAttemptAt.gt(now))
            .exec(&self.inner)
            .await?;
        self.close_mail_task(RELAY_TASK, None, "a mail was accepted", now).await?;
        Ok(())
    }

    /// The row, held until the end of the transaction.
    async fn relay(&self) -> Result<Option<mail_relay::Model>, StoreError> {
        mail_relay::Entity::find_by_id(RELAY).lock_exclusive().one(&self.inner).await.in_table("mail_relay")
    }

    async fn save_relay(&self, to: &Breaker) -> Result<(), StoreError> {
        use mail_relay::Column;
        mail_relay::Entity::update_many()
            .col_expr(Column::Failures, Expr::value(i64::from(to.failures)))
            .col_expr(Column::FailingSince, Expr::value(to.failing_since.map(stored_at)))
            .col_expr(Column::OpenSince, Expr::value(to.open_since.map(stored_at)))
            .col_expr(Column::NextProbeAt, Expr::value(to.next_probe_at.map(stored_at)))
            .filter(Column::Id.eq(RELAY))
            .exec(&self.inner)
            .await?;
        Ok(())
    }
}
