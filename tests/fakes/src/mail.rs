//! A mail server that takes everything: a submission service behind a password, for months with an e-mail arm.
//!
//! It speaks as much SMTP as a client needs that signs in by `AUTH PLAIN` and sends one message at a time. A wrong password is
//! refused with a sentence that quotes it, which no server should do and one once did. How a real server refuses, bounces and
//! hangs up is tested elsewhere, with a real one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The envelope's recipient.
    pub to: String,
    /// Head and body.
    pub text: String,
}

struct Shared {
    /// What a client must say: `AUTH PLAIN`'s answer in base64.
    credentials: Mutex<String>,
    received: Mutex<Vec<Message>>,
    stopping: AtomicBool,
}

/// The server, on a free port of 127.0.0.1. Dropping it stops it.
pub struct Mail {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Mail {
    /// Serves whoever signs in by these, which are `AUTH PLAIN`'s answer in base64: `\0user\0password`.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(credentials: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            credentials: Mutex::new(credentials.to_owned()),
            received: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stopping.load(Ordering::SeqCst) {
                    break;
                }
                let serving = serving.clone();
                // A client that goes away in mid-sentence is the client's matter.
                thread::spawn(move || serving.talk(stream));
            }
        });
        Self { shared, address }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets others sign in from now on.
    pub fn set_credentials(&self, credentials: &str) {
        credentials.clone_into(&mut self.shared.credentials.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything that was taken so far.
    pub fn received(&self) -> Vec<Message> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The listener looks up at the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn talk(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        let mut say = move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
        say("220 stand-in ESMTP")?;
        let (mut is_known, mut to) = (false, String::new());
        loop {
            let line = read_line(&mut lines)?;
            let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
            match (verb.to_ascii_uppercase().as_str(), is_known) {
                ("EHLO", _) => {
                    say("250-stand-in\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN")?
                }
                ("AUTH", _) => {
                    let told = rest.strip_prefix("PLAIN ").unwrap_or(rest).to_owned();
                    is_known = told == *self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
                    if is_known {
                        say("235 2.7.0 welcome")?;
                    } else {
                        say(&format!("535 5.7.8 not signed in by {told}"))?;
                    }
                }
                ("MAIL" | "RCPT" | "DATA", false) => say("530 5.7.0 sign in first")?,
                ("MAIL", true) => say("250 2.1.0 ok")?,
                ("RCPT", true) => {
                    rest[rest.find('<')? + 1..rest.find('>')?].clone_into(&mut to);
                    say("250 2.1.5 ok")?;
                }
                ("DATA", true) => {
                    say("354 go on")?;
                    let mut text = String::new();
                    loop {
                        let line = read_line(&mut lines)?;
                        if line == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push('\n');
                    }
                    let message = Message { to: to.clone(), text };
                    self.received.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    say("250 2.0.0 taken")?;
                }
                ("RSET" | "NOOP", _) => say("250 2.0.0 ok")?,
                ("QUIT", _) => return say("221 2.0.0 bye"),
                _ => say("502 5.5.1 what?")?,
            }
        }
    }
}

fn read_line(lines: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (lines.read_line(&mut line).ok()? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
