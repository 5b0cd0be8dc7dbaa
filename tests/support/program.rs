//! Runs the built program: in a folder of its own, on a registry of its own, without the caller's environment.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use lobewatch::clock::{Clock, SystemClock};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    smtp::{Mode, PASSWORD, Relay, USER},
    support::postgres::with_empty_database,
};

/// Emits every named `fn(Program)` twice: as `sqlite::name` and as `postgres::name`.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name($crate::running::Program::on_sqlite());
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                $crate::running::on_postgres(super::$name);
            })+
        }
    };
}

/// Runs a case on an empty PostgreSQL database of its own, which is dropped afterwards.
pub fn on_postgres(case: fn(Program)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(with_empty_database(move |database| async move {
        let url = database.settings.url;
        if let Err(failure) = tokio::task::spawn_blocking(move || case(Program::on(url))).await {
            std::panic::resume_unwind(failure.into_panic());
        }
    }));
}

/// The program with a folder to work in, a registry and settings. The folder goes with this value.
pub struct Program {
    home: TempDir,
    settings: BTreeMap<String, String>,
}

impl Program {
    /// With a new SQLite registry in its folder.
    pub fn on_sqlite() -> Self {
        let mut program = Self::on(String::new());
        let url = format!("sqlite://{}?mode=rwc", program.path("registry.db").display());
        program.set("database.url", &url);
        program
    }

    /// With the registry of that URL.
    pub fn on(url: String) -> Self {
        let mut program = Self { home: tempfile::tempdir().unwrap(), settings: BTreeMap::new() };
        program.set("database.url", &url);
        program
    }

    /// With a second, empty SQLite registry, and everything else the same.
    pub fn beside(&self) -> Self {
        let mut other = Self::on_sqlite();
        for (key, value) in &self.settings {
            if key != "database.url" {
                other.set(key, value);
            }
        }
        other
    }

    /// Sets a setting through the environment.
    pub fn set(&mut self, key: &str, value: &str) -> &mut Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Names a clinic that receives mail.
    pub fn clinic(&mut self, slug: &str) -> &mut Self {
        self.set(&format!("clinics.{slug}.name"), &format!("Clinic {slug}"))
            .set(&format!("clinics.{slug}.time_zone"), "Europe/Rome")
            .set(&format!("clinics.{slug}.digest_hour"), "0")
            .set(&format!("clinics.{slug}.language"), "en")
            .set(&format!("clinics.{slug}.coordinator_email"), &format!("{slug}@clinic.example"))
    }

    /// Sends its mails to a relay; the default clinic receives some.
    pub fn mails_to(&mut self, relay: &Relay, mode: Mode) -> &mut Self {
        let security = match mode {
            Mode::StartTls => "starttls",
            Mode::Tls => "tls",
            Mode::Plain => "none",
        };
        self.clinic("default")
            .set("mail.transport", "smtp")
            .set("mail.smtp.host", "localhost")
            .set("mail.smtp.port", &relay.port.to_string())
            .set("mail.smtp.security", security)
            .set("mail.smtp.timeout_seconds", "8")
            .set("mail.lease_seconds", "10")
            // Nights follow each other within seconds here.
            .set("mail.per_minute", "60000")
            .set("mail.between_two_seconds", "0");
        if !matches!(mode, Mode::Plain) {
            let authority = self.write("relay-ca.pem", relay.ca_pem());
            self.set("mail.smtp.ca_file", &authority)
                .set("mail.smtp.username", USER)
                .set("mail.smtp.password", PASSWORD);
        }
        self
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file into its folder and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A call of the binary, ready to start.
    pub fn command<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lobewatch"));
        command.env_clear().current_dir(self.home.path()).stdin(Stdio::null());
        command.env("TMPDIR", self.home.path());
        for (key, value) in &self.settings {
            command.env(format!("LOBEWATCH__{}", key.replace('.', "__").to_uppercase()), value);
        }
        command.args(arguments.iter().map(AsRef::as_ref));
        command
    }

    /// Runs a command to its end.
    pub fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that reads `input`.
    pub fn run_reading<S: AsRef<str>>(&self, arguments: &[S], input: &[u8]) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Runs a command that has to succeed, and gives what it printed.
    pub fn done<S: AsRef<str>>(&self, arguments: &[S]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        ended.out
    }

    /// Imports files in the name of a test doctor; `arguments` may hold options too.
    pub fn import<S: AsRef<str>>(&self, arguments: &[S]) -> Ended {
        let mut all = vec!["import", "--by", "Dr Test"];
        all.extend(arguments.iter().map(AsRef::as_ref));
        self.run(&all)
    }

    /// The whole registry as NDJSON.
    pub fn export(&self) -> String {
        self.done(&["export"])
    }

    /// The current documents by study id.
    pub fn histories(&self) -> BTreeMap<String, String> {
        by_study_id(&self.export())
    }

    /// The rows of `patients list`.
    pub fn patients(&self) -> Vec<Value> {
        self.done(&["patients", "list", "--json"]).lines().map(parsed).collect()
    }

    /// The id of the newest batch.
    pub fn newest_batch(&self) -> String {
        let line = self.done(&["batches", "list", "--limit", "1"]);
        line.split_whitespace().next().unwrap_or_else(|| panic!("no batch")).to_owned()
    }

