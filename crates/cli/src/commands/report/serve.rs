//! `gevinst report --serve`: the pages on loopback, with live refresh, and approval of what waits with one click.
//!
//! Only this machine is answered, only under its own name (against rebinding), only whoever has the printed address; a
//! decision needs a POST from our own page with the move's signed token. Nothing else is exposed: no files, no paths of
//! the user's. Each request reads the ledger anew; a decision opens it for writing as `gevinst approve` does.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use gevinst_ledger::moves::Decision;
use gevinst_ledger::{Access, Ledger};
use gevinst_report::html::{self, Waiting};
use gevinst_report::language::Language;
use gevinst_report::terminal;
use tiny_http::{Header, Method, Request, Response, Server};

use super::signed::Secret;
use super::{known, months, of_month, pages};
use crate::args::{PageKind, Report, ReportFormat};
use crate::clock;
use crate::commands::approve;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::project;

/// The longest form that a decision may be.
const FORM_BYTES_MAX: u64 = 4_096;
const COOKIE: &str = "gevinst";
/// The policy of the frame's own answers; each page states a stricter one itself.
const HTML: &str = "text/html; charset=utf-8";

struct Served {
    ledger: PathBuf,
    month: Option<String>,
    language: Language,
    now: Option<String>,
    by: String,
    host: String,
    secret: Secret,
}

