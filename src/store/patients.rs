//! Patient heads: registration, lookup, paging and the lock under which a patient is written.

use chrono::{DateTime, Utc};
use entities::patients;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Who a patient is to the registry, and how far the facts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientHead {
    /// Identity inside this registry.
    pub id: Uuid,
    /// Pseudonym, unique.
    pub study_id: String,
    /// Clinic that looks after the patient now.
    pub clinic: String,
    /// Newest revision; 0 before the first.
    pub head_seq: i64,
    /// True after the import that made the patient was rolled back.
    pub withdrawn: bool,
    /// Instant of registration.
    pub created_at: DateTime<Utc>,
}

impl From<patients::Model> for PatientHead {
    fn from(row: patients::Model) -> Self {
        Self {
            id: row.id,
            study_id: row.study_id,
            clinic: row.clinic,
            head_seq: row.head_seq,
            withdrawn: row.withdrawn,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn head_by_id(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<PatientHead>, StoreError> {
    let row = patients::Entity::find_by_id(id).one(connection).await.in_table("patients")?;
    Ok(row.map(PatientHead::from))
}

impl Store {
    /// The patient with this study id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn find_patient(&self, study_id: &str) -> Result<Option<PatientHead>, StoreError> {
        let found = patients::Entity::find().filter(patients::COLUMN.study_id.eq(study_id));
        Ok(found.one(&self.read).await.in_table("patients")?.map(PatientHead::from))
    }

    /// The patient with this registry identity.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn patient(&self, id: Uuid) -> Result<Option<PatientHead>, StoreError> {
        head_by_id(&self.read, id).await
    }

    /// Up to `limit` patients in the order of their identity, from the one behind `after`, of one
    /// clinic or of all. Withdrawn patients are included and marked: leaving them out is the
    /// caller's decision.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn patients_page(
        &self,
        after: Option<Uuid>,
        limit: u64,
        clinic: Option<&str>,
    ) -> Result<Vec<PatientHead>, StoreError> {
        let mut page = patients::Entity::find().order_by_asc(patients::Column::Id).limit(limit);
        if let Some(after) = after {
            page = page.filter(patients::COLUMN.id.gt(after));
        }
        if let Some(clinic) = clinic {
            page = page.filter(patients::COLUMN.clinic.eq(clinic));
        }
        let rows = page.all(&self.read).await.in_table("patients")?;
        Ok(rows.into_iter().map(PatientHead::from).collect())
    }
}

impl WriteTransaction {
    /// The patient with this study id, locked until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also where another writer holds the patient too long.
    pub async fn find_patient(&self, study_id: &str) -> Result<Option<PatientHead>, StoreError> {
        // SQLite has one writer and leaves the lock clause out.
        let found = patients::Entity::find().filter(patients::COLUMN.study_id.eq(study_id)).lock_exclusive();
        Ok(found.one(&self.inner).await.in_table("patients")?.map(PatientHead::from))
    }

    /// The patient with this registry identity, locked until the transaction ends. A caller that
    /// read facts before compares `head_seq` to learn whether they are still the newest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also where another writer holds the patient too long.
    pub async fn lock_patient(&self, id: Uuid) -> Result<Option<PatientHead>, StoreError> {
        let found = patients::Entity::find_by_id(id).lock_exclusive();
        Ok(found.one(&self.inner).await.in_table("patients")?.map(PatientHead::from))
    }

    /// The patients with these registry identities, locked in the order of their identity until the transaction ends.
    /// One that does not exist is left out; some hundreds at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also where another writer holds a patient too long.
    pub async fn lock_patients(&self, ids: &[Uuid]) -> Result<Vec<PatientHead>, StoreError> {
        let found = patients::Entity::find()
            .filter(patients::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(patients::Column::Id)
            .lock_exclusive();
        let rows = found.all(&self.inner).await.in_table("patients")?;
        Ok(rows.into_iter().map(PatientHead::from).collect())
    }

    /// The patients with these study ids, locked in the order of their study ids until the transaction ends. One that
    /// does not exist is left out; some hundreds at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also where another writer holds a patient too long.
    pub async fn find_patients(&self, study_ids: &[&str]) -> Result<Vec<PatientHead>, StoreError> {
        let found = patients::Entity::find()
            .filter(patients::Column::StudyId.is_in(study_ids.iter().copied()))
            .order_by_asc(patients::Column::StudyId)
            .lock_exclusive();
        let rows = found.all(&self.inner).await.in_table("patients")?;
        Ok(rows.into_iter().map(PatientHead::from).collect())
    }

    /// Registers a patient without facts.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the study id is taken; the transaction stays usable, so the
    /// caller may go on with [`find_patient`](Self::find_patient).
    pub async fn create_patient(
        &self,
        id: Uuid,
        study_id: &str,
        clinic: &str,
        at: DateTime<Utc>,
    ) -> Result<PatientHead, StoreError> {
        let head = PatientHead {
            id,
            study_id: study_id.to_owned(),
            clinic: clinic.to_owned(),
            head_seq: 0,
            withdrawn: false,
            created_at: stored_at(at),
        };
        self.create_patients(std::slice::from_ref(&head)).await?;
        Ok(head)
    }

    /// Inserts heads; a study id that is taken is a conflict.
    pub(super) async fn create_patients(&self, heads: &[PatientHead]) -> Result<(), StoreError> {
        if heads.is_empty() {
            return Ok(());
        }
        let rows = heads.iter().map(|head| patients::ActiveModel {
            id: Set(head.id),
            study_id: Set(head.study_id.clone()),
            clinic: Set(head.clinic.clone()),
            head_seq: Set(head.head_seq),
            withdrawn: Set(head.withdrawn),
            created_at: Set(head.created_at),
        });
        // A violated key would end a PostgreSQL transaction; doing nothing on conflict waits for
        // a concurrent creator and leaves the transaction alive.
        let inserted = patients::Entity::insert_many(rows)
            .on_conflict_do_nothing_on([patients::Column::StudyId])
            .exec_without_returning(&self.inner)
            .await?;
        match inserted {
            TryInsertResult::Inserted(count) if count == heads.len() as u64 => Ok(()),
            _ => Err(StoreError::conflict("a patient with this study id is registered already")),
        }
    }
}
