//! Delivery in full: tasks about mail, addresses in doubt, stops, the state of the mail server, leases of instances.
//!
//! Column meanings are documented once, in the `entities` crate.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::spelling::spelled_for;

/// Creates what delivery remembers beside the mails themselves.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for statement in STATEMENTS {
            connection.execute_unprepared(&spelled_for(postgres, statement)).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: &[&str] = &[
    "ALTER TABLE mails ADD COLUMN failure_kind text
        CHECK (failure_kind IN ('refused', 'relay', 'unknown'))",
    "ALTER TABLE mails ADD COLUMN relay_failures bigint NOT NULL DEFAULT 0",
    "ALTER TABLE mails ADD COLUMN content_hash text",
    "ALTER TABLE mails ADD COLUMN bounced_at {instant}",
    "ALTER TABLE mails ADD COLUMN bounce_status text",
    "CREATE INDEX mails_sent ON mails (sent_at) WHERE state = 'sent'",
    "CREATE INDEX mails_by_recipient ON mails (recipient, sent_at)",
    "CREATE TABLE withdrawn_mails (
        message_id text NOT NULL PRIMARY KEY,
        mail_id {uuid} NOT NULL REFERENCES mails (id),
        withdrawn_at {instant} NOT NULL,
        because text NOT NULL CHECK (because <> '')
    )",
    "CREATE TABLE mail_tasks (
        id {row_id},
        task_key text NOT NULL,
        clinic text,
        mail_id {uuid} REFERENCES mails (id),
        reason text NOT NULL CHECK (reason <> ''),
        opened_at {instant} NOT NULL,
        closed_at {instant},
        closed_by text,
        closed_because text,
        CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
        CHECK ((closed_at IS NULL) = (closed_because IS NULL))
    )",
    "CREATE UNIQUE INDEX mail_tasks_open ON mail_tasks (task_key) WHERE closed_at IS NULL",
    "CREATE TABLE suspect_addresses (
        id {row_id},
        address text NOT NULL,
        mail_id {uuid} NOT NULL REFERENCES mails (id),
        since {instant} NOT NULL,
        because text NOT NULL CHECK (because <> ''),
        cleared_at {instant},
        cleared_by text,
        cleared_because text,
        CHECK ((cleared_at IS NULL) = (cleared_by IS NULL)),
        CHECK ((cleared_at IS NULL) = (cleared_because IS NULL))
    )",
    "CREATE UNIQUE INDEX suspect_addresses_open ON suspect_addresses (address) WHERE cleared_at IS NULL",
    "CREATE TABLE mail_stops (
        id {row_id},
        clinic text,
        stopped_at {instant} NOT NULL,
        stopped_by text NOT NULL CHECK (stopped_by <> ''),
        because text NOT NULL CHECK (because <> ''),
        lifted_at {instant},
        lifted_by text,
        lifted_because text,
        CHECK ((lifted_at IS NULL) = (lifted_by IS NULL)),
        CHECK ((lifted_at IS NULL) = (lifted_because IS NULL))
    )",
    // A stop without a clinic is for all; no clinic has an empty key.
    "CREATE UNIQUE INDEX mail_stops_open ON mail_stops (COALESCE(clinic, '')) WHERE lifted_at IS NULL",
    "CREATE TABLE mail_relay (
        id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
        failures bigint NOT NULL CHECK (failures >= 0),
        failing_since {instant},
        open_since {instant},
        next_probe_at {instant},
        CHECK ((failures = 0) = (failing_since IS NULL)),
        CHECK ((open_since IS NULL) = (next_probe_at IS NULL))
    )",
    "INSERT INTO mail_relay (id, failures) VALUES (1, 0)",
    "CREATE TABLE leases (
        name text NOT NULL PRIMARY KEY,
        holder text NOT NULL,
        term bigint NOT NULL CHECK (term >= 1),
        lease_until {instant} NOT NULL
    )",
];
