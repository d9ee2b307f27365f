//! The client against a real server on loopback.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use gevinst_sdk::Code;
use tiny_http::{Header, Response, Server};

use super::*;

/// A host that does not wait and remembers for how long it should have.
#[derive(Clone, Default)]
struct Patient {
    slept: Arc<Mutex<Vec<Duration>>>,
    lines: Arc<Mutex<Vec<String>>>,
    cancelled: Arc<AtomicBool>,
}

impl Wait for Patient {
    fn now_us(&self) -> i64 {
        1_795_348_800_000_000
    }

    fn sleep(&self, duration: Duration) -> Result<(), Error> {
        self.slept.lock().unwrap().push(duration);
        if self.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn trace(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }
}

type Script = Vec<(u16, &'static [(&'static str, &'static str)], &'static str)>;

/// A server that gives these answers in turn, and what it was asked.
fn server(script: Script) -> (String, Arc<Mutex<Vec<String>>>) {
    let server = Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.server_addr());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    thread::spawn(move || {
        for (status, headers, body) in script {
            let mut request = server.recv().unwrap();
            let mut text = format!("{} {}", request.method(), request.url());
            for header in request
                .headers()
                .iter()
                .filter(|h| h.field.equiv("Content-Type") || h.field.equiv("Authorization"))
            {
                text.push_str(&format!(" [{}]", header.value));
            }
            assert!(request.headers().iter().any(|header| {
                header.field.equiv("Date") && header.value == "Sun, 22 Nov 2026 12:00:00 GMT"
            }));
            let mut sent = String::new();
            request.as_reader().read_to_string(&mut sent).unwrap();
            text.push_str(&sent);
            seen.lock().unwrap().push(text);
            let mut response = Response::from_string(body).with_status_code(status);
            for (name, value) in headers {
                response.add_header(Header::from_bytes(name.as_bytes(), value.as_bytes()).unwrap());
            }
            request.respond(response).unwrap();
        }
    });
    (url, asked)
}

fn client(url: &str, patient: &Patient) -> Client {
    let mut settings = Settings::new("Fake", Base::parse("/base_url", url).unwrap());
    settings.timeout = Duration::from_secs(5);
    Client::waiting_by(settings, Box::new(patient.clone())).unwrap()
}

/// Protects what every plugin builds on: method, path, query, headers and body arrive as they were made.
#[test]
fn a_call_arrives_as_it_was_made() {
    let (url, asked) = server(vec![(200, &[("X-Id", "17")], r#"{"a":1}"#), (204, &[], ""), (200, &[], "")]);
    let client = client(&format!("{url}/api/"), &Patient::default());
    let token = Secret::new("tok".to_owned());
    let answer = client.send(Call::get("/x").query("q", "a b").bearer(&token)).unwrap();
    assert_eq!((answer.status, answer.header("x-id")), (200, Some("17")));
    assert_eq!(answer.json::<serde_json::Value>().unwrap(), serde_json::json!({ "a": 1 }));
    client.send(Call::put("/y").json(&serde_json::json!({ "enabled": false }))).unwrap();
    client.send(Call::post("/z").raw_query("l=List(1,(a:b))")).unwrap();
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "GET /api/x?q=a+b [Bearer tok]",
            "PUT /api/y [application/json]{\"enabled\":false}",
            "POST /api/z?l=List(1,(a:b))",
        ]
    );
}

/// Protects platforms and quotas: reads come again after the time that was asked for, and not more often than agreed.
#[test]
fn reads_are_repeated_as_the_vendor_asks() {
    let (url, asked) =
        server(vec![(429, &[("rate-limit-msec-left", "1500")], "slow"), (503, &[], ""), (200, &[], "[]")]);
    let patient = Patient::default();
    client(&url, &patient).send(Call::get("/r")).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 3);
    let slept = patient.slept.lock().unwrap().clone();
    assert!(slept[0] >= Duration::from_millis(1500) && slept[1] >= Duration::from_millis(500), "{slept:?}");
    assert_eq!(patient.lines.lock().unwrap().len(), 2);

    // More than the patience: told, not waited for.
    let (url, asked) = server(vec![(429, &[("Retry-After", "3600")], "come later")]);
    let error = client(&url, &patient).send(Call::get("/r")).unwrap_err().of_read();
    assert_eq!((error.code, error.retry_after_ms), (Code::RateLimited, Some(3_600_000)));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

/// Protects money: a write is sent once, whatever becomes of its answer.
#[test]
fn writes_are_never_repeated() {
    for (status, code) in [(503, Code::UnknownOutcome), (429, Code::RateLimited), (400, Code::BadRequest)] {
        let (url, asked) = server(vec![(status, &[], "no"), (200, &[], "yes")]);
        let error = client(&url, &Patient::default()).send(Call::post("/w")).unwrap_err().of_write();
        assert_eq!(error.code, code);
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
    // A redirect is not followed: the token would go along.
    let (url, asked) = server(vec![(307, &[("Location", "/elsewhere")], ""), (200, &[], "")]);
    assert_eq!(client(&url, &Patient::default()).send(Call::get("/w")).unwrap_err().status(), Some(307));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

/// Protects the difference that the runner lives by: no connection is "not applied", a cut one is "unknown".
#[test]
fn a_cut_is_not_a_refusal() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cutter = thread::spawn(move || {
        // One connection is taken and dropped after the request was read; then nobody listens.
        let (mut stream, _) = listener.accept().unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
    });
    let client = client(&url, &Patient::default());
    let error = client.send(Call::post("/w").json(&1)).unwrap_err().of_write();
    assert_eq!(error.code, Code::UnknownOutcome, "{error}");
    cutter.join().unwrap();
    let error = client.send(Call::post("/w").json(&1)).unwrap_err().of_write();
    assert_eq!(error.code, Code::NotApplied, "{error}");
}

/// Protects secrets from messages, however the platform sends them back, and from errors of the HTTP library.
#[test]
fn no_message_has_a_secret() {
    let (url, _) = server(vec![
        (400, &[], r#"{"error":"token s3cr&et! or s3cr%26et%21 is odd"}"#),
        (200, &[], "\"s3cr&et!\""),
    ]);
    let (client, secret) = (client(&url, &Patient::default()), Secret::new("s3cr&et!".to_owned()));
    client.hide(&secret);
    let call = || Call::get("/r").query("token", secret.expose()).bearer(&secret);
    let refused = client.send(call()).unwrap_err();
    let unread = client.send(call()).unwrap().json::<u64>().unwrap_err();
    let broken = client.send(Call::get("/r").header("X-Key", "s3cr&et!\n")).unwrap_err();
    for failure in [refused, unread, broken] {
        let told = format!("{failure} {failure:?} {}", failure.of_write());
        assert!(!told.contains("s3cr"), "{told}");
    }
}

/// Protects against hanging on when the host wants the call to end.
#[test]
fn a_cancelled_call_sends_nothing() {
    let patient = Patient::default();
    patient.cancelled.store(true, Ordering::Relaxed);
    let client = client("http://127.0.0.1:9", &patient);
    let failure = client.send(Call::get("/r")).unwrap_err();
    assert_eq!((failure.of_read().code, failure.of_write().code), (Code::Cancelled, Code::NotApplied));
}
