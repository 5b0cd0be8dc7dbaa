//! The pages through the router, and the server through real sockets.

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
    response::Response,
};
use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};
use tower::ServiceExt;

use super::{
    verdict::{Verdict, attention, judge},
    *,
};
use crate::{
    app::{
        metrics::{MailOutcome, SweepOutcome},
        status::{BoxFuture, ClinicStatus, MailStopped, RegistryStatus, RunOutcome, RunSummary, StatusError},
    },
    clock::ManualClock,
    config::{LogFormat, LogSettings},
    ids::CountingIds,
    lifecycle::Shutdown,
    telemetry,
};

const ROME: Tz = chrono_tz::Europe::Rome;

fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 0).unwrap()
}

/// A quiet morning after a good night.
fn good_night() -> RegistryStatus {
    let clinic = |slug: &str, name: &str, followed, due, overdue| ClinicStatus {
        slug: slug.to_owned(),
        name: name.to_owned(),
        followed,
        due,
        overdue,
        has_recipient: true,
    };
    RegistryStatus {
        now: at(24, 7, 12),
        patients: 412,
        followed: 318,
        due: 21,
        overdue: 6,
        severely_overdue: 0,
        unaccounted: 0,
        open_data_tasks: 14,
        mails_waiting: 3,
        mails_failed: 0,
        reminders_planned: 640,
        mail_tasks: 0,
        mail_held_since: None,
        mail_stops: Vec::new(),
        last_run: Some(RunSummary {
            started_at: at(24, 0, 30),
            finished_at: Some(at(24, 0, 31)),
            as_of: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
            outcome: RunOutcome::Completed,
            n_patients: 318,
            n_failed: 0,
        }),
        last_finished_at: Some(at(24, 0, 31)),
        last_due_at: Some(at(24, 0, 30)),
        next_run_at: Some(at(25, 0, 30)),
        protocol: "default 1.0.0, approved by the tumour board".to_owned(),
        clinics: vec![
            clinic("bologna", "Bologna <thoracic> & sarcoma", 201, 12, 4),
            clinic("default", "Default clinic", 117, 9, 2),
        ],
    }
}

/// What the fake registry does when asked.
#[derive(Clone)]
enum Answer {
    Status(Box<RegistryStatus>),
    Broken,
    Panics,
    Hangs,
}

struct Fake {
    answer: Answer,
    problems: Vec<String>,
}

impl StatusSource for Fake {
    fn status(&self) -> BoxFuture<'_, Result<RegistryStatus, StatusError>> {
        Box::pin(async {
            match &self.answer {
                Answer::Status(status) => Ok((**status).clone()),
                Answer::Broken => Err(StatusError::new("secret-table is locked")),
                Answer::Panics => panic!("secret-value"),
                Answer::Hangs => {
                    sleep(Duration::from_millis(700)).await;
                    Ok(good_night())
                }
            }
        })
    }
}

impl ReadinessProbe for Fake {
    fn problems(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async { self.problems.clone() })
    }
}

fn state(answer: Answer, problems: &[&str]) -> (WebState, ManualClock) {
    let clock = ManualClock::at(at(24, 7, 12));
    let problems = problems.iter().map(|problem| (*problem).to_owned()).collect();
    let fake = Arc::new(Fake { answer, problems });
    let state = WebState {
        status: fake.clone(),
        readiness: fake,
        heartbeats: Heartbeats::new(Arc::new(clock.clone())),
        metrics: Arc::new(Metrics::new()),
        ids: Arc::new(CountingIds::from(7)),
        time_zone: ROME,
        is_https: false,
        request_timeout: Duration::from_millis(300),
    };
    (state, clock)
}

