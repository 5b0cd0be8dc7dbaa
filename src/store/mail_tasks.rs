//! Tasks about mail, and addresses in doubt: who was not told, and what a person has to put right.
//!
//! A task is open at most once; a closed one stays readable, with who closed it and why.

use chrono::{DateTime, Utc};
use entities::{mail_tasks, mails, reminders, suspect_addresses};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    mails::{Mail, MailState},
    reminders::ReminderState,
    transaction::stored_at,
};

/// Who closes a task whose cause went away by itself.
const BY_ITSELF: &str = "lobewatch";

/// Why a mail to an address in doubt is not sent.
pub const SUSPECT_ADDRESS: &str = "the address is in doubt until a person has looked at it";

/// A task to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTaskRecord {
    /// Identity of the question.
    pub key: String,
    /// Clinic concerned; `None` if it concerns all.
    pub clinic: Option<String>,
    /// Mail that gave rise to it.
    pub mail_id: Option<Uuid>,
    /// The question in words.
    pub reason: String,
}

/// An open task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTask {
    /// What it is.
    pub record: MailTaskRecord,
    /// Instant it was first asked.
    pub opened_at: DateTime<Utc>,
}

/// An address to which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspectAddress {
    /// The address.
    pub address: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was answered.
    pub because: String,
}

/// The task that a kind of mail does not reach its clinic.
pub(super) fn not_delivered_key(mail: &Mail) -> String {
    format!("mail-not-delivered {} {}", mail.clinic, mail.kind)
}

fn suspect_key(address: &str) -> String {
    format!("address-suspect {address}")
}

impl WriteTransaction {
    /// Opens a task, or leaves it as it is where it is open already.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn open_mail_task(&self, task: &MailTaskRecord, now: DateTime<Utc>) -> Result<(), StoreError> {
        use mail_tasks::Column;
        let row = mail_tasks::ActiveModel {
            id: NotSet,
            task_key: Set(task.key.clone()),
            clinic: Set(task.clinic.clone()),
            mail_id: Set(task.mail_id),
            reason: Set(task.reason.clone()),
            opened_at: Set(stored_at(now)),
            closed_at: Set(None),
            closed_by: Set(None),
            closed_because: Set(None),
        };
        let open = sea_orm::sea_query::OnConflict::column(Column::TaskKey)
            .target_and_where(Column::ClosedAt.is_null())
            .do_nothing()
            .to_owned();
        mail_tasks::Entity::insert(row).on_conflict(open).exec_without_returning(&self.inner).await?;
        Ok(())
    }

    /// Closes a task; false if none of that key is open. `by` is `None` where its cause went away by itself.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn close_mail_task(
        &self,
        key: &str,
        by: Option<&str>,
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use mail_tasks::Column;
        let closed = mail_tasks::Entity::update_many()
            .col_expr(Column::ClosedAt, Expr::value(stored_at(now)))
            .col_expr(Column::ClosedBy, Expr::value(by.unwrap_or(BY_ITSELF)))
            .col_expr(Column::ClosedBecause, Expr::value(because))
            .filter(Column::TaskKey.eq(key))
            .filter(Column::ClosedAt.is_null())
            .exec(&self.inner)
            .await?;
        Ok(closed.rows_affected > 0)
    }

    /// Sends nothing more to the address of a mail until a person has looked, and asks one to.
    pub(super) async fn suspect_address(
        &self,
        mail: &Mail,
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use suspect_addresses::Column;
        let row = suspect_addresses::ActiveModel {
            id: NotSet,
            address: Set(mail.recipient.clone()),
            mail_id: Set(mail.id),
            since: Set(stored_at(now)),
            because: Set(because.to_owned()),
            cleared_at: Set(None),
            cleared_by: Set(None),
            cleared_because: Set(None),
        };
        let known = sea_orm::sea_query::OnConflict::column(Column::Address)
            .target_and_where(Column::ClearedAt.is_null())
            .do_nothing()
            .to_owned();
        suspect_addresses::Entity::insert(row).on_conflict(known).exec_without_returning(&self.inner).await?;
        let task = MailTaskRecord {
            key: suspect_key(&mail.recipient),
            clinic: Some(mail.clinic.clone()),
            mail_id: Some(mail.id),
            reason: format!(
                "Mail to {} of clinic `{}` does not arrive: {because}. Nothing more is sent there. Ask the clinic, then \
                 set the right address in clinics.{}, or say that this one works: lobewatch mail trust.",
                mail.recipient, mail.clinic, mail.clinic
            ),
        };
        self.open_mail_task(&task, now).await
    }

    /// Sends to an address in doubt again: what was held back or given up on because of it waits anew, and what came
    /// back is due to be told again. False if the address is not in doubt.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn trust_address(
        &self,
        address: &str,
        by: &str,
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use mails::Column as Mails;
        use suspect_addresses::Column;
        let now = stored_at(now);
        let cleared = suspect_addresses::Entity::update_many()
            .col_expr(Column::ClearedAt, Expr::value(now))
            .col_expr(Column::ClearedBy, Expr::value(by))
            .col_expr(Column::ClearedBecause, Expr::value(because))
            .filter(Column::Address.eq(address))
            .filter(Column::ClearedAt.is_null())
            .exec(&self.inner)
            .await?;
        if cleared.rows_affected == 0 {
            return Ok(false);
        }
        self.close_mail_task(&suspect_key(address), Some(by), because, now).await?;
        let given_up = Mails::State.eq(MailState::Failed.as_str()).and(Mails::NextAttemptAt.is_null());
        let held_back =
            Mails::State.eq(MailState::Cancelled.as_str()).and(Mails::CancelledBecause.eq(SUSPECT_ADDRESS));
        mails::Entity::update_many()
            .col_expr(Mails::State, Expr::value(MailState::Planned.as_str()))
            .col_expr(Mails::NextAttemptAt, Expr::value(now))
            .col_expr(Mails::CancelledBecause, Expr::value(None::<String>))
            .col_expr(Mails::ChangedAt, Expr::value(now))
            .filter(Mails::Recipient.eq(address))
            .filter(given_up.or(held_back))
            .exec(&self.inner)
            .await?;
        Ok(true)
    }

    /// Records that a mail came back, in the words of the report's status code: its reminders were not told, its address
    /// is in doubt, and a person gets a task. False if this was known.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn mail_bounced(
        &self,
        mail: &Mail,
        status: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use mails::Column;
        let now = stored_at(now);
        let marked = mails::Entity::update_many()
            .col_expr(Column::BouncedAt, Expr::value(now))
            .col_expr(Column::BounceStatus, Expr::value(status))
            .col_expr(Column::ChangedAt, Expr::value(now))
            .filter(Column::Id.eq(mail.id))
            .filter(Column::BouncedAt.is_null())
            .exec(&self.inner)
            .await?;
        if marked.rows_affected == 0 {
            return Ok(false);
        }
        reminders::Entity::update_many()
            .col_expr(reminders::Column::State, Expr::value(ReminderState::Planned.as_str()))
            .col_expr(reminders::Column::MailId, Expr::value(None::<Uuid>))
            .col_expr(reminders::Column::ChangedAt, Expr::value(now))
            .filter(reminders::Column::MailId.eq(mail.id))
            .filter(reminders::Column::State.eq(ReminderState::Sent.as_str()))
            .exec(&self.inner)
            .await?;
        self.suspect_address(mail, &format!("it came back with the status {status}"), now).await?;
        Ok(true)
    }
}

