//! Withdrawn texts: what a mail said under an earlier Message-ID and was not to say any more.

use sea_orm::entity::prelude::*;

/// One row of `withdrawn_mails`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "withdrawn_mails")]
pub struct Model {
    /// Message-ID of the withdrawn text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: String,
    /// Mail that goes on under another Message-ID.
    pub mail_id: Uuid,
    /// Instant of the withdrawal.
    pub withdrawn_at: DateTimeUtc,
    /// Why.
    pub because: String,
}

impl ActiveModelBehavior for ActiveModel {}
