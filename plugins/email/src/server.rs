//! The click server: redirects clicks, unsubscribes people, and learns of goals from thank-you pages.
//!
//! - `GET /c/TOKEN` leads to where the send ledger says, never to where the request says.
//! - `GET /u/TOKEN` shows a button and changes nothing, for scanners follow links; `POST` unsubscribes (RFC 8058).
//! - `GET /t/GOAL?gv=TOKEN` is an image of one pixel for a thank-you page, with the token that the click brought there.
//!
//! Only what a signed token names is recorded: no network address, no browser, no cookie. It speaks HTTP; in front of it
//! belongs a proxy that speaks TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tiny_http::{Header, Method, Request, Response};

use crate::account::Account;
use crate::config::{Config, Goal, Language};
use crate::error::Error;
use crate::key::{Keys, Person};
use crate::links::with_query;
use crate::pages;
use crate::scanner;
use crate::store::{Click, Noted, Sent, Store};
use crate::token::{self, MessageId, Purpose, Whose};

/// The parameter that takes a token to the thank-you page.
const PARAMETER: &str = "gv";
/// A transparent image of one pixel.
const PIXEL: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
/// What an address of the server may be long, in bytes.
const URL_MAX: usize = 2_000;

/// The time, in µs UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A click server that runs until it is dropped.
pub struct ClickServer {
    server: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
}

impl ClickServer {
    /// Listens where the configuration says, for an account that is open. `None` when somebody else already does.
    ///
    /// # Errors
    /// [`Error::Config`] when nobody can listen there; those of the send ledger.
    pub fn start(account: &Account, clock: Clock) -> Result<Option<Self>, Error> {
        let Some(bind) = account.config.server.as_ref().map(|server| server.bind.clone()) else {
            return Ok(None);
        };
        let wrong =
            |problem: &dyn core::fmt::Display| Error::config("/server/bind", format!("`{bind}`: {problem}"));
        let listener = match std::net::TcpListener::bind(&bind) {
            Ok(listener) => listener,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        };
        let address = listener.local_addr().map_err(|error| wrong(&error))?;
        let server = tiny_http::Server::from_listener(listener, None).map_err(|error| wrong(&error))?;
        let mut desk = Desk::new(&account.config, account.keys.clone(), Store::open(&account.config.state)?);
        let server = Arc::new(server);
        let requests = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in requests.incoming_requests() {
                desk.serve(request, clock());
            }
        });
        Ok(Some(Self { server, thread: Some(thread), address }))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl core::fmt::Debug for ClickServer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ClickServer({})", self.address)
    }
}

impl Drop for ClickServer {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    /// On to a link's target.
    Redirect(String),
    /// A page.
    Page(u16, String),
    /// The image of one pixel.
    Pixel,
    /// Nothing but a status.
    Status(u16),
}

/// Answers requests, one at a time.
#[derive(Debug)]
struct Desk {
    keys: Keys,
    store: Store,
    language: Language,
    scanner_us: i64,
    /// Goals that thank-you pages report.
    thank_you: Vec<String>,
}

impl Desk {
    fn new(config: &Config, keys: Keys, store: Store) -> Self {
        let (language, seconds) = config
            .server
            .as_ref()
            .map_or((Language::En, 0), |server| (server.language, server.scanner_seconds));
        let thank_you = config
            .goals
            .iter()
            .filter(|(_, goal)| matches!(goal, Goal::ThankYou {}))
            .map(|(name, _)| name.clone())
            .collect();
        Self { keys, store, language, scanner_us: i64::from(seconds) * 1_000_000, thank_you }
    }

    fn serve(&mut self, request: Request, now_us: i64) {
        let user_agent = request
            .headers()
            .iter()
            .find(|header| header.field.equiv("User-Agent"))
            .map(|header| header.value.to_string())
            .unwrap_or_default();
        let (method, url) = (request.method().clone(), request.url().to_owned());
        let answer = self
            .answer(&method, &url, &user_agent, now_us)
            // The ledger is busy or broken: a later try may succeed, and mail programs do try again.
            .unwrap_or(Answer::Status(503));
        let response = match answer {
            Answer::Redirect(target) => with(Response::from_data(Vec::new()), 302, &[("Location", &target)]),
            Answer::Page(status, page) => with(
                Response::from_data(page.into_bytes()),
                status,
                &[("Content-Type", "text/html; charset=utf-8")],
            ),
            Answer::Pixel => with(Response::from_data(PIXEL.to_vec()), 200, &[("Content-Type", "image/gif")]),
            Answer::Status(status) => with(Response::from_data(Vec::new()), status, &[]),
        };
        // Whoever asked may be gone.
        let _ = request.respond(response);
    }