/// An answer: status, type and text.
struct Answer(u16, &'static str, String);

pub(super) fn run(args: &Report, language: Language) -> Result<(), Failure> {
    let ledger = project::ledger_path(args.ledger.ledger.as_deref(), None)?;
    // A ledger that cannot be read is told now, not in the browser.
    drop(open(&ledger)?);
    let server = Server::http(("127.0.0.1", args.port)).map_err(|error| {
        Failure::new(Kind::Input, format!("failed to listen on 127.0.0.1, port {}: {error}", args.port))
            .hint("choose another one with --port, or 0 for any that is free")
    })?;
    let Some(address) = server.server_addr().to_ip() else {
        return Err(Failure::new(Kind::Internal, "the server has no address"));
    };
    let served = Served {
        ledger,
        month: args.month.clone(),
        language,
        now: args.now.clone(),
        by: args.by.clone(),
        host: address.to_string(),
        secret: Secret::new()?,
    };
    say(&format!("http://{address}/?token={}", served.secret.session()))?;
    for request in server.incoming_requests() {
        served.answer(request);
    }
    Ok(())
}

fn open(path: &Path) -> Result<Ledger, Failure> {
    Ledger::open(path, Access::Read).map_err(|error| crate::commands::ledger::failure(&error))
}

impl Served {
    fn answer(&self, mut request: Request) {
        // Whoever hung up does not wait for an answer.
        let _ = match self.reply(&mut request) {
            Reply::Text(Answer(status, kind, text)) => {
                let mut response = Response::from_string(text).with_status_code(status);
                for (name, value) in [
                    ("Content-Type", kind),
                    ("Cache-Control", "no-store"),
                    // Not `no-referrer`: a browser then sends its forms with `Origin: null`, which a decision refuses.
                    ("Referrer-Policy", "same-origin"),
                    ("X-Content-Type-Options", "nosniff"),
                    ("X-Frame-Options", "SAMEORIGIN"),
                    ("Cross-Origin-Resource-Policy", "same-origin"),
                ] {
                    response = response.with_header(header(name, value));
                }
                request.respond(response)
            }
            Reply::Moved { to, cookie } => {
                let mut response =
                    Response::from_string("").with_status_code(303).with_header(header("Location", &to));
                if let Some(token) = cookie {
                    let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/");
                    response = response.with_header(header("Set-Cookie", &cookie));
                }
                request.respond(response)
            }
        };
    }

    fn reply(&self, request: &mut Request) -> Reply {
        let refuse = |status, text: &str| {
            Reply::Text(Answer(status, "text/plain; charset=utf-8", format!("{text}\n")))
        };
        // A name that leads here from elsewhere is not ours.
        if value(request, "host").as_deref() != Some(&self.host) {
            return refuse(421, "this server answers to its own address alone");
        }
        let url = request.url().to_owned();
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let asked = |name: &str| {
            form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        if let Some(token) =
            asked("token").filter(|token| *request.method() == Method::Get && self.secret.opens(token))
        {
            return Reply::Moved { to: "/".to_owned(), cookie: Some(token) };
        }
        let cookie = value(request, "cookie").unwrap_or_default();
        let session = cookie
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE);
        if !session.is_some_and(|(_, token)| self.secret.opens(token)) {
            return refuse(403, "open the address that `gevinst report --serve` printed");
        }
        let answered = match (request.method(), path) {
            (Method::Get, "/") => self.frame(asked("page").as_deref()),
            (Method::Get, "/state") => self.state(),
            (Method::Get, "/waiting") => {
                self.waiting().map(|all| Answer(200, HTML, html::waiting_list(self.language, &all)))
            }
            (Method::Get, path) if path.starts_with("/page/") => self.page(&path["/page/".len()..]),
            (Method::Post, "/decide") => {
                let origin = value(request, "origin");
                if origin.is_some_and(|origin| origin != format!("http://{}", self.host)) {
                    return refuse(403, "decisions come from this server's own pages alone");
                }
                let mut form = String::new();
                let read = request.as_reader().take(FORM_BYTES_MAX).read_to_string(&mut form);
                return match read
                    .map_err(|error| error.to_string())
                    .and_then(|_| self.decide(&form).map_err(|f| f.text()))
                {
                    Ok(true) => Reply::Moved { to: "/".to_owned(), cookie: None },
                    Ok(false) => refuse(403, "that token decides about nothing that waits"),
                    Err(message) => refuse(409, &message),
                };
            }
            _ => return refuse(404, "there is no such page"),
        };
        match answered {
            Ok(answer) => Reply::Text(answer),
            Err(failure) => refuse(500, &failure.text()),
        }
    }

    fn now_us(&self) -> Result<i64, Failure> {
        clock::now_us(self.now.as_deref())
    }

    /// The newest record: what changes when the ledger grows.
    fn state(&self) -> Result<Answer, Failure> {
        let head = open(&self.ledger)?.head().map_err(|error| crate::commands::ledger::failure(&error))?;
        Ok(Answer(200, "text/plain; charset=utf-8", head.id.get().to_string()))
    }

    fn frame(&self, page: Option<&str>) -> Result<Answer, Failure> {
        let ledger = open(&self.ledger)?;
        let months = months(&ledger, self.month.as_deref())?;
        let mut choices: Vec<(String, String)> = Vec::new();
        for month in months.iter().rev() {
            let name = self.language.month(&month.to_string());
            choices.push((name.clone(), format!("/page/month/{month}")));
            choices.push((
                format!("{name}: {}", self.language.management_word()),
                format!("/page/management/{month}"),
            ));
        }
        choices.push((self.language.library_word(), "/page/library".to_owned()));
        let wanted = page.map(|page| format!("/{page}"));
        // Only pages of the list are framed: an address from elsewhere shows the first.
        let shown = wanted
            .filter(|path| choices.iter().any(|(_, to)| to == path))
            .or_else(|| choices.first().map(|(_, to)| to.clone()));
        let shown = shown.unwrap_or_default();
        Ok(Answer(200, HTML, html::served_frame(self.language, &choices, &shown, &self.waiting()?)))
    }

    fn page(&self, rest: &str) -> Result<Answer, Failure> {
        let ledger = open(&self.ledger)?;
        let now_us = self.now_us()?;
        if rest == "library" {
            return Ok(Answer(
                200,
                HTML,
                pages::library(&ledger, self.language, now_us, ReportFormat::Html)?.text,
            ));
        }
        let kind = match rest.split_once('/') {
            Some(("month", month)) => Some((PageKind::Month, month)),
            Some(("management", month)) => Some((PageKind::Management, month)),
            _ => None,
        };
        let there = known(&ledger)?;
        let Some((kind, month)) =
            kind.and_then(|(kind, text)| Some((kind, *there.iter().find(|m| m.to_string() == text)?)))
        else {
            return Ok(Answer(404, "text/plain; charset=utf-8", "there is no such page\n".to_owned()));
        };
        let report = of_month(&ledger, month, now_us, self.language)?;
        let page = pages::page(&[report], kind, None, ReportFormat::Html, terminal::Style::default())?;
        Ok(Answer(200, HTML, page.text))
    }

    fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        let all = approve::waiting(&open(&self.ledger)?, self.now_us()?)?;
        let one = |waiting: &approve::Waiting| Waiting {
            key: waiting.key().to_owned(),
            what: approve::what(waiting),
            reason: waiting.reason().to_owned(),
            approve: self.secret.decides(Decision::Approved, waiting.key()),
            decline: self.secret.decides(Decision::Declined, waiting.key()),
        };
        Ok(all.iter().map(one).collect())
    }

    /// Records what a form decides; whether it decided about anything.
    fn decide(&self, form: &str) -> Result<bool, Failure> {
        let field = |name: &str| {
            form_urlencoded::parse(form.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        };
        let (Some(key), Some(token)) = (field("key"), field("token")) else { return Ok(false) };
        let Some(decision) = self.secret.decision(&key, &token) else { return Ok(false) };
        let now_us = self.now_us()?;
        let mut ledger = Ledger::open(&self.ledger, Access::Write)
            .map_err(|error| crate::commands::ledger::failure(&error))?;
        let waiting = approve::waiting(&ledger, now_us)?;
        let chosen: Vec<&approve::Waiting> = waiting.iter().filter(|one| one.key() == key).collect();
        if chosen.is_empty() {
            return Ok(false);
        }
        approve::record(&mut ledger, &chosen, decision, &self.by, now_us)?;
        Ok(true)
    }
}

enum Reply {
    Text(Answer),
    Moved { to: String, cookie: Option<String> },
}

fn value(request: &Request, name: &'static str) -> Option<String> {
    request
        .headers()
        .iter()
        .find(|header| header.field.equiv(name))
        .map(|header| header.value.as_str().to_owned())
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values are ours, and ASCII")
}
