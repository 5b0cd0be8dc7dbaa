//! A registry of its own on disk with the shipped settings.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use lobewatch::{
    app::{
        context::{Clinics, Context},
        import_histories::{Effect, Import, ImportNote, preview},
    },
    clock::ManualClock,
    config::{LoadOptions, Settings},
    ids::RandomIds,
    import::{check::Checker, limits::Limits},
    protocol::{Protocol, SHIPPED},
    store::{BatchCounts, DatabaseSettings, Store},
};

use super::memory;

/// An instant of the day before which everything happened.
pub const IMPORTED_AT: &str = "2026-03-31T09:00:00Z";

/// A registry in a file of its own.
pub struct Registry {
    pub ctx: Context,
    pub clock: ManualClock,
    pub url: String,
    pub path: PathBuf,
    documents_per_transaction: usize,
    limits: Limits,
}

impl Registry {
    /// Makes a registry as the program does: shipped settings but for the place, and somebody to write to.
    pub async fn create(path: PathBuf) -> anyhow::Result<Self> {
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let overrides = [
            ("database.url", url.as_str()),
            ("clinics.default.coordinator_email", "coordinator@clinic.example"),
        ];
        let overrides = overrides.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let settings = Settings::load(LoadOptions { overrides, ..LoadOptions::default() })?;
        let store = Store::open(&DatabaseSettings {
            url: url.clone(),
            max_connections: settings.database.max_connections,
            busy_timeout: settings.database.busy_timeout,
        })
        .await?;
        store.migrate().await?;
        let clock = ManualClock::at(IMPORTED_AT.parse::<DateTime<Utc>>()?);
        let protocol =
            Protocol::parse(SHIPPED).map_err(|problems| anyhow!("shipped protocol: {problems:?}"))?;
        let ctx = Context {
            store,
            clock: Arc::new(clock.clone()),
            ids: Arc::new(RandomIds),
            protocol: Arc::new(protocol),
            clinics: Arc::new(Clinics::new(settings.clinics, settings.schedule.time_zone)),
            message_id_domain: settings.mail.message_id_domain.as_str().into(),
        };
        let limits = Limits {
            max_document_bytes: usize::try_from(settings.import.max_document_bytes)?,
            max_nodules: settings.import.max_nodules_per_document,
            ..Limits::default()
        };
        let documents_per_transaction = settings.import.documents_per_transaction;
        Ok(Self { ctx, clock, url, path, documents_per_transaction, limits })
    }

    /// Bytes of the database file and its log.
    pub fn bytes_on_disk(&self) -> u64 {
        let log = PathBuf::from(format!("{}-wal", self.path.display()));
        [&self.path, &log].iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum()
    }

    /// Imports a file as the command line does: look at everything, then read it again and record it.
    pub async fn import(&self, cohort: &Path, early_patients: u64) -> anyhow::Result<Imported> {
        memory::forget_peak();
        let began = Instant::now();
        let mut new = 0_u64;
        for checked in Checker::new(self.limits).documents(File::open(cohort)?) {
            let document = checked.map_err(|refused| anyhow!("refused: {refused:?}"))?;
            new += u64::from(matches!(preview(&self.ctx, &document.history).await?, Effect::New { .. }));
        }
        let looked = began.elapsed();
        let note = ImportNote {
            by: "benchmark".to_owned(),
            reason: "made-up cohort".to_owned(),
            source: "cohort.ndjson".to_owned(),
        };
        let mut import = Import::begin(&self.ctx, note).await?;
        let mut waiting = Vec::with_capacity(self.documents_per_transaction);
        let mut early_peak = None;
        for checked in Checker::new(self.limits).documents(File::open(cohort)?) {
            waiting.push(checked.map_err(|refused| anyhow!("refused: {refused:?}"))?.history);
            if waiting.len() >= self.documents_per_transaction {
                import.record(&std::mem::take(&mut waiting)).await?;
                if early_peak.is_none() && import.counts().new >= i64::try_from(early_patients)? {
                    early_peak = memory::peak();
                }
            }
        }
        import.record(&waiting).await?;
        let (_, counts) = import.finish().await?;
        let total = began.elapsed();
        Ok(Imported { new, counts, looked, recorded: total - looked, early_peak, peak: memory::peak() })
    }
}

/// How an import went.
#[derive(Debug, Clone)]
pub struct Imported {
    /// New patients as the preview saw them.
    pub new: u64,
    pub counts: BatchCounts,
    pub looked: Duration,
    pub recorded: Duration,
    /// Most bytes resident until the first patients were recorded.
    pub early_peak: Option<u64>,
    /// Most bytes resident until the end.
    pub peak: Option<u64>,
}