    fn answer(&mut self, method: &Method, url: &str, user_agent: &str, now_us: i64) -> Result<Answer, Error> {
        if url.len() > URL_MAX {
            return Ok(Answer::Status(414));
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut parts = path.trim_start_matches('/').splitn(2, '/');
        match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), method) {
            ("c", token, Method::Get | Method::Head) => self.click(token, method, user_agent, now_us),
            ("u", token, Method::Get | Method::Head | Method::Post) => self.leave(token, method, now_us),
            ("t", goal, Method::Get) => self.thank_you(goal, query, user_agent, now_us),
            ("health", "", Method::Get | Method::Head) => Ok(Answer::Status(200)),
            ("c" | "u" | "t" | "health", ..) => Ok(Answer::Status(405)),
            _ => Ok(self.unknown()),
        }
    }

    fn unknown(&self) -> Answer {
        Answer::Page(404, pages::unknown(self.language))
    }

    fn click(
        &mut self,
        token: &str,
        method: &Method,
        user_agent: &str,
        now_us: i64,
    ) -> Result<Answer, Error> {
        let Some((id, link, signature)) = token::read_click(token) else { return Ok(self.unknown()) };
        let Some((sent, person)) = self.sent(id)? else { return Ok(self.unknown()) };
        let Some((target, links)) = self.store.link(sent.arm, id.step, link)? else {
            return Ok(self.unknown());
        };
        let whose = Whose { experiment: &sent.experiment, person };
        if !id.is_click_signed(&self.keys, whose, (link, &target), signature) {
            return Ok(self.unknown());
        }
        let by = if *method == Method::Head {
            "head"
        } else if scanner::is_program(user_agent)
            || now_us < sent.at_us.saturating_add(self.scanner_us)
            || self.store.headed_since(id.enrolment, id.step, now_us - scanner::AFTER_HEAD_US)?
        {
            "machine"
        } else {
            "person"
        };
        let click = Click { enrolment: id.enrolment, step: id.step, link, at_us: now_us, by };
        self.store.click(click, now_us - scanner::BURST_US, scanner::burst_links(links))?;
        if self.thank_you.is_empty() {
            return Ok(Answer::Redirect(target));
        }
        let token = id.token(&self.keys, Purpose::Goal, whose);
        Ok(Answer::Redirect(with_query(&target, &format!("{PARAMETER}={token}"))))
    }

    fn leave(&mut self, token: &str, method: &Method, now_us: i64) -> Result<Answer, Error> {
        let Some((id, signature)) = token::read(token) else { return Ok(self.unknown()) };
        let Some((sent, person)) = self.sent(id)? else { return Ok(self.unknown()) };
        let whose = Whose { experiment: &sent.experiment, person };
        if !id.is_signed(&self.keys, Purpose::Leave, whose, signature) {
            return Ok(self.unknown());
        }
        if *method != Method::Post {
            return Ok(Answer::Page(200, pages::question(self.language)));
        }
        self.store.note(id.enrolment, Noted::Unsubscribe, "", now_us)?;
        Ok(Answer::Page(200, pages::done(self.language)))
    }

    fn thank_you(&mut self, goal: &str, query: &str, user_agent: &str, now_us: i64) -> Result<Answer, Error> {
        if !self.thank_you.iter().any(|known| known == goal) {
            return Ok(Answer::Status(404));
        }
        // A page that was reached without a click shows the image too: it is no error.
        let token = query.split('&').find_map(|pair| pair.strip_prefix(PARAMETER)?.strip_prefix('='));
        let Some((id, signature)) = token.and_then(token::read) else { return Ok(Answer::Pixel) };
        let Some((sent, person)) = self.sent(id)? else { return Ok(Answer::Pixel) };
        let whose = Whose { experiment: &sent.experiment, person };
        if id.is_signed(&self.keys, Purpose::Goal, whose, signature) && !scanner::is_program(user_agent) {
            self.store.reach(id.enrolment, goal, "", now_us, 1)?;
        }
        Ok(Answer::Pixel)
    }

    /// The message, when it left and its person was not forgotten.
    fn sent(&self, id: MessageId) -> Result<Option<(Sent, Person)>, Error> {
        let sent = self.store.sent(id.enrolment, id.step)?;
        Ok(sent.and_then(|sent| sent.person.map(|person| (sent, person))))
    }
}

fn with<R: std::io::Read>(response: Response<R>, status: u16, headers: &[(&str, &str)]) -> Response<R> {
    let always =
        [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex")];
    let all = always.iter().chain(headers).filter_map(|(name, value)| Header::from_bytes(*name, *value).ok());
    all.fold(response.with_status_code(status), Response::with_header)
}

#[cfg(test)]
mod tests;
