//! A mail server of one's own for tests: it speaks enough SMTP, keeps what it was given, and fails as it is told.
//!
//! How it treats a message follows from the recipient's local part: `hard…` is refused as unknown, `soft…` for now, `policy…`
//! by policy, `late…` after the text; of `lost…` it takes the text and hangs up without an answer.

#![expect(dead_code, reason = "each test uses its part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A clock that stands still, for an account that is opened without a host.
pub(crate) struct Still(pub(crate) i64);

impl gevinst_http::Wait for Still {
    fn now_us(&self) -> i64 {
        self.0
    }

    fn sleep(&self, _: std::time::Duration) -> Result<(), gevinst_sdk::Error> {
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn trace(&self, _: &str) {}
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
}

/// Where in a message's way something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Recipient,
    Data,
    Text,
    Answered,
}

type Hook = Box<dyn FnMut(Moment) + Send>;

#[derive(Default)]
struct Held {
    received: Vec<Received>,
    hook: Option<Hook>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) port: u16,
    held: Arc<Mutex<Held>>,
}

impl Fake {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self { port: listener.local_addr().unwrap().port(), held: Arc::default() };
        let server = fake.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.talk(stream));
            }
        });
        fake
    }

    /// Everything that was taken so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.held.lock().unwrap().received.clone()
    }

    /// Calls `hook` at every moment of every message.
    pub(crate) fn on(&self, hook: impl FnMut(Moment) + Send + 'static) {
        self.held.lock().unwrap().hook = Some(Box::new(hook));
    }

    fn reach(&self, moment: Moment) {
        let mut held = self.held.lock().unwrap();
        if let Some(hook) = &mut held.hook {
            hook(moment);
        }
    }

    /// A client that goes away ends its conversation; so do errors.
    fn talk(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?);
        let mut answer = {
            let mut stream = stream;
            move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok()
        };
        answer("220 fake ESMTP")?;
        let (mut from, mut to) = (String::new(), String::new());
        loop {
            let line = read_line(&mut lines)?;
            let inside = || Some(line[line.find('<')? + 1..line.find('>')?].to_owned());
            match line.split([' ', ':']).next()?.to_ascii_uppercase().as_str() {
                "EHLO" => answer("250-fake\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES")?,
                "MAIL" => {
                    from = inside()?;
                    answer("250 2.1.0 ok")?
                }
                "RCPT" => {
                    to = inside()?;
                    self.reach(Moment::Recipient);
                    match to.trim_end_matches(|c: char| c != '@').trim_end_matches('@') {
                        local if local.starts_with("hard") => answer("550 5.1.1 no such user")?,
                        local if local.starts_with("soft") => answer("451 4.2.1 busy")?,
                        local if local.starts_with("policy") => answer("550 5.7.1 not from you")?,
                        _ => answer("250 2.1.5 ok")?,
                    }
                }
                "DATA" => {
                    self.reach(Moment::Data);
                    answer("354 go on")?;
                    let mut text = String::new();
                    loop {
                        let line = read_line(&mut lines)?;
                        if line == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push_str("\r\n");
                    }
                    if to.starts_with("late") {
                        answer("550 5.6.0 not such a text")?;
                        continue;
                    }
                    self.held.lock().unwrap().received.push(Received {
                        from: from.clone(),
                        to: to.clone(),
                        text,
                    });
                    self.reach(Moment::Text);
                    if to.starts_with("lost") {
                        return None;
                    }
                    answer("250 2.0.0 taken")?;
                    self.reach(Moment::Answered);
                }
                "RSET" | "NOOP" => answer("250 2.0.0 ok")?,
                "QUIT" => {
                    answer("221 2.0.0 bye")?;
                    return None;
                }
                _ => answer("502 5.5.1 what?")?,
            }
        }
    }
}

fn read_line(lines: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (lines.read_line(&mut line).ok()? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A list of people, all of whom consented.
pub(crate) fn write_list(folder: &Path, addresses: &[String]) {
    let mut text = "email,consent,name,size\n".to_owned();
    for (number, address) in addresses.iter().enumerate() {
        let size = ["small", "large"][number % 2];
        text.push_str(&format!("{address},yes,Name {number},{size}\n"));
    }
    std::fs::write(folder.join("list.csv"), text).unwrap();
}

/// A configuration that sends to the fake server and keeps everything in `folder`.
pub(crate) fn config(folder: &Path, port: u16) -> Value {
    json!({
        "timezone": "UTC", "currency": "NOK", "state": folder.join("state"), "list": folder.join("list.csv"),
        "stratify_by": ["size"], "key": "env:KEY",
        "from": "Acme <news@acme.example>", "envelope_domain": "b.acme.example", "base_url": "https://go.acme.example",
        "smtp": { "host": "127.0.0.1", "port": port, "tls": "none", "timeout_seconds": 20 },
        "pace": { "per_minute": 100_000, "per_hour": 100_000, "seconds_per_step": 60 },
        "goals": { "visit": { "from": "click" } }
    })
}

pub(crate) const KEY: &str = "a key of more than sixteen characters";
