//! The configuration as a whole: order of layers, sources, all problems at once, secrets.

use std::{fs, path::PathBuf};

use super::*;

fn env(variables: &[(&str, &str)]) -> LoadOptions {
    let env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    LoadOptions { env, ..LoadOptions::default() }
}

/// A folder with one configuration file in it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lobewatch.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn from_file(text: &str) -> Result<Settings, ConfigProblemsError> {
    let (_folder, path) = file(text);
    Settings::load(LoadOptions { file: Some(path), ..LoadOptions::default() })
}

fn keys(error: &ConfigProblemsError) -> Vec<&str> {
    error.problems().iter().map(|problem| problem.key.as_str()).collect()
}

fn shown<'a>(settings: &'a Settings, key: &str) -> (&'a str, &'a str) {
    let value = settings.describe().iter().find(|value| value.key == key).unwrap();
    (&value.shown_value, &value.source)
}

#[test]
fn the_embedded_defaults_are_complete_and_valid() {
    let settings = Settings::load(LoadOptions::default()).unwrap();
    assert_eq!(settings.database.url.expose(), "sqlite://data/lobewatch.db?mode=rwc");
    assert_eq!(settings.service.listen.port(), 8080);
    assert_eq!(settings.schedule.time_zone, chrono_tz::Europe::Rome);
    assert_eq!(settings.mail.message_id_domain, "lobewatch.example");
    assert!(matches!(&settings.mail.transport, MailTransport::Folder(folder) if folder.ends_with("outbox")));
    assert_eq!(settings.import.max_document_bytes, 8 * 1024 * 1024);
    assert_eq!(settings.clinics.keys().collect::<Vec<_>>(), ["default"]);
    assert!(settings.clinics["default"].coordinator_email.is_none());
    assert!(
        settings
            .describe()
            .iter()
            .all(|value| value.source == "built-in default" || value.shown_value == "(not set)")
    );
}

#[test]
fn the_embedded_file_explains_every_key_and_names_no_other() {
    let settings = Settings::load(LoadOptions::default()).unwrap();
    for value in settings.describe() {
        let name = value.key.rsplit('.').next().unwrap();
        let lines: Vec<&str> = DEFAULT_TOML.lines().collect();
        let found = lines.iter().enumerate().any(|(n, line)| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            line.starts_with(&format!("{name} = ")) && n > 0 && lines[n - 1].starts_with('#')
        });
        assert!(found, "default.toml does not explain {}", value.key);
    }
    // Every key that is commented out must be accepted once it is not.
    let uncommented: Vec<String> = DEFAULT_TOML
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest
                    .split_once(" = ")
                    .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) =>
            {
                rest.to_owned()
            }
            _ => line.to_owned(),
        })
        .collect();
    let error = from_file(&uncommented.join("\n")).unwrap_err();
    assert!(!error.to_string().contains("not a known key"), "{error}");
}

