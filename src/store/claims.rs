//! Taking a mail up, and what its worker asks while it holds it.
//!
//! An attempt is counted and committed before it begins, so a mail that kills its worker cannot do so for ever. A
//! claim is a lease by the database's clock: the clocks of several instances may differ by hours. If the worker is
//! gone the mail becomes claimable again, and the old worker, told by its name and the number of the attempt, can
//! neither send nor settle it any more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entities::mails;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, Statement, Value,
};

use super::{
    Backend, Store,
    batches::changed_one,
    error::{InTable, StoreError},
    mails::{Mail, MailState},
    transaction::stored_at,
};

/// How fast mails may leave, over all instances together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The most mails in any minute.
    pub per_minute: u32,
    /// The least time between two mails to one recipient.
    pub between_two: TimeDelta,
}

/// The longest wait for a probe of the mail server; one further off was written by a wrong clock.
const LONGEST_PROBE_WAIT: TimeDelta = TimeDelta::hours(1);

// `{clock}` is the database's clock and `{lease_end}` that much later. The oldest due attempt comes first. While the
// mail server is away, every mail that failed on it may serve as the probe, whenever its own next attempt is due.
const CLAIM: &str = "
    UPDATE mails SET state = 'claimed', attempts = attempts + 1, lease_until = {lease_end}, claimed_by = $2,
        changed_at = $1
    WHERE id = (
        SELECT m.id FROM mails m CROSS JOIN mail_relay r
        WHERE ((m.state IN ('planned', 'failed', 'unknown') AND (m.next_attempt_at <= $1
                    OR (r.open_since IS NOT NULL AND m.state = 'failed' AND m.failure_kind = 'relay'
                        AND m.next_attempt_at IS NOT NULL)))
                OR (m.state = 'claimed' AND m.lease_until <= {clock}))
            AND (r.open_since IS NULL OR r.next_probe_at <= $1 OR r.next_probe_at > $4)
            AND NOT EXISTS (SELECT 1 FROM mail_stops s
                WHERE s.lifted_at IS NULL AND (s.clinic IS NULL OR s.clinic = m.clinic))
            AND NOT EXISTS (SELECT 1 FROM mails other
                WHERE other.recipient = m.recipient AND other.state = 'sent'
                    AND other.sent_at > $5 AND other.sent_at <= $1)
            AND (SELECT COUNT(*) FROM mails done
                WHERE done.state = 'sent' AND done.sent_at > $6 AND done.sent_at <= $1) < $7
        ORDER BY m.next_attempt_at, m.id LIMIT 1{lock})
    RETURNING *, (SELECT open_since IS NOT NULL FROM mail_relay) AS is_probe";

const RENEW: &str = "
    UPDATE mails SET lease_until = {lease_end}, changed_at = $1
    WHERE id = $2 AND state = 'claimed' AND claimed_by = $4 AND attempts = $5 AND lease_until > {clock}";

const HELD: &str = "
    SELECT id FROM mails
    WHERE id = $1 AND state = 'claimed' AND claimed_by = $2 AND attempts = $3 AND lease_until > {clock}";

