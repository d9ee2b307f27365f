//! The client: sends a call, judges its answer, and repeats what may be repeated.

use std::cell::RefCell;
use std::io;
use std::time::{Duration, Instant};

use gevinst_sdk::{Error, Host};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg32;
use ureq::http;

use crate::secret::Blots;
use crate::{Answer, Base, Call, Deadline, Failure, Fate, Pace, Retry, Secret, Wait};

/// What is particular about a vendor's answers.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// What an answer means; [`Fate::by_status`] where the status tells all.
    pub fate: fn(&Answer) -> Fate,
    /// The sentence in an error's body, if it has one; the body itself is quoted otherwise.
    pub message: fn(&Answer) -> Option<String>,
}

impl Default for Vendor {
    fn default() -> Self {
        Self { fate: Fate::by_status, message: |_| None }
    }
}

/// What a client is made of. Set what differs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The platform's name, for messages.
    pub name: String,
    /// Where its API lives.
    pub base: Base,
    /// How its answers are read.
    pub vendor: Vendor,
    /// How repeatable calls are repeated.
    pub retry: Retry,
    /// How many requests it takes; `None` is any.
    pub pace: Option<Pace>,
    /// The longest time for a connection.
    pub connect_timeout: Duration,
    /// The longest time for one request with its answer.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub body_max: u64,
    /// A proxy such as `http://proxy.acme.example:3128`; none is taken from the environment.
    pub proxy: Option<String>,
}

impl Settings {
    /// A connection within 10 s, an answer within 30 s and 64 MiB.
    pub fn new(name: impl Into<String>, base: Base) -> Self {
        Self {
            name: name.into(),
            base,
            vendor: Vendor::default(),
            retry: Retry::default(),
            pace: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            body_max: 64 << 20,
            proxy: None,
        }
    }
}

/// Sends calls to one platform.
pub struct Client {
    settings: Settings,
    wait: Box<dyn Wait>,
    reads: ureq::Agent,
    /// Without a pool: a connection that the platform has closed meanwhile would make a write's outcome unknown.
    writes: ureq::Agent,
    blots: Blots,
    pace: RefCell<Option<Pace>>,
    jitter: RefCell<Pcg32>,
}

impl Client {
    /// A client that waits by the host.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::BadConfig`] at `/proxy` for a proxy that is no URL.
    pub fn new(settings: Settings, host: Host) -> Result<Self, Error> {
        Self::waiting_by(settings, Box::new(host))
    }