async fn ask_as(state: WebState, method: Method, path: &str, accept: &str) -> Response {
    let request =
        Request::builder().method(method).uri(path).header("accept", accept).header("host", "evil.example");
    router(state).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn ask(state: WebState, path: &str) -> Response {
    ask_as(state, Method::GET, path, "*/*").await
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn good() -> WebState {
    state(Answer::Status(Box::new(good_night())), &[]).0
}

#[tokio::test]
async fn the_page_after_a_good_night_says_so_in_plain_sight() {
    let response = ask(good(), "/").await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = text(response).await;
    assert!(!page.contains("evil"), "the Host header must not show");
    assert!(!page.contains("<script") && !page.contains("style="));
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn the_page_after_a_bad_night_says_what_needs_a_person() {
    let mut status = good_night();
    status.now = at(25, 7, 0);
    status.last_due_at = Some(at(25, 0, 30));
    status.next_run_at = Some(at(26, 0, 30));
    status.unaccounted = 1;
    status.severely_overdue = 2;
    status.mails_failed = 1;
    status.clinics.clear();
    let page = text(ask(state(Answer::Status(Box::new(status)), &[]).0, "/").await).await;
    insta::assert_snapshot!(page);
}

#[test]
fn every_kind_of_night_has_its_own_answer() {
    let night = |change: fn(&mut RegistryStatus)| {
        let mut status = good_night();
        change(&mut status);
        let Verdict { class, answer, .. } = judge(&status, ROME);
        (class, answer)
    };
    assert_eq!(night(|_| {}), ("good", "Yes, it worked"));
    assert_eq!(night(|status| status.last_run = None), ("warn", "It has not run yet"));
    assert_eq!(night(|status| status.now = at(24, 1, 0)), ("good", "Yes, it worked"));
    assert_eq!(night(|status| status.unaccounted = 1), ("bad", "No, somebody is unaccounted for"));
    for (change, expected) in [
        ((|run| run.n_failed = 2) as fn(&mut RunSummary), ("warn", "Not for everybody")),
        (|run| run.outcome = RunOutcome::Incomplete, ("warn", "Not for everybody")),
        (|run| run.outcome = RunOutcome::Failed, ("bad", "No, it broke off")),
        (|run| run.started_at = at(23, 0, 30), ("bad", "No, it did not start")),
        (
            |run| {
                run.outcome = RunOutcome::Running;
                run.finished_at = None;
            },
            ("bad", "No, it did not finish"),
        ),
        (
            |run| {
                run.outcome = RunOutcome::Running;
                run.finished_at = None;
                run.started_at = at(24, 7, 0);
            },
            ("calm", "It is under way"),
        ),
    ] {
        let mut status = good_night();
        change(status.last_run.as_mut().unwrap());
        let verdict = judge(&status, ROME);
        assert_eq!((verdict.class, verdict.answer), expected, "{}", verdict.sentence);
        let needs_person = matches!(expected.0, "bad" | "warn");
        assert_eq!(status.night().needs_person(), needs_person, "page and metrics agree: {expected:?}");
    }
}

#[test]
fn an_incomplete_night_says_in_words_who_is_left_out_and_what_to_do() {
    let sentence = |unaccounted, n_failed| {
        let mut status = good_night();
        status.unaccounted = unaccounted;
        let run = status.last_run.as_mut().unwrap();
        (run.outcome, run.n_failed) = (RunOutcome::Incomplete, n_failed);
        judge(&status, ROME).sentence
    };
    let all = [sentence(0, 2), sentence(1, 0), sentence(2, 1), sentence(0, 0)].join("\n");
    insta::assert_snapshot!(all);
}

#[test]
fn a_clinic_without_recipient_needs_a_person() {
    let mut status = good_night();
    status.clinics[1].has_recipient = false;
    let found = attention(&status, ROME);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].word, "Nobody to send to");
    assert!(found[0].sentence.contains("set clinics.default.coordinator_email"), "{}", found[0].sentence);
}

#[test]
fn stopped_and_held_back_mail_needs_a_person_and_the_reason_stays_off_the_page() {
    let mut status = good_night();
    let stop = |clinic: Option<&str>| MailStopped {
        clinic: clinic.map(str::to_owned),
        since: at(23, 9, 0),
        by: "Dr Test".to_owned(),
    };
    status.mail_stops = vec![stop(None), stop(Some("north"))];
    status.mail_held_since = Some(at(24, 6, 0));
    status.mail_tasks = 1;
    let found: Vec<_> = attention(&status, ROME)
        .into_iter()
        .map(|item| format!("{}: {}", item.word, item.sentence))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    Mail stopped: no mail leaves for all clinics since 23 November 2026, 10:00 CET, by order of Dr Test. `lobewatch mail status` shows why.
    Mail stopped: no mail leaves for clinic north since 23 November 2026, 10:00 CET, by order of Dr Test. `lobewatch mail status` shows why.
    Mail held back: the mail server does not work; mails are held back since 24 November 2026, 07:00 CET and leave by themselves when it does.
    Not told: 1 task about mail: `lobewatch mail status` says who was not told.
    ");
}

#[test]
fn a_run_that_is_a_little_late_is_not_yet_missed() {
    let mut status = good_night();
    status.last_due_at = Some(at(25, 0, 30));
    status.now = at(25, 0, 59);
    assert_eq!(judge(&status, ROME).class, "good");
    status.now = at(25, 1, 1);
    assert_eq!(judge(&status, ROME).class, "bad");
}

#[test]
fn nothing_is_asked_of_people_when_all_is_well() {
    assert!(attention(&good_night(), ROME).is_empty());
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let mut https = good();
    https.is_https = true;
    for (path, method, status) in [
        ("/", Method::GET, 200),
        ("/assets/style.css", Method::GET, 200),
        ("/healthz", Method::HEAD, 200),
        ("/readyz", Method::GET, 200),
        ("/metrics", Method::GET, 200),
        ("/nowhere", Method::GET, 404),
        ("/", Method::POST, 405),
        ("/nowhere", Method::DELETE, 405),
    ] {
        let response = ask_as(https.clone(), method, path, "*/*").await;
        assert_eq!(response.status(), status, "{path}");
        let header = |name: &str| {
            response.headers().get(name).unwrap_or_else(|| panic!("{path} {name}")).to_str().unwrap()
        };
        assert!(
            header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"),
            "{path}"
        );
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("strict-transport-security"), "max-age=31536000");
        assert_eq!(header("x-request-id").len(), 36);
        assert_eq!(status == 405, response.headers().contains_key("allow"), "{path}");
    }
    assert!(!ask(good(), "/").await.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn errors_say_a_constant_sentence_and_an_incident_and_never_the_cause() {
    let mut bodies = Vec::new();
    for (answer, expected) in [(Answer::Broken, 503), (Answer::Panics, 500), (Answer::Hangs, 503)] {
        let response = ask(state(answer, &[]).0, "/").await;
        assert_eq!(response.status(), expected);
        assert!(response.headers().contains_key("content-security-policy"));
        bodies.push(text(response).await);
    }
    bodies.push(text(ask(good(), "/jane-doe?name=jane-doe").await).await);
    insta::assert_snapshot!(bodies.join("--\n"), @r"
    Not available just now
    The registry did not answer. Try again in a minute; if it stays, give the incident number to whoever runs the service.
    Incident 00000000-0000-0000-0000-000000000007
    --
    Something went wrong
    The fault is on this side. Give the incident number to whoever runs the service.
    Incident 00000000-0000-0000-0000-000000000007
    --
    Not available just now
    The registry did not answer. Try again in a minute; if it stays, give the incident number to whoever runs the service.
    Incident 00000000-0000-0000-0000-000000000007
    --
    Page not found
    There is no page at this address. The status page is at /.
    Incident 00000000-0000-0000-0000-000000000007
    ");
    let page = text(ask_as(good(), Method::GET, "/nowhere", "text/html,*/*").await).await;
    assert!(
        page.contains("<h1 id=\"title\">Page not found</h1>")
            && page.contains("00000000-0000-0000-0000-000000000007"),
        "{page}"
    );
}

#[tokio::test]
async fn the_log_has_the_cause_under_the_incident_and_nothing_the_client_sent() {
    let log = Log::default();
    let settings = LogSettings { format: LogFormat::Text, filter: "debug".to_owned() };
    let writer = log.clone();
    let dispatch = telemetry::dispatch(&settings, move || writer.clone()).unwrap();
    let _guard = tracing::dispatcher::set_default(&dispatch);
    ask(state(Answer::Broken, &[]).0, "/?name=jane-doe").await;
    ask(good(), "/jane-doe").await;
    ask_as(good(), Method::DELETE, "/jane-doe", "jane-doe").await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("incident.id=00000000-0000-0000-0000-000000000007"), "{text}");
    assert!(text.contains("secret-table is locked"), "{text}");
    assert!(!text.contains("jane-doe"), "{text}");
}

/// Where a test reads back what was logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let request =
        Request::builder().uri("/").header("content-length", "1073741824").body(Body::empty()).unwrap();
    let response = router(good()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(text(response).await.starts_with("Request too large"));
}

#[tokio::test]
async fn readiness_names_every_reason_and_liveness_needs_none() {
    let (state, clock) = state(Answer::Broken, &["the database cannot be reached"]);
    state.heartbeats.register("delivery", TimeDelta::seconds(30));
    clock.advance(TimeDelta::seconds(90));
    let response = ask(state.clone(), "/readyz").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(text(response).await, @r"
    not ready
    - the database cannot be reached
    - the loop delivery has given no sign of life for 90 s (expected every 30 s)
    ");
    assert_eq!(text(ask(state, "/healthz").await).await, "ok\n");
    assert_eq!(text(ask(good(), "/readyz").await).await, "ready\n");
}

#[tokio::test]
async fn metrics_hold_counters_and_gauges_and_survive_a_broken_registry() {
    let state = good();
    state.metrics.sweep_ended(Duration::from_secs(2), SweepOutcome::Failed);
    state.metrics.mail_attempted(MailOutcome::Unknown);
    let scrape = text(ask(state.clone(), "/metrics").await).await;
    for line in [
        "lobewatch_sweeps_total{outcome=\"failed\"} 1",
        "lobewatch_sweeps_total{outcome=\"complete\"} 0",
        "lobewatch_sweep_duration_seconds_bucket{le=\"5.0\"} 1",
        "lobewatch_mail_attempts_total{outcome=\"unknown\"} 1",
        "lobewatch_mail_attempts_total{outcome=\"sent\"} 0",
        "lobewatch_registry_readable 1",
        "lobewatch_followed 318",
        "lobewatch_overdue 6",
        "lobewatch_mails_waiting 3",
        "lobewatch_night_needs_person 0",
        "lobewatch_last_run_finished_timestamp_seconds 1795480260",
        "# EOF",
    ] {
        assert!(scrape.lines().any(|found| found == line), "{line} is missing in\n{scrape}");
    }

    let (mut broken, _) = self::state(Answer::Broken, &[]);
    broken.metrics = state.metrics;
    let response = ask(broken, "/metrics").await;
    assert_eq!(response.status(), StatusCode::OK);
    let scrape = text(response).await;
    assert!(
        scrape.contains("lobewatch_registry_readable 0")
            && scrape.contains("lobewatch_sweeps_total{outcome=\"failed\"} 1"),
        "{scrape}"
    );
}

/// A server on a free port, with limits in milliseconds.
async fn started(
    answer: Answer,
    max_connections: usize,
) -> (std::net::SocketAddr, Shutdown, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let limits = ServerLimits {
        max_connections,
        header_timeout: Duration::from_millis(1000),
        request_timeout: Duration::from_millis(1500),
    };
    let (mut state, _) = state(answer, &[]);
    state.request_timeout = limits.request_timeout;
    let stop = shutdown.clone();
    let server = tokio::spawn(async move {
        let Ok(()) = serve(listener, router(state), limits, stop).await;
    });
    (address, shutdown, server)
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn clients_that_never_finish_their_headers_lose_their_place_to_honest_ones() {
    let (address, _shutdown, _server) = started(Answer::Status(Box::new(good_night())), 4).await;
    let mut slow = Vec::new();
    for beginning in [&b"GET / HTTP/1.1\r\nHost:"[..], b"", b"G", b"GET /"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        slow.push(stream);
    }
    sleep(Duration::from_millis(50)).await;
    let mut honest = TcpStream::connect(address).await.unwrap();
    honest.write_all(GET).await.unwrap();
    let began = Instant::now();
    let answer = read_all(&mut honest).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        began.elapsed() < Duration::from_millis(700),
        "an idle one had to make room, not the honest one to wait"
    );
    for stream in &mut slow {
        let answer = read_all(stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_millis(2200), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_under_way_keeps_its_place_when_others_push() {
    let (address, _shutdown, _server) = started(Answer::Hangs, 1).await;
    let mut working = TcpStream::connect(address).await.unwrap();
    working.write_all(GET).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let mut waiting = TcpStream::connect(address).await.unwrap();
    waiting.write_all(GET).await.unwrap();
    assert!(read_all(&mut working).await.starts_with("HTTP/1.1 200"));
    assert!(read_all(&mut waiting).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_keeps_its_connection_busy_forever_is_asked_to_leave() {
    let (address, _shutdown, _server) = started(Answer::Status(Box::new(good_night())), 1).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let began = Instant::now();
    let mut chunk = [0; 65_536];
    let mut last = String::new();
    loop {
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let n = stream.read(&mut chunk).await.unwrap_or(0);
        if asked.is_err() || n == 0 {
            break;
        }
        last = String::from_utf8_lossy(&chunk[..n]).into_owned();
        assert!(began.elapsed() < Duration::from_secs(4), "it was never asked to leave");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(last.starts_with("HTTP/1.1 200"), "{last}");
    assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_stopping_begins_and_new_ones_are_turned_away() {
    let (address, shutdown, server) = started(Answer::Hangs, 4).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    shutdown.begin();
    sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(read_all(&mut idle).await, "");
    tokio::time::timeout(Duration::from_secs(1), server).await.unwrap().unwrap();
}