impl Store {
    /// The open tasks about mail, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn mail_tasks(&self) -> Result<Vec<MailTask>, StoreError> {
        use mail_tasks::Column;
        let open = mail_tasks::Entity::find().filter(Column::ClosedAt.is_null()).order_by_asc(Column::Id);
        let rows = open.all(&self.read).await.in_table("mail_tasks")?;
        let task = |row: mail_tasks::Model| MailTask {
            record: MailTaskRecord {
                key: row.task_key,
                clinic: row.clinic,
                mail_id: row.mail_id,
                reason: row.reason,
            },
            opened_at: row.opened_at,
        };
        Ok(rows.into_iter().map(task).collect())
    }

    /// The addresses in doubt, in order of their text.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn suspect_addresses(&self) -> Result<Vec<SuspectAddress>, StoreError> {
        use suspect_addresses::Column;
        let open = suspect_addresses::Entity::find()
            .filter(Column::ClearedAt.is_null())
            .order_by_asc(Column::Address);
        let rows = open.all(&self.read).await.in_table("suspect_addresses")?;
        let suspect = |row: suspect_addresses::Model| SuspectAddress {
            address: row.address,
            since: row.since,
            because: row.because,
        };
        Ok(rows.into_iter().map(suspect).collect())
    }

    /// Whether an address is in doubt.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn is_suspect(&self, address: &str) -> Result<bool, StoreError> {
        use suspect_addresses::Column;
        let open = suspect_addresses::Entity::find()
            .filter(Column::Address.eq(address))
            .filter(Column::ClearedAt.is_null());
        Ok(open.count(&self.read).await.in_table("suspect_addresses")? > 0)
    }

    /// The mail of a Message-ID, also of one under which an earlier text of it was withdrawn.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn mail_of_message_id(&self, message_id: &str) -> Result<Option<Mail>, StoreError> {
        let found = mails::Entity::find().filter(mails::Column::MessageId.eq(message_id));
        if let Some(row) = found.one(&self.read).await.in_table("mails")? {
            return Mail::try_from(row).map(Some);
        }
        let withdrawn = entities::withdrawn_mails::Entity::find_by_id(message_id.to_owned());
        match withdrawn.one(&self.read).await.in_table("withdrawn_mails")? {
            Some(row) => self.find_mail(row.mail_id).await,
            None => Ok(None),
        }
    }
}