#[test]
fn later_layers_win_and_every_value_names_its_source() {
    let (_folder, path) =
        file("[service]\nlisten = \"127.0.0.1:1\"\nmax_connections = 7\n[log]\nformat = \"json\"\n");
    let options = LoadOptions {
        file: Some(path.clone()),
        overrides: vec![("log.filter".to_owned(), "debug".to_owned())],
        ..env(&[
            ("LOBEWATCH__SERVICE__LISTEN", "127.0.0.1:2"),
            ("LOBEWATCH__DATABASE__MAX_CONNECTIONS", "3"),
            ("LOBEWATCH__LOG__FILTER", "warn"),
            ("LOBEWATCH__CLINICS__DEFAULT__COORDINATOR_EMAIL", "a@clinic.example"),
            ("OTHER__SERVICE__LISTEN", "nonsense"),
        ])
    };
    let settings = Settings::load(options).unwrap();
    let file_source = format!("file {}", path.display());
    assert_eq!(
        shown(&settings, "service.listen"),
        ("127.0.0.1:2", "environment variable LOBEWATCH__SERVICE__LISTEN")
    );
    assert_eq!(shown(&settings, "service.max_connections"), ("7", file_source.as_str()));
    assert_eq!(shown(&settings, "log.format"), ("json", file_source.as_str()));
    assert_eq!(shown(&settings, "log.filter"), ("debug", "command line"));
    assert_eq!(shown(&settings, "service.request_timeout_seconds"), ("10", "built-in default"));
    assert_eq!(settings.database.max_connections, 3);
    assert_eq!(
        settings.clinics["default"].coordinator_email.as_ref().unwrap().to_string(),
        "a@clinic.example"
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_source_and_the_nearest_known_key() {
    let options = LoadOptions {
        overrides: vec![("mail.smtp.hots".to_owned(), "x".to_owned())],
        ..env(&[("LOBEWATCH__DATABASE__ULR", "sqlite://x"), ("LOBEWATCH__WEATHER", "rain")])
    };
    let error = Settings::load(options).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the configuration has 3 problems
    - `database.ulr` (environment variable LOBEWATCH__DATABASE__ULR) is not a known key; remove it; did you mean `database.url`?
    - `mail.smtp.hots` (command line) is not a known key; remove it; did you mean `mail.smtp.host`?
    - `weather` (environment variable LOBEWATCH__WEATHER) is not a known key; remove it; the built-in default.toml names every key
    ");
}

#[test]
fn all_problems_come_back_together() {
    let error = from_file(
        r#"
[database]
url = "mysql://u:geheim@h/x"
max_connections = 0
busy_timeout_seconds = "5"
[service]
listen = "localhost"
base_url = "https://h.example/"
header_timeout_seconds = -1
[log]
format = "xml"
filter = "lobewatch=shouting"
[schedule]
nightly = "0 30 1 31 2 *"
time_zone = "Europe/Atlantis"
[protocol]
file = "/no/such/protocol.toml"
[mail]
transport = "smtp"
from_address = "nobody"
from_name = "A\r\nBcc: x@y.z"
message_id_domain = "a b"
lease_seconds = 121
[mail.smtp]
host = "smtp.example:25"
username = "u"
ca_file = "/no/such/ca.pem"
[import]
documents_per_transaction = 1.5
[clinics.default]
digest_hour = 24
language = "xx"
coordinator_email = "a@b.example, c@d.example"
[clinics."St. Mary"]
name = "x"
"#,
    )
    .unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "database.url",
            "database.max_connections",
            "database.busy_timeout_seconds",
            "service.listen",
            "service.base_url",
            "service.header_timeout_seconds",
            "log.format",
            "log.filter",
            "schedule.time_zone",
            "schedule.nightly",
            "protocol.file",
            "mail.from_address",
            "mail.from_name",
            "mail.message_id_domain",
            "mail.lease_seconds",
            "mail.smtp.host",
            "mail.smtp.username",
            "mail.smtp.ca_file",
            "import.documents_per_transaction",
            "clinics.St. Mary",
            "clinics.default.digest_hour",
            "clinics.default.language",
            "clinics.default.coordinator_email",
        ]
    );
    assert!(!error.to_string().contains("geheim"), "{error}");
    assert!(
        error
            .problems()
            .iter()
            .all(|problem| problem.source.starts_with("file ") && !problem.remedy.is_empty())
    );
}

#[test]
fn smtp_needs_what_the_folder_does_not() {
    let error = Settings::load(env(&[("LOBEWATCH__MAIL__TRANSPORT", "smtp")])).unwrap_err();
    assert_eq!(keys(&error), ["mail.smtp.host", "clinics.default.coordinator_email"]);

    let error = Settings::load(env(&[
        ("LOBEWATCH__MAIL__TRANSPORT", "smtp"),
        ("LOBEWATCH__MAIL__SMTP__HOST", "smtp.hospital.example"),
        ("LOBEWATCH__MAIL__SMTP__SECURITY", "none"),
        ("LOBEWATCH__MAIL__LEASE_SECONDS", "100"),
    ]))
    .unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "service.base_url",
            "mail.from_address",
            "mail.smtp.security",
            "mail.smtp.timeout_seconds",
            "clinics.default.coordinator_email",
        ]
    );
}

#[test]
fn a_server_on_this_machine_may_go_without_tls() {
    for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
        let settings = Settings::load(env(&[
            ("LOBEWATCH__MAIL__TRANSPORT", "smtp"),
            ("LOBEWATCH__MAIL__SMTP__HOST", host),
            ("LOBEWATCH__MAIL__SMTP__SECURITY", "none"),
            ("LOBEWATCH__CLINICS__DEFAULT__COORDINATOR_EMAIL", "a@clinic.example"),
        ]))
        .unwrap();
        assert!(!settings.mail.leaves_this_machine(), "{host}");
    }
}

#[test]
fn secrets_show_nowhere() {
    let settings = Settings::load(env(&[
        ("LOBEWATCH__DATABASE__URL", "postgres://watch:geheim@db/registry"),
        ("LOBEWATCH__MAIL__SMTP__USERNAME", "watch"),
        ("LOBEWATCH__MAIL__SMTP__PASSWORD", "12345678"),
    ]))
    .unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://watch:geheim@db/registry");
    assert_eq!(shown(&settings, "database.url").0, "postgres://watch:[hidden]@db/registry");
    assert_eq!(shown(&settings, "mail.smtp.password").0, "[hidden]");
    let everything = format!("{settings:?}");
    assert!(!everything.contains("geheim") && !everything.contains("12345678"), "{everything}");
}

