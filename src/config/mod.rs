//! Layered configuration with the source of every value.
//!
//! Four layers, later ones win: the embedded `config/default.toml`, the file of `--config`, the environment
//! (`LOBEWATCH__SECTION__KEY`) and the command line. One file per section below; each knows its keys, turns them into
//! typed values and checks them. Nothing stops at the first fault: all problems come back together, each with the key,
//! the source of the value and a remedy. This module opens no database and sends nothing.

mod clinics;
mod database;
mod import;
mod layers;
mod log;
mod mail;
mod nearest;
mod problem;
mod protocol;
mod reader;
mod schedule;
mod secret;
mod service;
mod smtp;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::{
    clinics::ClinicSettings,
    database::DatabaseSettings,
    import::ImportSettings,
    layers::LoadOptions,
    log::{LogFormat, LogSettings},
    mail::{MailSettings, MailTransport},
    problem::{ConfigProblem, ConfigProblemsError},
    protocol::ProtocolSettings,
    reader::DescribedValue,
    schedule::ScheduleSettings,
    secret::Secret,
    service::ServiceSettings,
    smtp::{SmtpSecurity, SmtpSettings},
};
use self::{layers::merge, reader::Reader};

/// The embedded first layer, which is also the manual: every key with meaning, unit and default.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// All settings of one process, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the registry is kept.
    pub database: DatabaseSettings,
    /// The web server and the way the process stops.
    pub service: ServiceSettings,
    /// What is logged and how.
    pub log: LogSettings,
    /// When the loops wake up.
    pub schedule: ScheduleSettings,
    /// Which surveillance protocol applies.
    pub protocol: ProtocolSettings,
    /// How mail leaves.
    pub mail: MailSettings,
    /// The bounds of an import.
    pub import: ImportSettings,
    /// The clinics by key, in the order of the keys; `default` is always among them.
    pub clinics: BTreeMap<String, ClinicSettings>,
    described: Vec<DescribedValue>,
}

/// What a look at the configuration found, usable or not: the material of `check-config`.
#[derive(Debug)]
pub struct Examination {
    /// Every key that exists, with the value in force and where it came from.
    pub values: Vec<DescribedValue>,
    /// The settings, or everything that stands in their way.
    pub outcome: Result<Settings, ConfigProblemsError>,
}

impl Settings {
    /// Reads and checks all layers.
    ///
    /// # Errors
    /// All problems at once, in the order of the sections; nothing is started on a partly valid configuration.
    pub fn load(options: LoadOptions) -> Result<Self, ConfigProblemsError> {
        examine(options).outcome
    }

    /// Every key with the value in force and its source. Secrets and passwords inside URLs are not shown.
    #[must_use]
    pub fn describe(&self) -> &[DescribedValue] {
        &self.described
    }
}

/// Reads all layers and reports values and problems side by side, so that `check-config` can show both.
#[must_use]
pub fn examine(options: LoadOptions) -> Examination {
    let mut reader = match merge(options) {
        Ok((figment, problems)) => Reader::new(figment, problems),
        Err(problem) => {
            return Examination {
                values: Vec::new(),
                outcome: Err(ConfigProblemsError::from(vec![problem])),
            };
        }
    };
    let draft = Draft::read(&mut reader);
    reader.refuse_unknown_keys();
    let (values, problems) = reader.finish();
    let outcome = match draft {
        Some(draft) if problems.is_empty() => Ok(draft.into_settings(values.clone())),
        _ => Err(ConfigProblemsError::from(problems)),
    };
    Examination { values, outcome }
}

/// All sections, read but not yet known to be free of problems.
struct Draft {
    database: DatabaseSettings,
    service: ServiceSettings,
    log: LogSettings,
    schedule: ScheduleSettings,
    protocol: ProtocolSettings,
    mail: MailSettings,
    import: ImportSettings,
    clinics: BTreeMap<String, ClinicSettings>,
}

impl Draft {
    /// Reads every section before giving up on any, so that all problems are seen.
    fn read(reader: &mut Reader) -> Option<Self> {
        let database = DatabaseSettings::read(reader);
        let service = ServiceSettings::read(reader);
        let log = LogSettings::read(reader);
        let schedule = ScheduleSettings::read(reader);
        let protocol = ProtocolSettings::read(reader);
        let mail = MailSettings::read(reader);
        let import = ImportSettings::read(reader);
        let clinics = clinics::read(reader);
        Some(Self {
            database: database?,
            service: service?,
            log: log?,
            schedule: schedule?,
            protocol,
            mail: mail?,
            import: import?,
            clinics,
        })
    }

    fn into_settings(self, described: Vec<DescribedValue>) -> Settings {
        let Self { database, service, log, schedule, protocol, mail, import, clinics } = self;
        Settings { database, service, log, schedule, protocol, mail, import, clinics, described }
    }
}
