//! What the stories share: a context on a still clock, two clinics, and short history documents.

mod bounces;
mod delivery;
mod faults;
mod import;
mod nightly;
mod repeated_nights;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use lobewatch::{
    app::{
        compose_digest::{Composed, compose_digest},
        context::{Clinics, Context},
        deliver::Delivery,
        enqueue_digests::DigestTime,
        import_histories::{Import, ImportNote},
        metrics::Metrics,
        sweep::{SweepReport, sweep},
    },
    clock::ManualClock,
    config::{ClinicSettings, LoadOptions, Settings},
    document::read::read,
    ids::CountingIds,
    mail::{
        address::MailAddress,
        settings::{FolderSettings, Sender},
        transport::{FolderTransport, MailTransport},
    },
    protocol::{Protocol, SHIPPED},
    store::{BatchCounts, Mail, Pace},
};
use uuid::Uuid;

use crate::support::TestDatabase;

/// No limit that a story meets without wanting to.
pub const UNHURRIED: Pace = Pace { per_minute: 1_000_000, between_two: TimeDelta::zero() };

/// A registry with two clinics, `north` and `south`, at six in the morning of 2 February 2024.
pub struct World {
    pub ctx: Context,
    pub clock: ManualClock,
    claims: Mutex<Vec<Mail>>,
}

pub fn clinics(north: Option<&str>) -> BTreeMap<String, ClinicSettings> {
    let clinic = |slug: &str, address: Option<&str>| {
        let address =
            address.map_or_else(String::new, |address| format!("coordinator_email = \"{address}\"\n"));
        format!(
            "[clinics.{slug}]\nname = \"{slug}\"\ntime_zone = \"Europe/Rome\"\ndigest_hour = 7\nlanguage = \"en\"\n{address}"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lobewatch.toml");
    std::fs::write(&file, clinic("north", north) + &clinic("south", Some("south@clinic.example"))).unwrap();
    Settings::load(LoadOptions { file: Some(file), ..LoadOptions::default() }).unwrap().clinics
}

impl World {
    pub fn new(db: &TestDatabase) -> Self {
        let clock = ManualClock::at("2024-02-02T05:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let ctx = Context {
            store: db.store.clone(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(CountingIds::from(1)),
            protocol: Arc::new(Protocol::parse(SHIPPED).unwrap()),
            clinics: Arc::new(Clinics::new(clinics(Some("north@clinic.example")), chrono_tz::Europe::Rome)),
            message_id_domain: "lobewatch.example".into(),
        };
        Self { ctx, clock, claims: Mutex::default() }
    }

    pub async fn import(&self, documents: &[String]) -> (Uuid, BatchCounts) {
        let note =
            ImportNote { by: "Dr Test".to_owned(), reason: "story".to_owned(), source: "story".to_owned() };
        let mut import = Import::begin(&self.ctx, note).await.unwrap();
        let histories: Vec<_> = documents.iter().map(|document| read(document).unwrap()).collect();
        import.record(&histories).await.unwrap();
        import.finish().await.unwrap()
    }

    pub async fn sweep(&self) -> SweepReport {
        sweep(&self.ctx, None, DigestTime::Now, || false).await.unwrap()
    }

    pub async fn claim(&self) -> Option<Mail> {
        let lease = TimeDelta::minutes(2);
        let claim = self.ctx.store.claim_mail("worker", lease, UNHURRIED, self.ctx.now()).await.unwrap();
        self.claims.lock().unwrap().extend(claim.clone());
        claim
    }

    /// Ends the leases of all claims so far, as time does after their worker has died.
    pub async fn let_claims_lapse(&self) {
        let claims = std::mem::take(&mut *self.claims.lock().unwrap());
        for claim in claims {
            self.ctx.store.renew_claim(&claim, TimeDelta::zero(), self.ctx.now()).await.unwrap();
        }
    }

    /// The words of the digest of a clinic as it would leave now; `None` where it is not wanted any more.
    pub async fn digest_text(&self, claim: &Mail) -> Option<String> {
        match compose_digest(&self.ctx, "https://lobewatch.example", claim).await.unwrap() {
            Composed::Ready { rendered, .. } => Some(rendered.text),
            Composed::NotWanted(_) => None,
            Composed::Broken(problem) => panic!("{problem}"),
        }
    }

    pub fn delivery(folder: &std::path::Path) -> Delivery {
        Self::delivery_over(Arc::new(MailTransport::Folder(FolderTransport::new(FolderSettings {
            path: folder.to_owned(),
        }))))
    }

    pub fn delivery_over(transport: Arc<MailTransport>) -> Delivery {
        Delivery {
            transport,
            sender: Sender {
                address: MailAddress::parse("lobewatch@lobewatch.example").unwrap(),
                name: None,
            },
            lease: TimeDelta::minutes(2),
            max_attempts: 3,
            pace: UNHURRIED,
            senders: 1,
            base_url: "https://lobewatch.example".to_owned(),
            metrics: Arc::new(Metrics::new()),
        }
    }
}

/// A patient cleared on 10 January 2023 and never scanned since, followed by `clinic`.
pub fn patient(study_id: &str, clinic: &str) -> String {
    with_follow_up(study_id, clinic, r#"{"last_contact_on": "2024-01-15", "vital_status": "alive"}"#)
}

pub fn with_follow_up(study_id: &str, clinic: &str, follow_up: &str) -> String {
    format!(
        r#"{{"format": "lobewatch.history/1", "patient": {{"study_id": "{study_id}", "clinic": "{clinic}"}},
        "primary": {{"icd_o_3": "9180/3", "treated_on": "2019-01-10", "treatment_ended_on": "2019-06-01", "staging_imaging": "no_lung_nodule"}},
        "lung_metastases": {{"diagnosed_on": "2022-12-01", "synchronous": false}},
        "nodules": [{{"id": "n1", "lobe": "RLL", "origin": "imaging"}}],
        "imaging": [{{"id": "ct1", "on": "2022-12-01", "modality": "ct",
            "lobes": {{"RUL": "clear", "RML": "clear", "RLL": "nodules", "LUL": "clear", "LLL": "clear"}},
            "findings": [{{"nodule": "n1", "status": "new", "long_mm": 9, "certainty": "probable"}}]}}],
        "operations": [{{"id": "op1", "on": "2023-01-10", "side": "right", "approach": "vats", "completeness": "R0",
            "palpation": "full", "nodes": {{"status": "N0", "sampled": 3, "positive": 0}},
            "resections": [{{"nodule": "n1", "extent": "wedge", "pathology": "met_viable", "margin": "free"}}]}}],
        "follow_up": {follow_up}}}"#
    )
}