    /// A client that waits in a way of its own, for tests.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn waiting_by(settings: Settings, wait: Box<dyn Wait>) -> Result<Self, Error> {
        let proxy = match &settings.proxy {
            Some(url) => Some(ureq::Proxy::new(url).map_err(|_| {
                Error::bad_config("/proxy", "not a proxy; expected a URL such as `http://proxy.example:3128`")
            })?),
            None => None,
        };
        let agent = |pooled: usize| {
            let config = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .proxy(proxy.clone())
                .timeout_connect(Some(settings.connect_timeout))
                .timeout_global(Some(settings.timeout))
                .max_idle_connections(pooled)
                .max_idle_connections_per_host(pooled)
                .user_agent(concat!("gevinst/", env!("CARGO_PKG_VERSION")));
            #[cfg(feature = "platform-verifier")]
            let config = config.tls_config(
                ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build(),
            );
            ureq::Agent::new_with_config(config.build())
        };
        let (reads, writes) = (agent(2), agent(0));
        // Which pause is drawn matters to nobody, as long as two runners do not draw the same.
        let seed = wait.now_us().unsigned_abs() ^ u64::from(std::process::id());
        Ok(Self {
            reads,
            writes,
            blots: Blots::default(),
            pace: RefCell::new(settings.pace.clone()),
            jitter: RefCell::new(Pcg32::seed_from_u64(seed)),
            settings,
            wait,
        })
    }

    /// Keeps a secret out of every message from now on.
    pub fn hide(&self, secret: &Secret) {
        self.blots.add(secret);
    }

    /// The text without the secrets that were hidden.
    pub fn blot(&self, text: impl Into<String>) -> String {
        self.blots.over(text.into())
    }

    /// Sends a call; a repeatable one again as [`Retry`] says, any other once.
    ///
    /// # Errors
    /// [`Failure`] for everything but an answer that is [`Fate::Fine`].
    pub fn send(&self, call: Call) -> Result<Answer, Failure> {
        let deadline = Deadline::after(self.settings.retry.patience);
        for failures in 1.. {
            let failure = match self.send_once(&call) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let hint = match &failure {
                Failure::NotSent { cancelled: false, .. } | Failure::Lost { .. } => None,
                Failure::Answered { fate: Fate::Transient | Fate::RateLimited(_), wait, .. } => *wait,
                _ => return Err(failure),
            };
            let jitter = self.jitter.borrow_mut().random::<f64>();
            let pause = self.settings.retry.pause(failures, hint, jitter, deadline.left());
            let Some(pause) = pause.filter(|_| call.repeatable) else { return Err(failure) };
            self.wait.trace(&format!("{failure}; once more in {} ms", pause.as_millis()));
            self.pause(&call, pause)?;
        }
        unreachable!("the loop ends by returning")
    }

    /// One request, without repeating.
    fn send_once(&self, call: &Call) -> Result<Answer, Failure> {
        let turn = self.pace.borrow_mut().as_mut().map(|pace| pace.take(Instant::now()));
        if let Some(turn) = turn.filter(|turn| !turn.is_zero()) {
            self.pause(call, turn)?;
        }
        if self.wait.is_cancelled() {
            return Err(cancelled(call));
        }
        let place = format!("{} {}", self.settings.name, call.place());
        let not_sent = |reason: String| Failure::NotSent {
            place: place.clone(),
            reason: self.blots.over(reason),
            cancelled: false,
        };
        let lost = |reason: String| Failure::Lost { place: place.clone(), reason: self.blots.over(reason) };
        let agent = if call.repeatable { &self.reads } else { &self.writes };
        let request = self.request(call).map_err(|_| {
            // The error itself quotes what it refuses, which may be a secret.
            not_sent("its URL or a header has characters that HTTP does not allow".to_owned())
        })?;
        let sent = match &call.body {
            Some((_, body)) => agent.run(request.map(|()| body.as_slice())),
            None if matches!(call.method, "GET" | "DELETE") => agent.run(request),
            None => agent.run(request.map(|()| [].as_slice())),
        };
        let mut response = sent.map_err(|error| {
            let reason = describe(&error);
            if nothing_left(&error) { not_sent(reason) } else { lost(reason) }
        })?;
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let (headers, status) = (headers.collect(), response.status().as_u16());
        let body = response
            .body_mut()
            .with_config()
            .limit(self.settings.body_max)
            .read_to_vec()
            .map_err(|error| lost(format!("the answer broke off: {}", describe(&error))))?;
        self.judge(Answer::new(place.clone(), status, headers, body, self.blots.clone()))
    }

    fn request(&self, call: &Call) -> Result<http::Request<()>, http::Error> {
        let base = call.base.as_ref().unwrap_or(&self.settings.base);
        let mut request =
            http::Request::builder().method(call.method).uri(base.join(&call.path, &call.query));
        if let Some(date) = http_date(self.wait.now_us()) {
            request = request.header("Date", date);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value.expose());
        }
        if let Some((kind, _)) = &call.body {
            request = request.header("Content-Type", *kind);
        }
        request.body(())
    }

    fn judge(&self, answer: Answer) -> Result<Answer, Failure> {
        let fate = (self.settings.vendor.fate)(&answer);
        if fate == Fate::Fine {
            return Ok(answer);
        }
        let stated = match fate {
            Fate::RateLimited(wait) => wait,
            _ => None,
        };
        let message = (self.settings.vendor.message)(&answer).unwrap_or_else(|| answer.quote());
        Err(Failure::Answered {
            place: answer.place.clone(),
            status: answer.status,
            fate,
            message: self.blots.over(message),
            wait: stated.max(answer.wait_hint(self.wait.now_us())),
            answer: Box::new(answer),
        })
    }

    fn pause(&self, call: &Call, pause: Duration) -> Result<(), Failure> {
        self.wait.sleep(pause).map_err(|_| cancelled(call))
    }
}

/// A moment as HTTP writes it, to the second.
fn http_date(at_us: i64) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(at_us).ok()?;
    Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn cancelled(call: &Call) -> Failure {
    Failure::NotSent { place: call.place(), reason: "the call was cancelled".to_owned(), cancelled: true }
}

/// Whether it is certain that not a byte of the request has left: there was no connection to send it on.
fn nothing_left(error: &ureq::Error) -> bool {
    use ureq::{Error as E, Timeout};
    match error {
        E::HostNotFound
        | E::ConnectionFailed
        | E::BadUri(_)
        | E::Http(_)
        | E::Tls(_)
        | E::InvalidProxyUrl
        | E::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        // These come from connecting; a connection that stands says reset, broken pipe or end of file.
        E::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::AddrNotAvailable
        ),
        _ => false,
    }
}

/// What happened, without URL or header.
fn describe(error: &ureq::Error) -> String {
    use ureq::{Error as E, Timeout};
    match error {
        E::HostNotFound => "its address could not be found".to_owned(),
        E::Timeout(Timeout::Resolve | Timeout::Connect) => "no connection within the time allowed".to_owned(),
        E::Timeout(_) => "no answer within the time allowed".to_owned(),
        E::BadUri(_) => "its URL is not one".to_owned(),
        E::BodyExceedsLimit(limit) => format!("it is larger than {limit} bytes"),
        E::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
            io::ErrorKind::UnexpectedEof => "the connection was closed without an answer".to_owned(),
            _ => format!("the connection failed: {error}"),
        },
        other => format!("the exchange failed: {other}"),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