    /// The value of a statement that selects one number called `n`, behind the program's back.
    pub fn number(&self, sql: &str) -> i64 {
        let url = self.settings["database.url"].clone();
        let sql = sql.to_owned();
        on_a_thread(async move {
            let raw = Database::connect(url).await.unwrap();
            let statement = Statement::from_string(raw.get_database_backend(), sql);
            let n = raw.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap();
            raw.close().await.unwrap();
            n
        })
    }

    /// Runs a statement behind the program's back.
    pub fn execute(&self, sql: &str) {
        let url = self.settings["database.url"].clone();
        let sql = sql.to_owned();
        on_a_thread(async move {
            let raw = Database::connect(url).await.unwrap();
            raw.execute_unprepared(&sql).await.unwrap();
            raw.close().await.unwrap();
        });
    }

    /// Fails when the database itself finds something broken. PostgreSQL checks its keys at every commit.
    pub fn assert_database_is_sound(&self) {
        if self.settings["database.url"].starts_with("sqlite:") {
            let broken = "SELECT (SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok')
                + (SELECT count(*) FROM pragma_foreign_key_check) AS n";
            assert_eq!(self.number(broken), 0, "integrity_check or foreign_key_check");
        }
    }
}

/// Runs to the end on a thread and a runtime of its own, because the caller may stand in one already.
fn on_a_thread<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(work)).join().unwrap()
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails unless the command ended with this code; gives itself back.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- output\n{}\n--- errors\n{}", self.code, self.out, self.err)
    }
}

/// A process that is ended with the test, however the test ends.
pub struct Running {
    pub child: Child,
}

impl Running {
    /// Starts a command; its output is kept in pipes unless the command says otherwise.
    pub fn start(command: &mut Command) -> Self {
        Self { child: command.spawn().unwrap() }
    }

    /// Asks the process to end, as a service manager does.
    pub fn terminate(&self) {
        let id = self.child.id();
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap();
        assert!(asked.success());
    }

    /// Waits for the end; `None` when it does not come in time.
    pub fn wait_for(&mut self, most: Duration) -> Option<ExitStatus> {
        let step = Duration::from_millis(20);
        for _ in 0..=most.as_millis() / step.as_millis() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(step);
        }
        None
    }

    /// The most memory it has held so far, in KiB; `None` once it has ended.
    pub fn peak_kib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// What is left in its error pipe.
    pub fn errors(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to but not including 1.
    pub fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // 53 bits fit a double exactly.
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The files of the published cases, sorted by name.
pub fn case_files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    files.sort();
    files
}

/// A published case as JSON.
pub fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{name}.json"));
    parsed(&fs::read_to_string(path).unwrap())
}

/// Text as JSON; fails and shows it when it is none.
#[track_caller]
pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

/// Lines of an export by study id.
pub fn by_study_id(lines: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in lines.lines() {
        let id = parsed(line)["patient"]["study_id"].as_str().unwrap().to_owned();
        assert!(found.insert(id, line.to_owned()).is_none(), "a patient comes twice: {line}");
    }
    found
}

/// The present instant.
pub fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// Today at a clinic that states no zone of its own.
pub fn today() -> NaiveDate {
    now().with_timezone(&chrono_tz::Europe::Rome).date_naive()
}

/// So many days before today.
pub fn days_ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

/// A patient of a clinic: one metastasis of the right lower lobe, removed completely, and chest CTs without findings
/// since then.
pub fn operated(study_id: &str, clinic: &str, on: NaiveDate, scans: &[NaiveDate]) -> Value {
    let clear = json!({"RUL": "clear", "RML": "clear", "RLL": "clear", "LUL": "clear", "LLL": "clear"});
    let found = on - Days::new(30);
    let mut imaging = vec![json!({
        "id": "ct0", "on": found, "reported_on": found, "modality": "ct", "slice_mm": 1.0,
        "lobes": {"RUL": "clear", "RML": "clear", "RLL": "nodules", "LUL": "clear", "LLL": "clear"},
        "findings": [{"nodule": "n1", "status": "new", "long_mm": 9.0, "certainty": "probable"}],
    })];
    imaging.extend(scans.iter().enumerate().map(|(at, on)| {
        let id = format!("ct{}", at + 1);
        json!({"id": id, "on": on, "reported_on": on, "modality": "ct", "slice_mm": 1.0, "lobes": clear})
    }));
    json!({
        "format": "lobewatch.history/1",
        "patient": {"study_id": study_id, "sex": "female", "birth_date": "1971", "clinic": clinic},
        "primary": {
            "histology": "leiomyosarcoma", "icd_o_3": "8890/3", "family": "soft_tissue_sarcoma", "site": "thigh",
            "side": "left", "grade": "low", "treated_on": on - Days::new(1500), "staging_imaging": "no_lung_nodule",
        },
        "lung_metastases": {"diagnosed_on": found, "synchronous": false},
        "nodules": [{"id": "n1", "lobe": "RLL", "origin": "imaging"}],
        "imaging": imaging,
        "operations": [{
            "id": "op1", "on": on, "side": "right", "approach": "vats", "completeness": "R0", "palpation": "full",
            "lymphadenectomy": "sampling", "nodes": {"status": "N0", "sampled": 3, "positive": 0},
            "resections": [{"nodule": "n1", "extent": "wedge", "pathology": "met_viable", "size_mm": 9, "margin": "free", "margin_mm": 10}],
        }],
        "follow_up": {"last_contact_on": scans.last().copied().unwrap_or(on), "vital_status": "alive"},
    })
}
