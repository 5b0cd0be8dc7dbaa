//! Starts the test relay, tells it to misbehave, and reads back what it took.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The user name the relay takes.
pub const USER: &str = "relay-user";
/// The password the relay takes.
pub const PASSWORD: &str = "relay-pass%wörd";

/// How the relay protects connections.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// STARTTLS and sign-in required.
    StartTls,
    /// TLS from the first byte, sign-in required.
    Tls,
    /// Neither.
    Plain,
}

/// A running relay. It ends with this value.
pub struct Relay {
    child: Child,
    home: TempDir,
    /// The port on 127.0.0.1.
    pub port: u16,
}

/// A message the relay took.
#[derive(Debug, Deserialize)]
pub struct Taken {
    pub envelope_from: String,
    pub envelope_to: Vec<String>,
    pub peer: u16,
    pub encrypted: bool,
    pub signed_in: bool,
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
    pub bare: bool,
}

impl Taken {
    /// The one header of that name; fails when there is none or more than one.
    pub fn header(&self, name: &str) -> &str {
        let found: Vec<&str> =
            self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(found.len(), 1, "header {name}: {found:?}");
        found[0]
    }
}

impl Relay {
    /// Starts a relay that keeps idle connections open.
    pub fn start(mode: Mode) -> Self {
        Self::start_with_idle_s(mode, "300")
    }

    /// Starts a relay that closes connections idle for so many seconds.
    pub fn start_with_idle_s(mode: Mode, idle_s: &str) -> Self {
        let python = std::env::var("LOBEWATCH_TEST_PYTHON").expect(
            "set LOBEWATCH_TEST_PYTHON to a Python 3 that has aiosmtpd \
             (python3 -m venv DIR && DIR/bin/pip install aiosmtpd), or start the tests with tests/run",
        );
        let home = tempfile::tempdir().unwrap();
        let (mode, sign_in) = match mode {
            Mode::StartTls => ("starttls", true),
            Mode::Tls => ("tls", true),
            Mode::Plain => ("plain", false),
        };
        let mut command = Command::new(&python);
        command.arg(script()).args(["--mode", mode, "--idle-s", idle_s, "--dir"]).arg(home.path());
        if sign_in {
            command.args(["--user", USER, "--password", PASSWORD]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the test relay did not start; its errors stand above ({python})"));
        let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        Self { child, home, port }
    }

    /// Asks for a fault; `json!({})` ends it.
    pub fn control(&self, faults: &Value) {
        let draft = self.home.path().join("control.tmp");
        fs::write(&draft, faults.to_string()).unwrap();
        fs::rename(draft, self.home.path().join("control.json")).unwrap();
    }

    /// Ends all faults.
    pub fn behave(&self) {
        self.control(&json!({}));
    }

    /// The authority that signed the relay's certificate.
    pub fn ca_pem(&self) -> String {
        fs::read_to_string(self.home.path().join("ca.pem")).unwrap()
    }

    /// The messages taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        let log = fs::read_to_string(self.home.path().join("messages.jsonl")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The bytes of message number `number`, counted from 1.
    pub fn bytes(&self, number: usize) -> Vec<u8> {
        fs::read(self.home.path().join(format!("messages/{number:04}.eml"))).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp_server.py")
}