#[cfg(unix)]
#[test]
fn a_secret_comes_from_a_file_of_its_owner_only_and_not_from_two_places() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = file("postgres://watch:geheim@db/registry\n");
    let name = path.to_str().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Settings::load(env(&[("LOBEWATCH__DATABASE__URL_FILE", name)])).unwrap_err();
    assert_eq!(keys(&error), ["database.url_file"]);
    assert!(error.to_string().contains("mode 0644"), "{error}");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let settings = Settings::load(env(&[("LOBEWATCH__DATABASE__URL_FILE", name)])).unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://watch:geheim@db/registry");

    let both = [("LOBEWATCH__DATABASE__URL_FILE", name), ("LOBEWATCH__DATABASE__URL", "sqlite://x.db")];
    let error = Settings::load(env(&both)).unwrap_err();
    assert_eq!(keys(&error), ["database.url_file"]);
}

#[test]
fn a_broken_file_names_the_place_but_never_quotes_the_line() {
    let error = from_file("[mail]\n\n[mail.smtp]\npassword = \"geheim\n").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("line 4"), "{text}");
    assert!(!text.contains("geheim"), "{text}");

    let missing = LoadOptions { file: Some("/no/such/file.toml".into()), ..LoadOptions::default() };
    assert_eq!(keys(&Settings::load(missing).unwrap_err()), ["--config"]);
}

#[test]
fn an_empty_text_unsets_an_optional_key_and_is_refused_where_one_is_needed() {
    let settings = Settings::load(env(&[("LOBEWATCH__MAIL__SMTP__USERNAME", "")])).unwrap();
    assert_eq!(shown(&settings, "mail.smtp.username").0, "(not set)");
    let error = Settings::load(env(&[("LOBEWATCH__MAIL__FROM_NAME", " ")])).unwrap_err();
    assert_eq!(keys(&error), ["mail.from_name"]);
}

#[test]
fn a_section_given_as_a_value_is_a_problem_and_not_a_crash() {
    let error = Settings::load(env(&[
        ("LOBEWATCH__DATABASE", "x"),
        ("LOBEWATCH__", "y"),
        ("LOBEWATCH__CLINICS__DEFAULT", "z"),
    ]))
    .unwrap_err();
    assert!(keys(&error).contains(&"database"), "{error}");
    assert!(keys(&error).contains(&"clinics.default"), "{error}");
}

#[test]
fn values_are_shown_even_when_there_are_problems() {
    let examination = examine(env(&[("LOBEWATCH__SERVICE__LISTEN", "nowhere\u{1b}[2J")]));
    let listen = examination.values.iter().find(|value| value.key == "service.listen").unwrap();
    assert_eq!(listen.shown_value, "nowhere\\u{1b}[2J");
    assert!(examination.outcome.is_err());
}

#[test]
fn what_could_break_a_mail_is_refused_at_the_door() {
    let names = [
        "A\nBcc: x@y.example",
        "A\u{85}B",
        "A\u{2028}B",
        "A\u{202E}B",
        "A\u{0}B",
        "=?utf-8?q?=0A?=",
        &"n".repeat(121),
    ];
    for name in names {
        let quoted =
            serde_json::to_string(name).unwrap().replace('\u{85}', "\\u0085").replace('\u{0}', "\\u0000");
        let error = from_file(&format!("[mail]\nfrom_name = {quoted}\n[clinics.default]\nname = {quoted}\n"))
            .unwrap_err();
        assert_eq!(keys(&error), ["mail.from_name", "clinics.default.name"], "{name:?}");
    }
    for address in [
        "\"a b\"@clinic.example",
        "ä@clinic.example",
        "a@[127.0.0.1]",
        "a@b.example\r\nBcc: x@y.example",
        "A <a@b.example>",
    ] {
        let quoted = serde_json::to_string(address).unwrap();
        let of = |role: &str| format!("{role}_email = {quoted}\n");
        let roles = ["coordinator", "clinician", "deputy", "service_lead"].map(of).concat();
        let error =
            from_file(&format!("[mail]\nfrom_address = {quoted}\n[clinics.default]\n{roles}")).unwrap_err();
        let refused = keys(&error);
        assert_eq!(refused.len(), 5, "{address:?}: {refused:?}");
    }
}
