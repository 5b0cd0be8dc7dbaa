//! Delivery to an SMTP relay.
//!
//! The conversation is led step by step instead of through the library's one `send` call, because only then is it
//! known how far an attempt came: a connection lost before the message was sent is a plain retry, one lost after
//! it is "unknown". What still cannot be told apart is a loss while the message's bytes are under way and a loss
//! after its last line: both are "unknown". One envelope, one recipient. A connection is kept for the next
//! message for a short while.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    Error as LettreError,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    commands::{Data, Mail, Noop, Rcpt},
    extension::ClientId,
    response::Response,
};
use tokio::time::{Instant, timeout};

use super::{
    Accepted,
    error::{SendError, Stage, TransportSettingsError},
};
use crate::{
    mail::{
        message::OutgoingMail,
        settings::{SmtpSecurity, SmtpSettings, SmtpTimeouts},
    },
    reminders::message_id::is_host_name,
};

/// How long a connection is kept open for the next message. Relays close idle ones after minutes.
const KEEP_OPEN: Duration = Duration::from_secs(20);
/// How long a goodbye may take. Nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(5);
/// How many connections are kept open at most.
const MAX_OPEN: usize = 4;

/// A relay, ready to be sent to.
pub struct SmtpTransport {
    host: String,
    port: u16,
    security: SmtpSecurity,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello_name: ClientId,
    timeouts: SmtpTimeouts,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl std::fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpTransport")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

impl SmtpTransport {
    /// Checks the settings and loads certificates; does not connect.
    ///
    /// # Errors
    /// When the settings would send unprotected mail to another machine, or cannot be used at all.
    pub fn new(settings: SmtpSettings) -> Result<Self, TransportSettingsError> {
        check_settings(&settings)?;
        let tls = match settings.security {
            SmtpSecurity::None => None,
            SmtpSecurity::StartTls | SmtpSecurity::ImplicitTls => {
                Some(tls_parameters(&settings.host, settings.extra_ca_pem.as_deref())?)
            }
        };
        let credentials =
            settings.credentials.map(|c| Credentials::new(c.username, c.password.reveal().to_owned()));
        Ok(Self {
            host: settings.host,
            port: settings.port,
            security: settings.security,
            tls,
            credentials,
            hello_name: settings.hello_name.map_or_else(ClientId::default, ClientId::Domain),
            timeouts: settings.timeouts,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Sends one message once, if `last_look` says so after the relay took the recipient.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send_if(
        &self,
        mail: &OutgoingMail,
        last_look: impl Future<Output = bool> + Send,
    ) -> Result<Option<Accepted>, SendError> {
        let mut connection = self.open_with_sender(mail).await?;
        let outcome = self.deliver(&mut connection, mail, last_look).await;
        match &outcome {
            Ok(Some(_)) => self.keep(connection),
            // A relay that answered still listens; after anything else the connection is simply dropped.
            Ok(None) => goodbye(connection).await,
            Err(error) if error.is_verdict() => goodbye(connection).await,
            Err(_) => {}
        }
        Ok(outcome?.map(|response| Accepted { reply: printable(&response) }))
    }

    /// Connects, encrypts, signs in, asks for a sign of life and leaves.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn check(&self) -> Result<(), SendError> {
        let mut connection = self.connect().await?;
        within(self.timeouts.command, Stage::Connect, connection.command(Noop)).await?;
        goodbye(connection).await;
        Ok(())
    }

    /// A connection on which the relay has accepted our sender address. A kept connection may have been closed by
    /// the relay meanwhile; nothing has been said on it, so a new one is opened without counting a failure.
    async fn open_with_sender(&self, mail: &OutgoingMail) -> Result<AsyncSmtpConnection, SendError> {
        if let Some(mut kept) = self.take_kept() {
            match self.name_sender(&mut kept, mail).await {
                Ok(()) => return Ok(kept),
                Err(error) if error.is_verdict() => {
                    goodbye(kept).await;
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        let mut fresh = self.connect().await?;
        match self.name_sender(&mut fresh, mail).await {
            Ok(()) => Ok(fresh),
            Err(error) => {
                goodbye(fresh).await;
                Err(error)
            }
        }
    }

    async fn name_sender(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &OutgoingMail,
    ) -> Result<(), SendError> {
        let from = Mail::new(mail.envelope().from().cloned(), Vec::new());
        within(self.timeouts.command, Stage::From, connection.command(from)).await.map(drop)
    }

    async fn deliver(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &OutgoingMail,
        last_look: impl Future<Output = bool> + Send,
    ) -> Result<Option<Response>, SendError> {
        for to in mail.envelope().to() {
            let rcpt = Rcpt::new(to.clone(), Vec::new());
            within(self.timeouts.command, Stage::Recipient, connection.command(rcpt)).await?;
        }
        if !last_look.await {
            return Ok(None);
        }
        within(self.timeouts.command, Stage::Data, connection.command(Data)).await?;
        // The library puts a line end of its own before the final dot; with ours it would be a blank line more.
        let message = mail.bytes().strip_suffix(b"\r\n").unwrap_or(mail.bytes());
        within(self.timeouts.message, Stage::Message, connection.message(message)).await.map(Some)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let addresses = self.resolve().await?;
        let wrapper = self.tls.clone().filter(|_| self.security == SmtpSecurity::ImplicitTls);
        let open = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(self.timeouts.connect),
            &self.hello_name,
            wrapper,
            None,
        );
        let mut connection = within(self.timeouts.connect, Stage::Connect, open).await?;
        if self.security == SmtpSecurity::StartTls {
            let Some(tls) = self.tls.clone() else { return Err(SendError::refused(Stage::Encrypt)) };
            within(self.timeouts.connect, Stage::Encrypt, connection.starttls(tls, &self.hello_name)).await?;
        }
        // Belt and braces: nothing secret goes over a line that should be encrypted and is not.
        if self.security != SmtpSecurity::None && !connection.is_encrypted() {
            return Err(SendError::refused(Stage::Encrypt));
        }
        if let Some(credentials) = &self.credentials {
            let sign_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            if let Err(error) = within(self.timeouts.connect, Stage::SignIn, sign_in).await {
                goodbye(connection).await;
                return Err(error);
            }
        }
        Ok(connection)
    }

    /// The relay's addresses; without protection only those of this machine itself.
    async fn resolve(&self) -> Result<Vec<SocketAddr>, SendError> {
        let looked_up =
            timeout(self.timeouts.connect, tokio::net::lookup_host((self.host.as_str(), self.port)))
                .await
                .map_err(|_| SendError::timeout(Stage::Connect))?;
        let mut addresses: Vec<SocketAddr> =
            looked_up.map_err(|_| SendError::lost(Stage::Connect))?.collect();
        if self.security == SmtpSecurity::None {
            addresses.retain(|address| address.ip().is_loopback());
        }
        if addresses.is_empty() { Err(SendError::refused(Stage::Connect)) } else { Ok(addresses) }
    }

    fn take_kept(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|kept| kept.since.elapsed() < KEEP_OPEN);
        idle.pop().map(|kept| kept.connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_OPEN {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }
}

async fn within<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, LettreError>>,
) -> Result<T, SendError> {
    match timeout(limit, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(SendError::from_lettre(stage, &error)),
        Err(_) => Err(SendError::timeout(stage)),
    }
}

/// Leaves politely. A failure changes nothing: the outcome is already known.
async fn goodbye(mut connection: AsyncSmtpConnection) {
    let _ = timeout(GOODBYE, connection.abort()).await;
}

fn printable(response: &Response) -> String {
    let text = response.message().collect::<Vec<_>>().join(" ");
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    format!("{} ", response.code()).chars().chain(clean).take(200).collect()
}

fn check_settings(settings: &SmtpSettings) -> Result<(), TransportSettingsError> {
    let host = settings.host.as_str();
    let ip = host.parse::<IpAddr>().ok();
    if ip.is_none() && !is_host_name(host) {
        return Err(TransportSettingsError::Host(host.to_owned()));
    }
    let here = ip.map_or_else(|| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback());
    if settings.security == SmtpSecurity::None && !here {
        return Err(TransportSettingsError::PlainToOtherHost(host.to_owned()));
    }
    if let Some(name) = settings.hello_name.as_ref().filter(|name| !is_host_name(name)) {
        return Err(TransportSettingsError::HelloName(name.clone()));
    }
    if let Some(credentials) = &settings.credentials {
        let odd = |text: &str| text.is_empty() || text.chars().any(char::is_control);
        if odd(&credentials.username) || odd(credentials.password.reveal()) {
            return Err(TransportSettingsError::Credentials);
        }
    }
    let SmtpTimeouts { connect, command, message } = settings.timeouts;
    if [connect, command, message].iter().any(Duration::is_zero) {
        return Err(TransportSettingsError::Timeout);
    }
    Ok(())
}

fn tls_parameters(host: &str, extra_ca_pem: Option<&str>) -> Result<TlsParameters, TransportSettingsError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = extra_ca_pem {
        // The library reads a text without any certificate as an empty list, which would be a silent no-op.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(TransportSettingsError::Certificates);
        }
        let certificate =
            Certificate::from_pem(pem.as_bytes()).map_err(|_| TransportSettingsError::Certificates)?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|_| TransportSettingsError::Certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::settings::{Secret, SmtpCredentials};

    fn settings(host: &str, security: SmtpSecurity) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port: 25,
            security,
            credentials: None,
            extra_ca_pem: None,
            hello_name: None,
            timeouts: SmtpTimeouts::default(),
        }
    }

    #[test]
    fn unprotected_mail_may_only_go_to_this_machine() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(SmtpTransport::new(settings(host, SmtpSecurity::None)).is_ok(), "{host}");
        }
        for host in ["mail.example.org", "10.0.0.1", "localhost.example.org", "0.0.0.0"] {
            let error = SmtpTransport::new(settings(host, SmtpSecurity::None)).unwrap_err();
            assert_eq!(error, TransportSettingsError::PlainToOtherHost(host.to_owned()));
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
        let with = |change: fn(&mut SmtpSettings)| {
            let mut settings = settings("mail.example.org", SmtpSecurity::StartTls);
            change(&mut settings);
            SmtpTransport::new(settings).unwrap_err()
        };
        assert!(matches!(with(|s| s.host = "a b".to_owned()), TransportSettingsError::Host(_)));
        assert!(matches!(
            with(|s| s.hello_name = Some("a\r\nb".to_owned())),
            TransportSettingsError::HelloName(_)
        ));
        assert_eq!(with(|s| s.extra_ca_pem = Some("x".to_owned())), TransportSettingsError::Certificates);
        assert_eq!(with(|s| s.timeouts.message = Duration::ZERO), TransportSettingsError::Timeout);
        let odd = |s: &mut SmtpSettings| {
            let password = Secret::new("a\0b".to_owned());
            s.credentials = Some(SmtpCredentials { username: "u".to_owned(), password });
        };
        assert_eq!(with(odd), TransportSettingsError::Credentials);
    }
}