impl Store {
    /// Claims the mail whose attempt is due longest, or none. The attempt is counted and committed when this returns.
    /// `worker` should name one claim loop of one process; `now` is for what is due, the lease goes by the database's
    /// clock.
    ///
    /// None while a stop holds, the pace is reached or the mail server is away, but for one probe at a time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn claim_mail(
        &self,
        worker: &str,
        lease: TimeDelta,
        pace: Pace,
        now: DateTime<Utc>,
    ) -> Result<Option<Mail>, StoreError> {
        let now = stored_at(now);
        // SQLite is locked by the transaction as a whole; PostgreSQL passes over rows being claimed.
        let lock = if self.backend() == Backend::Postgres { " FOR UPDATE OF m SKIP LOCKED" } else { "" };
        let values: [Value; 7] = [
            now.into(),
            worker.into(),
            seconds(lease).into(),
            (now + LONGEST_PROBE_WAIT).into(),
            (now - pace.between_two).into(),
            (now - TimeDelta::minutes(1)).into(),
            i64::from(pace.per_minute).into(),
        ];
        let sql = self.by_its_clock(CLAIM, "$3").replace("{lock}", lock);
        let tx = self.writer().await?;
        let statement = Statement::from_sql_and_values(self.sql_dialect(), sql, values);
        let Some(row) = tx.inner.query_one_raw(statement).await.in_table("mails")? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let is_probe: bool = row.try_get("", "is_probe")?;
        let mail = Mail::try_from(mails::Model::from_query_result(&row, "").in_table("mails")?)?;
        // Of two workers that saw the same probe due, one takes it.
        if is_probe && !tx.begin_probe(now, now + LONGEST_PROBE_WAIT).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(mail))
    }

    /// Moves the end of a lease, as a sign of life during a long attempt. A lease that has ended is not renewed, even
    /// if nobody has taken the mail over yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the claim has passed to another worker or attempt, or has ended.
    pub async fn renew_claim(
        &self,
        claim: &Mail,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let values: [Value; 5] = [
            stored_at(now).into(),
            claim.id.into(),
            seconds(lease).into(),
            claim.claimed_by.clone().into(),
            claim.attempts.into(),
        ];
        let tx = self.writer().await?;
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), self.by_its_clock(RENEW, "$3"), values);
        let renewed = tx.inner.execute_raw(statement).await?;
        changed_one(renewed.rows_affected(), "the claim on this mail has passed to another attempt")?;
        tx.commit().await
    }

    /// Whether the worker still holds its claim: to be asked at the last moment before a mail leaves, because a process
    /// that stood still wakes up without knowing for how long.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn holds_claim(&self, claim: &Mail) -> Result<bool, StoreError> {
        let values: [Value; 3] = [claim.id.into(), claim.claimed_by.clone().into(), claim.attempts.into()];
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), self.by_its_clock(HELD, ""), values);
        Ok(self.read.query_one_raw(statement).await?.is_some())
    }

    /// Whether the same clinic and recipient have a mail of the same kind for a later day up to `today`: then an older
    /// one that could not leave in time would only repeat it. A mail for a day still to come replaces nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn has_later_mail(&self, mail: &Mail, today: NaiveDate) -> Result<bool, StoreError> {
        use mails::Column;
        let later = mails::Entity::find()
            .filter(Column::Kind.eq(mail.kind.as_str()))
            .filter(Column::Clinic.eq(mail.clinic.as_str()))
            .filter(Column::Recipient.eq(mail.recipient.as_str()))
            .filter(Column::LocalDate.gt(mail.local_date))
            .filter(Column::LocalDate.lte(today))
            .filter(Column::State.ne(MailState::Cancelled.as_str()))
            .count(&self.read)
            .await
            .in_table("mails")?;
        Ok(later > 0)
    }

    /// Fills the database's own clock into a statement; `lease` is the parameter with the length in seconds. SQLite
    /// keeps instants as text, so its clock is spelled as the driver spells them.
    pub(super) fn by_its_clock(&self, sql: &str, lease: &str) -> String {
        let (clock, end) = match self.backend() {
            Backend::Postgres => (
                "clock_timestamp()".to_owned(),
                format!("clock_timestamp() + make_interval(secs => {lease})"),
            ),
            Backend::Sqlite => {
                let spelled =
                    |shift: &str| format!("(strftime('%Y-%m-%dT%H:%M:%f', 'now'{shift}) || '+00:00')");
                (spelled(""), spelled(&format!(", {lease} || ' seconds'")))
            }
        };
        sql.replace("{clock}", &clock).replace("{lease_end}", &end)
    }
}

pub(super) fn seconds(lease: TimeDelta) -> f64 {
    lease.as_seconds_f64()
}
