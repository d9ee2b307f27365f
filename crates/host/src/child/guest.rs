//! The child's side: one library, one channel, calls over a socket.
//!
//! The main thread does the calls. A second thread reads the socket, so that a cancel, a secret or the end of
//! the parent reaches a child whose main thread hangs inside the plugin. When the socket ends, the child
//! kills its whole process group: no plugin, and nothing a plugin started, outlives the program. (Linux can also
//! send a signal at the parent's death, but does so already when the *thread* that started the child ends.)

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use gevinst_abi::call::{Limits, Services};
use gevinst_abi::{Code, Columns, Error as PluginError};

use super::frame::{self, FRAME_ROWS, Frame, FrameBuffer};
use super::message::{Method, PROTOCOL, ToChild, ToHost, WireError};
use crate::channel::{self, CancelSlot, LoadedChannel};
use crate::clock::CallClock;
use crate::library;
use crate::surroundings::Now;

/// The first argument of a program that is to be a channel's child.
pub const CHILD_ARGUMENT: &str = "__channel";

/// Exit code of a child that was not started by a supervisor, or cannot speak with it.
const EXIT_MISUSED: i32 = 2;
/// Rows that are gathered before they are sent.
const SEND_BYTES: usize = 1 << 20;

/// Turns this process into a channel's child if it was started as one, and then never returns. To be called
/// first thing in `main`, with `std::env::args_os()`.
pub fn child_main_if_asked(mut arguments: impl Iterator<Item = OsString>) {
    if arguments.nth(1).is_some_and(|argument| argument == CHILD_ARGUMENT) {
        let code = match serve() {
            Ok(()) => 0,
            Err(error) => {
                let _ = writeln!(io::stderr(), "a channel's process cannot go on: {error}");
                EXIT_MISUSED
            }
        };
        std::process::exit(code);
    }
}

/// What the threads of a child share.
struct Shared {
    writer: Mutex<UnixStream>,
    clock: CallClock,
    cancel: CancelSlot,
    /// The call in progress, if any, so that a late cancel does not hit the next one.
    current: Mutex<Option<u64>>,
    secrets: Mutex<Secrets>,
    answered: Condvar,
}

#[derive(Default)]
struct Secrets {
    last_id: u64,
    answers: HashMap<u64, Option<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve() -> io::Result<()> {
    let socket = take_over_stdin()?;
    let shared = Arc::new(Shared {
        writer: Mutex::new(socket.try_clone()?),
        clock: CallClock::new(),
        cancel: CancelSlot::default(),
        current: Mutex::new(None),
        secrets: Mutex::default(),
        answered: Condvar::new(),
    });
    let (calls, inbox) = mpsc::channel();
    let reader = shared.clone();
    std::thread::Builder::new().name("gevinst-reader".to_owned()).spawn(move || {
        let why = read_all(socket, &reader, &calls);
        end_group(&why);
    })?;
    let Ok(ToChild::Load { protocol, path, memory_bytes_max, answer_bytes_max, rows_max }) = inbox.recv()
    else {
        return Err(io::Error::other("the first message was not what to load"));
    };
    if protocol != PROTOCOL {
        return Err(io::Error::other(format!("protocol {protocol} instead of {PROTOCOL}")));
    }
    limit(memory_bytes_max)?;
    // SAFETY: this process is there to be lost.
    let table = match unsafe { library::load(&path) } {
        Ok(table) => table,
        Err(error) => return shared.send(&ToHost::Loaded { result: Err(error) }),
    };
    shared.send(&ToHost::Loaded { result: Ok(()) })?;
    let limits = Limits { answer_bytes_max, rows_max };
    let mut loaded = LoadedChannel::new(table, limits, shared.clone(), shared.cancel.clone());
    while let Ok(message) = inbox.recv() {
        if let ToChild::Call { id, method, body, now_us, runs } = message {
            shared.clock.set(if runs { Now::Running(now_us) } else { Now::Frozen(now_us) });
            *lock(&shared.current) = Some(id);
            let reply = shared.answer(&mut loaded, id, method, &body);
            *lock(&shared.current) = None;
            shared.send(&reply)?;
        }
    }
    Ok(())
}

impl Shared {
    fn answer(&self, loaded: &mut LoadedChannel, id: u64, method: Method, body: &str) -> ToHost {
        let mut rows = 0;
        let mut bytes = Vec::new();
        let flush = |bytes: &mut Vec<u8>| {
            let sent = lock(&self.writer).write_all(bytes);
            bytes.clear();
            sent.map_err(|error| PluginError::internal(format!("rows cannot be sent: {error}")))
        };
        let result = loaded.call(method, body, &mut |columns: Columns| {
            rows += columns.len();
            for from in (0..columns.len()).step_by(FRAME_ROWS) {
                frame::put_rows(&mut bytes, &columns, from..columns.len().min(from + FRAME_ROWS));
                if bytes.len() >= SEND_BYTES {
                    flush(&mut bytes)?;
                }
            }
            Ok(())
        });
        let result = result.and_then(|json| flush(&mut bytes).map(|()| json));
        ToHost::Reply { id, rows, result: result.map_err(WireError::from) }
    }

