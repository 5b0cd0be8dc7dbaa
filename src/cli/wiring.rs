//! Puts the real parts together from the settings: clock, ids, registry, protocol, transport.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use chrono::TimeDelta;

use super::terminal::Terminal;
use crate::{
    app::{
        context::{Clinics, Context},
        deliver::Delivery,
        metrics::Metrics,
    },
    clock::SystemClock,
    config::{self, LoadOptions, Settings},
    ids::RandomIds,
    mail::{
        address::MailAddress,
        hygiene::HeaderText,
        settings::{
            FolderSettings, Secret, Sender, SmtpCredentials, SmtpSecurity, SmtpSettings, SmtpTimeouts,
        },
        transport::{FolderTransport, MailTransport, SmtpTransport},
    },
    protocol::{Protocol, SHIPPED},
    store::{DatabaseSettings, Pace, Store},
    telemetry,
};

/// What the caller has to mend.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InputError(pub String);

/// The settings, or all their problems.
pub(super) fn settings(load: LoadOptions) -> anyhow::Result<Settings> {
    let settings = Settings::load(load)?;
    telemetry::init(&settings.log).context("logging could not be started")?;
    Ok(settings)
}

/// The registry and everything around it, ready for use cases.
pub(super) async fn context(settings: &Settings, terminal: &mut Terminal) -> anyhow::Result<Context> {
    let store = open_store(settings).await?;
    prepare_schema(&store, terminal).await?;
    Ok(Context {
        store,
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        protocol: Arc::new(protocol(settings.protocol.file.as_deref())?),
        clinics: Arc::new(Clinics::new(settings.clinics.clone(), settings.schedule.time_zone)),
        message_id_domain: settings.mail.message_id_domain.as_str().into(),
    })
}

/// The registry as it is, with whatever schema it has.
pub(super) async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let database = DatabaseSettings {
        url: settings.database.url.expose().to_owned(),
        max_connections: settings.database.max_connections,
        busy_timeout: settings.database.busy_timeout,
    };
    Store::open(&database).await.context("the registry cannot be opened")
}

/// A new registry gets its schema; an older schema is a person's decision.
async fn prepare_schema(store: &Store, terminal: &mut Terminal) -> anyhow::Result<()> {
    // Asked first: while two programs start on a new registry, it may stop being new between two questions.
    if store.is_new().await? {
        store.migrate().await?;
        terminal.remark("made a new registry")?;
        return Ok(());
    }
    let pending = store.pending_migrations().await?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(InputError(format!(
        "the registry's schema is {} steps behind; make a backup, then run `lobewatch migrate`",
        pending.len()
    ))
    .into())
}

/// The protocol of a file, or the shipped one.
pub(super) fn protocol(file: Option<&Path>) -> anyhow::Result<Protocol> {
    let (name, text) = match file {
        None => ("the shipped protocol".to_owned(), SHIPPED.to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                InputError(format!("protocol file `{}` cannot be read: {error}", path.display()))
            })?;
            (format!("protocol file `{}`", path.display()), text)
        }
    };
    Protocol::parse(&text).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        InputError(format!("{name} has problems:{}", lines.concat())).into()
    })
}

/// The way out for mails, with its rules.
pub(super) fn delivery(settings: &Settings, metrics: Arc<Metrics>) -> anyhow::Result<Delivery> {
    let mail = &settings.mail;
    let sender = Sender {
        address: MailAddress::parse(mail.from_address.as_ref())
            .map_err(|error| InputError(format!("mail.from_address: {error}")))?,
        name: Some(
            HeaderText::parse_name(&mail.from_name)
                .map_err(|error| InputError(format!("mail.from_name: {error}")))?,
        ),
    };
    let transport = match &mail.transport {
        config::MailTransport::Folder(path) => {
            MailTransport::Folder(FolderTransport::new(FolderSettings { path: path.clone() }))
        }
        config::MailTransport::Smtp(smtp) => {
            let transport = SmtpTransport::new(smtp_settings(smtp)?)
                .map_err(|error| InputError(format!("mail.smtp: {error}")))?;
            MailTransport::Smtp(Box::new(transport))
        }
    };
    Ok(Delivery {
        transport: Arc::new(transport),
        sender,
        lease: TimeDelta::from_std(mail.lease)?,
        max_attempts: i64::from(mail.max_attempts),
        pace: Pace { per_minute: mail.per_minute, between_two: TimeDelta::from_std(mail.between_two)? },
        senders: mail.senders,
        base_url: settings.service.base_url.clone(),
        metrics,
    })
}

fn smtp_settings(smtp: &config::SmtpSettings) -> anyhow::Result<SmtpSettings> {
    let extra_ca_pem = smtp
        .ca_file
        .as_ref()
        .map(|path| {
            std::fs::read_to_string(path).map_err(|error| {
                InputError(format!("mail.smtp.ca_file `{}` cannot be read: {error}", path.display()))
            })
        })
        .transpose()?;
    Ok(SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.security {
            config::SmtpSecurity::Starttls => SmtpSecurity::StartTls,
            config::SmtpSecurity::Tls => SmtpSecurity::ImplicitTls,
            config::SmtpSecurity::None => SmtpSecurity::None,
        },
        credentials: smtp.credentials.as_ref().map(|(username, password)| SmtpCredentials {
            username: username.clone(),
            password: Secret::new(password.expose().to_owned()),
        }),
        extra_ca_pem,
        hello_name: None,
        timeouts: SmtpTimeouts { connect: smtp.timeout, command: smtp.timeout, ..SmtpTimeouts::default() },
    })
}
