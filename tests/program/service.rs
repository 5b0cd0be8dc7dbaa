//! The service as a process: it starts, answers, makes up for the night, and ends when asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    running::{Program, Running, days_ago, operated},
    smtp::{Mode, Relay},
};

on_both_databases! {
    the_service_answers_makes_up_for_the_night_and_ends_when_asked,
    a_port_in_use_is_a_clear_error_before_anything_is_done,
    a_registry_of_a_newer_program_is_left_alone,
}

struct Service {
    running: Running,
    address: String,
}

impl Service {
    fn start(program: &Program) -> Self {
        let mut command = program.command(&["serve"]);
        let log = std::fs::File::create(program.path("serve.log")).unwrap();
        let mut running = Running::start(command.stdout(Stdio::piped()).stderr(log));
        let mut line = String::new();
        BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving on http://").and_then(|rest| rest.strip_suffix('/'));
        let log = || std::fs::read_to_string(program.path("serve.log")).unwrap();
        let address = address.unwrap_or_else(|| panic!("{line}\n{}", log())).to_owned();
        Self { running, address }
    }

    /// Status line and body of an answer.
    fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    /// Asks again and again until `holds`, for at most half a minute.
    fn until(&self, path: &str, holds: impl Fn(&str, &str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let (status, body) = self.get(path);
            if holds(&status, &body) {
                return body;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{path} stays {status}: {body}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends it as a service manager would.
    fn end(mut self, program: &Program) {
        self.running.terminate();
        let status = self.running.wait_for(Duration::from_secs(15));
        let log = std::fs::read_to_string(program.path("serve.log")).unwrap();
        let status = status.unwrap_or_else(|| panic!("it does not end:\n{log}"));
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
    }
}

fn the_service_answers_makes_up_for_the_night_and_ends_when_asked(mut program: Program) {
    let relay = Relay::start(Mode::Plain);
    program
        .mails_to(&relay, Mode::Plain)
        .set("service.listen", "127.0.0.1:0")
        .set("schedule.deliver_every_seconds", "1");
    let late = operated("P-1", "default", days_ago(500), &[days_ago(400)]);
    program.import(&[program.write("one.json", json!([late]).to_string())]).with_code(0);
    let service = Service::start(&program);
    let (status, body) = service.get("/healthz");
    assert!(status.contains("200") && body == "ok\n", "{status} {body}");
    service.until("/readyz", |status, _| status.contains("200"));
    // Nobody has run the night job on this registry yet, so it is made up for at once.
    let began = Instant::now();
    while relay.taken().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "no digest arrives");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(relay.taken()[0].text.contains("P-1"), "{}", relay.taken()[0].text);
    let metrics = service.until("/metrics", |status, _| status.contains("200"));
    assert!(metrics.contains("lobewatch_") && metrics.trim_end().ends_with("# EOF"), "{metrics}");
    let page = service.until("/", |status, _| status.contains("200"));
    assert!(page.contains("<html") && page.contains("Lobewatch"), "{page}");
    assert!(!page.contains("P-1") && !page.contains("leiomyosarcoma"), "the page names nobody: {page}");
    let (status, _) = service.get("/no-such-page");
    assert!(status.contains("404"), "{status}");
    assert_eq!(program.number("SELECT count(*) AS n FROM runs WHERE outcome = 'complete'"), 1);
    service.end(&program);

    let service = Service::start(&program);
    service.until("/readyz", |status, _| status.contains("200"));
    std::thread::sleep(Duration::from_secs(2));
    service.end(&program);
    assert_eq!(program.number("SELECT count(*) AS n FROM runs"), 1, "the night is made up for once");
    assert_eq!(relay.taken().len(), 1);
    let doctor = program.run(&["doctor"]).with_code(0);
    assert!(doctor.out.contains("nightly run: complete"), "{doctor}");
}

fn a_port_in_use_is_a_clear_error_before_anything_is_done(mut program: Program) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    program.set("service.listen", &address);
    program.done(&["migrate"]);
    let ended = program.run(&["serve"]).with_code(1);
    assert!(ended.err.contains(&format!("cannot listen on {address}")), "{ended}");
    assert!(ended.err.contains("service.listen") && !ended.err.contains("panicked"), "{ended}");
    assert_eq!(program.number("SELECT count(*) AS n FROM runs"), 0);
}

fn a_registry_of_a_newer_program_is_left_alone(mut program: Program) {
    program.set("service.listen", "127.0.0.1:0");
    let file = program.write("one.json", operated("P-1", "default", days_ago(500), &[]).to_string());
    program.import(&[&file]).with_code(0);
    program
        .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 1)");
    for command in [&["serve"][..], &["migrate"], &["sweep"], &["export"]] {
        let ended = program.run(command);
        assert!(matches!(ended.code, Some(1 | 2)), "{command:?} {ended}");
        assert!(ended.err.contains("run the version of lobewatch that last used it"), "{command:?} {ended}");
    }
    let doctor = program.run(&["doctor"]).with_code(1);
    assert!(doctor.out.contains("problem  schema"), "{doctor}");
    assert_eq!(program.number("SELECT count(*) AS n FROM runs"), 0);
}