    fn send(&self, message: &ToHost) -> io::Result<()> {
        let mut bytes = Vec::new();
        let json = serde_json::to_vec(message)?;
        if !frame::put_message(&mut bytes, &json) {
            return Err(io::Error::other("a message is too long"));
        }
        lock(&self.writer).write_all(&bytes)
    }
}

impl Services for Shared {
    fn log(&self, level: i32, message: &str) {
        // Nobody is left to be told when this fails; the reader sees the same end.
        let _ = self.send(&ToHost::Log { level, text: message.to_owned() });
    }

    fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    fn secret(&self, name: &str) -> Result<String, Code> {
        let id = {
            let mut secrets = lock(&self.secrets);
            secrets.last_id += 1;
            secrets.last_id
        };
        self.send(&ToHost::SecretWanted { id, name: name.to_owned() }).map_err(|_| Code::Internal)?;
        let mut secrets = lock(&self.secrets);
        loop {
            if let Some(answer) = secrets.answers.remove(&id) {
                return answer.ok_or(Code::Auth);
            }
            secrets = self.answered.wait(secrets).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Reads until the socket ends, and says why it did.
fn read_all(mut socket: UnixStream, shared: &Shared, calls: &Sender<ToChild>) -> String {
    let mut frames = FrameBuffer::default();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => return "the program is gone".to_owned(),
            Ok(n) => frames.feed(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return error.to_string(),
        }
        loop {
            let message = match frames.take() {
                Ok(None) => break,
                Ok(Some(Frame::Message(json))) => serde_json::from_slice::<ToChild>(&json),
                Ok(Some(Frame::Rows(_))) => return "rows came the wrong way".to_owned(),
                Err(error) => return error,
            };
            match message {
                Ok(ToChild::Cancel { id }) => {
                    if *lock(&shared.current) == Some(id) {
                        channel::cancel(&shared.cancel);
                    }
                }
                Ok(ToChild::Secret { id, value }) => {
                    lock(&shared.secrets).answers.insert(id, value);
                    shared.answered.notify_all();
                }
                Ok(message) => {
                    if calls.send(message).is_err() {
                        return "the main thread is gone".to_owned();
                    }
                }
                Err(error) => return error.to_string(),
            }
        }
    }
}

/// The socket that came as standard input; the plugin gets `/dev/null` instead, and what it starts inherits
/// neither.
fn take_over_stdin() -> io::Result<UnixStream> {
    let stdin = io::stdin();
    let socket = UnixStream::from(stdin.as_fd().try_clone_to_owned()?);
    // Refuses anything that is not a socket.
    socket.local_addr()?;
    let null = std::fs::File::open("/dev/null")?;
    // SAFETY: both descriptors are open and ours.
    if unsafe { libc::dup2(null.as_raw_fd(), stdin.as_raw_fd()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(socket)
}

/// Bounds memory and forbids core files, which would hold secrets.
fn limit(memory_bytes_max: u64) -> io::Result<()> {
    forbid_core_files()?;
    if memory_bytes_max > 0 {
        set_limit(libc::RLIMIT_AS as i32, memory_bytes_max)?;
    }
    Ok(())
}

/// Lets this process leave no core file, whatever ends it: for programs that hold secrets, as every child does by itself. What is
/// started from here on inherits the limit.
///
/// # Errors
/// When the system refuses it.
pub fn forbid_core_files() -> io::Result<()> {
    set_limit(libc::RLIMIT_CORE as i32, 0)?;
    // Core dumps that go to a program ignore the limit; and nobody of the same user may read our memory.
    #[cfg(target_os = "linux")]
    // SAFETY: takes plain numbers.
    if unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn set_limit(resource: i32, bytes: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: bytes as libc::rlim_t, rlim_max: bytes as libc::rlim_t };
    // SAFETY: a whole struct of ours. The resource's type differs between systems.
    if unsafe { libc::setrlimit(resource as _, &limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ends this process and everything in its group, at once.
fn end_group(why: &str) -> ! {
    let _ = writeln!(io::stderr(), "a channel's process ends: {why}");
    // SAFETY: plain numbers. The group is our own only if we lead it, as the supervisor sees to; otherwise
    // it is that of whoever started us by hand, and none of our business.
    unsafe {
        if libc::getpgrp() == libc::getpid() {
            libc::kill(0, libc::SIGKILL);
        }
        libc::_exit(0)
    }
}
