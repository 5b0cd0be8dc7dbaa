//! Data tasks: a question is open at most once per patient, and a closed one stays readable.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entities::data_tasks;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Ids per statement.
const TASKS_PER_UPDATE: usize = 1_000;
/// Why a task is closed when the facts no longer give rise to it.
const RESOLVED: &str = "resolved by later facts";

/// A question the facts give rise to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// Identity of the question within the patient.
    pub key: String,
    /// The question in words.
    pub reason: String,
}

/// A stored task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The question.
    pub record: TaskRecord,
    /// Instant it was first asked.
    pub opened_at: DateTime<Utc>,
    /// Instant and reason of closing; `None` while open.
    pub closed: Option<(DateTime<Utc>, String)>,
}

/// What saving tasks changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskChanges {
    /// Newly opened.
    pub opened: u64,
    /// Closed because the facts no longer give rise to them.
    pub closed: u64,
}

impl WriteTransaction {
    /// Makes the open tasks equal to the wanted ones: opens new ones, rewords open ones, closes
    /// those no longer wanted. A question that comes back after being closed is a new task.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a key occurs twice in `wanted`.
    pub async fn save_tasks(
        &self,
        patient_id: Uuid,
        wanted: &[TaskRecord],
        now: DateTime<Utc>,
    ) -> Result<TaskChanges, StoreError> {
        self.save_tasks_of_many(&[(patient_id, wanted)], now).await
    }

    /// [`save_tasks`](Self::save_tasks) for many patients with few statements. Each patient once, some hundreds at
    /// most.
    ///
    /// # Errors
    /// As [`save_tasks`](Self::save_tasks).
    pub async fn save_tasks_of_many(
        &self,
        wanted: &[(Uuid, &[TaskRecord])],
        now: DateTime<Utc>,
    ) -> Result<TaskChanges, StoreError> {
        use data_tasks::{ActiveModel, COLUMN, Entity};
        let now = stored_at(now);
        let open = Entity::find()
            .filter(COLUMN.patient_id.is_in(wanted.iter().map(|(patient, _)| *patient)))
            .filter(COLUMN.closed_at.is_null());
        let rows = open.all(&self.inner).await.in_table("data_tasks")?;
        let mut stored: HashMap<(Uuid, String), data_tasks::Model> =
            rows.into_iter().map(|row| ((row.patient_id, row.task_key.clone()), row)).collect();
        let mut changes = TaskChanges::default();
        let mut added = Vec::new();
        for (patient_id, own) in wanted {
            let patient_id = *patient_id;
            for task in *own {
                match stored.remove(&(patient_id, task.key.clone())) {
                    None => added.push(ActiveModel {
                        id: NotSet,
                        patient_id: Set(patient_id),
                        task_key: Set(task.key.clone()),
                        reason: Set(task.reason.clone()),
                        opened_at: Set(now),
                        closed_at: Set(None),
                        closed_because: Set(None),
                    }),
                    Some(row) if row.reason != task.reason => {
                        let reworded = Set(task.reason.clone());
                        let row = ActiveModel { id: Set(row.id), reason: reworded, ..Default::default() };
                        row.update(&self.inner).await?;
                    }
                    Some(_) => {}
                }
            }
        }
        let resolved: Vec<i64> = stored.into_values().map(|row| row.id).collect();
        for chunk in resolved.chunks(TASKS_PER_UPDATE) {
            let closed = Entity::update_many()
                .col_expr(data_tasks::Column::ClosedAt, Expr::value(now))
                .col_expr(data_tasks::Column::ClosedBecause, Expr::value(RESOLVED))
                .filter(data_tasks::Column::Id.is_in(chunk.iter().copied()))
                .exec(&self.inner)
                .await?;
            changes.closed += closed.rows_affected;
        }
        changes.opened = self.insert_all(added).await?;
        Ok(changes)
    }
}

impl Store {
    /// Every task a patient ever had, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn tasks(&self, patient_id: Uuid) -> Result<Vec<Task>, StoreError> {
        let rows = data_tasks::Entity::find()
            .filter(data_tasks::COLUMN.patient_id.eq(patient_id))
            .order_by_asc(data_tasks::Column::Id)
            .all(&self.read)
            .await
            .in_table("data_tasks")?;
        Ok(rows
            .into_iter()
            .map(|row| Task {
                record: TaskRecord { key: row.task_key, reason: row.reason },
                opened_at: row.opened_at,
                closed: row.closed_at.zip(row.closed_because),
            })
            .collect())
    }
}
