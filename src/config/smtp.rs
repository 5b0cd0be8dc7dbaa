//! `[mail.smtp]`: the mail server. Connects to nothing.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Secret,
    mail::{is_domain, wants_smtp},
    reader::Reader,
};

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Plain at first, then TLS; nothing is sent if the server does not offer it.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// No protection: only to a server on this machine.
    None,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: SmtpSecurity,
    /// Who signs in; `None` if the server asks for nobody.
    pub credentials: Option<(String, Secret)>,
    /// How long the server may take for each step.
    pub timeout: Duration,
    /// Further root certificates, as PEM.
    pub ca_file: Option<PathBuf>,
}

const SECURITY: &[(&str, SmtpSecurity)] =
    &[("starttls", SmtpSecurity::Starttls), ("tls", SmtpSecurity::Tls), ("none", SmtpSecurity::None)];

impl SmtpSettings {
    /// Reads the section; the host is needed only if mail goes through it. `lease` is `mail.lease_seconds`.
    pub(super) fn read(reader: &mut Reader, lease: Option<u64>) -> Option<Self> {
        let host = read_host(reader);
        let port = reader.number("mail.smtp.port", 1..=65_535);
        let security = reader.choice("mail.smtp.security", SECURITY);
        let credentials = read_credentials(reader);
        let timeout = reader.number("mail.smtp.timeout_seconds", 1..=110);
        let ca_file = reader.optional_path("mail.smtp.ca_file");
        if let Some(path) = &ca_file {
            check_ca_file(path, reader);
        }
        check_security(host.as_deref(), security, reader);
        check_timeout(timeout, lease, reader);
        Some(Self {
            host: host?,
            port: u16::try_from(port?).ok()?,
            security: security?,
            credentials: credentials?,
            timeout: Duration::from_secs(timeout?),
            ca_file,
        })
    }

    /// Whether the server runs on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether `host` means this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_security(host: Option<&str>, security: Option<SmtpSecurity>, reader: &mut Reader) {
    if security == Some(SmtpSecurity::None) && host.is_some_and(|host| !is_loopback(host)) {
        reader.problem(
            "mail.smtp.security",
            "is \"none\", which would send mails and password readable over the network",
            "use \"starttls\" or \"tls\"; \"none\" is for a server on this machine (localhost, 127.0.0.1, ::1)",
        );
    }
}

fn check_timeout(timeout: Option<u64>, lease: Option<u64>, reader: &mut Reader) {
    if let (Some(timeout), Some(lease)) = (timeout, lease)
        && timeout >= lease
        && wants_smtp(reader)
    {
        reader.problem(
            "mail.smtp.timeout_seconds",
            "is not below mail.lease_seconds, so a slow server could make a second sender send the same mail",
            "make it shorter than mail.lease_seconds",
        );
    }
}

fn read_host(reader: &mut Reader) -> Option<String> {
    let key = "mail.smtp.host";
    let remedy = "give the server's name or address, without a port";
    let Some(host) = reader.optional_text(key) else {
        if wants_smtp(reader) {
            reader.problem(key, "is needed for the transport \"smtp\"", remedy);
        }
        return None;
    };
    if is_domain(&host) || host.parse::<IpAddr>().is_ok() {
        Some(host)
    } else {
        reader.problem(key, "is neither a host name nor an address", remedy);
        None
    }
}

/// `Some(None)` is a server without sign-in; `None` a half-told one, already reported.
fn read_credentials(reader: &mut Reader) -> Option<Option<(String, Secret)>> {
    let before = reader.problem_count();
    let username = reader.optional_text("mail.smtp.username");
    let password = reader.secret("mail.smtp.password", "mail.smtp.password_file");
    let password_is_faulty = reader.problem_count() > before;
    match (username, password) {
        (Some(username), Some(password)) => Some(Some((username, password))),
        (None, None) if !password_is_faulty => Some(None),
        (Some(_), None) if !password_is_faulty => {
            let remedy = "set mail.smtp.password_file, or unset the user name if the server asks for none";
            reader.problem("mail.smtp.username", "has no password", remedy);
            None
        }
        (None, Some(_)) => {
            let remedy = "set it, or unset the password if the server asks for none";
            reader.problem("mail.smtp.username", "is needed, because a password is set", remedy);
            None
        }
        _ => None,
    }
}

fn check_ca_file(path: &Path, reader: &mut Reader) {
    let problem = match holds_certificate(path) {
        Ok(true) => return,
        Ok(false) => "holds no certificate in PEM form".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    let remedy = "name a file with -----BEGIN CERTIFICATE----- blocks, or unset the key";
    reader.problem("mail.smtp.ca_file", &problem, remedy);
}

fn holds_certificate(path: &Path) -> io::Result<bool> {
    Ok(fs::read_to_string(path)?.contains("-----BEGIN CERTIFICATE-----"))
}
