//! A small HTTP/1.1 server on loopback that can cut a connection at any point, which ready-made ones cannot.
//!
//! One thread a connection; requests are answered one at a time, under the platform's lock, so that what a log says in
//! order happened in order. Bodies have a `Content-Length`; chunked ones are refused.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::{Clock, Fault, Reply, Request, What};

/// The largest request, in bytes.
const REQUEST_MAX: usize = 64 << 20;
/// The most headers of a request.
const HEADERS_MAX: usize = 64;

/// A platform's state and behaviour.
pub trait Platform: Send + 'static {
    /// Acts on a request and replies.
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply;
}

/// A request with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When, by the fake's clock, in µs UTC.
    pub at_us: i64,
    /// The request.
    pub request: Request,
    /// Whether the platform saw it.
    pub acted: bool,
    /// The status of the reply; `None` when the connection was cut.
    pub status: Option<u16>,
}

struct Shared<P> {
    platform: Mutex<P>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Recorded>>,
    clock: Clock,
    follows_dates: AtomicBool,
    stopping: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

/// A platform that is being served. Dropping it stops the server and cuts its connections.
pub struct Fake<P: Platform> {
    shared: Arc<Shared<P>>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

impl<P: Platform> Fake<P> {
    /// Serves a platform on a free port of 127.0.0.1, with a clock of its own.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(platform: P) -> Self {
        Self::with_clock(platform, Clock::default())
    }

    /// Serves a platform by a clock that others may share.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn with_clock(platform: P, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            platform: Mutex::new(platform),
            faults: Mutex::default(),
            log: Mutex::default(),
            clock,
            follows_dates: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let serving = shared.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopping.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                if let Ok(copy) = stream.try_clone() {
                    let mut connections = lock(&serving.connections);
                    connections.retain(|open| open.peer_addr().is_ok());
                    connections.push(copy);
                }
                let serving = serving.clone();
                thread::spawn(move || {
                    // A client that goes away in mid-sentence is the client's matter.
                    let _ = serve(&serving, &stream);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        Self { shared, address, accepting: Some(accepting) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// From now on each request's `Date` sets the clock: for callers whose time is simulated elsewhere.
    pub fn follow_dates(&self) {
        self.shared.follows_dates.store(true, Ordering::SeqCst);
    }

    /// Looks at the platform's state, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut P) -> T) -> T {
        act(&mut lock(&self.shared.platform))
    }

    /// Adds a fault; the first one that strikes a request is played.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Removes all faults.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
    }

    /// What arrived so far.
    pub fn log(&self) -> Vec<Recorded> {
        lock(&self.shared.log).clone()
    }

    /// What arrived so far, of a method and with a text in the path; an empty text is any.
    pub fn logged(&self, method: &str, path: &str) -> Vec<Recorded> {
        let is_one = |one: &&Recorded| {
            (method.is_empty() || one.request.method == method) && one.request.path.contains(path)
        };
        lock(&self.shared.log).iter().filter(is_one).cloned().collect()
    }

    /// Forgets what arrived.
    pub fn clear_log(&self) {
        lock(&self.shared.log).clear();
    }
}

impl<P: Platform> Drop for Fake<P> {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The listener looks up at the next connection.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        for stream in lock(&self.shared.connections).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of one connection until it ends or is cut.
fn serve<P: Platform>(shared: &Shared<P>, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer)? {
        let Some(reply) = act(shared, &request) else { return Ok(()) };
        write_reply(&mut stream, &reply)?;
        let closes = |one: &str| one.eq_ignore_ascii_case("close");
        if request.header("connection").is_some_and(closes) {
            break;
        }
    }
    Ok(())
}

/// Plays the faults, lets the platform act, and records it; no reply means that the connection is cut.
fn act<P: Platform>(shared: &Shared<P>, request: &Request) -> Option<Reply> {
    let what = lock(&shared.faults).iter_mut().find_map(|fault| fault.strikes(request));
    if let Some(What::Slow(duration)) = &what {
        thread::sleep(*duration);
    }
    let mut platform = lock(&shared.platform);
    if shared.follows_dates.load(Ordering::SeqCst)
        && let Some(date) = request.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok())
    {
        shared.clock.set_us(date.timestamp().as_microsecond());
    }
    let at_us = shared.clock.now_us();
    let acts = !matches!(what, Some(What::CutBefore | What::Instead(_)));
    let replied = acts.then(|| platform.answer(request, at_us));
    let reply = match what {
        Some(What::CutBefore | What::CutAfter) => None,
        Some(What::Instead(reply) | What::AfterActing(reply)) => Some(reply),
        Some(What::Slow(_)) | None => replied,
    };
    let status = reply.as_ref().map(|reply| reply.status);
    lock(&shared.log).push(Recorded { at_us, request: request.clone(), acted: acts, status });
    reply
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// The next request, or nothing at the connection's end. `buffer` keeps what came beyond it.
fn read_request(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(head) = parsed.parse(buffer).map_err(|_| bad("not HTTP"))? {
            let target = parsed.path.unwrap_or_default();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let headers = parsed
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()));
            let mut request = Request {
                method: parsed.method.unwrap_or_default().to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
                headers: headers.collect(),
                body: Vec::new(),
            };
            if request.header("transfer-encoding").is_some() {
                return Err(bad("a body of unknown length"));
            }
            let length = match request.header("content-length") {
                Some(text) => text.parse().map_err(|_| bad("a length that is no number"))?,
                None => 0,
            };
            if length > REQUEST_MAX {
                return Err(bad("a request that is too large"));
            }
            while buffer.len() < head + length {
                if !read_more(stream, buffer)? {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            request.body = buffer[head..head + length].to_vec();
            buffer.drain(..head + length);
            return Ok(Some(request));
        }
        if buffer.len() > REQUEST_MAX || !read_more(stream, buffer)? {
            return Ok(None);
        }
    }
}

fn read_more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 16 << 10];
    let read = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..read]);
    Ok(read > 0)
}

fn write_reply(stream: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} -\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if reply.status != 204 {
        head.push_str(&format!("Content-Length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&reply.body)?;
    stream.flush()
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
