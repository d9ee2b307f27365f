//! The program's side of a child: starting it, waiting for it no longer than agreed, ending it.
//!
//! One thread, the caller's. It polls the socket, both output pipes and the clock; it also looks every few
//! milliseconds whether the process still runs, for a grandchild may keep the socket open after its death.
//! At the deadline the call is cancelled; what has not answered when the grace is over is killed with
//! its whole group. Between calls nothing is read: what the plugin says then is heard at the next call.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use gevinst_abi::Columns;

use super::capture::Capture;
use super::frame::{self, Frame, FrameBuffer};
use super::guest::CHILD_ARGUMENT;
use super::message::{PROTOCOL, ToChild, ToHost};
use super::options::{ChildOptions, ChildProgram};
use super::process::Group;
use crate::connection::{Answer, Connection, Request, Terms};
use crate::error::{Death, HostError};
use crate::find::Plugin;
use crate::surroundings::{Level, LogSource, Surroundings};

/// How often to look whether the process still runs.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a process whose socket ended may take to exit, so that its exit code can be told.
const EXIT_WAIT: Duration = Duration::from_millis(500);

/// A channel in a child process. Dropping it kills the process and everything in its group.
pub struct ChildConnection {
    group: Group,
    socket: UnixStream,
    stdout: Capture<ChildStdout>,
    stderr: Capture<ChildStderr>,
    frames: FrameBuffer,
    chunk: Vec<u8>,
    surroundings: Surroundings,
    cancel_grace: Duration,
    rows_max: usize,
    last_id: u64,
    open: bool,
    gone: bool,
}

/// Why waiting for a message ended without one.
enum NoMessage {
    TimeIsUp,
    Ended,
    Broken(String),
    Io(io::Error),
}

impl ChildConnection {
    /// Starts a child and loads the plugin in it.
    ///
    /// # Errors
    /// [`HostError::Child`] when no process can be started, [`HostError::NotALibrary`], [`HostError::NotAPlugin`],
    /// [`HostError::WrongAbi`], [`HostError::BadTable`] from loading, [`HostError::NotLoaded`] around
    /// [`HostError::Crashed`] or [`HostError::Deadline`] when the library's constructors do not come back.
    pub fn start(
        plugin: &Plugin,
        options: &ChildOptions,
        surroundings: Surroundings,
    ) -> Result<Self, HostError> {
        let failed = |source| HostError::Child { what: "cannot be started", source };
        let program = match &options.program {
            Some(program) => program.clone(),
            None => ChildProgram::this()?,
        };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let mut command = Command::new(&program.path);
        if let Some(folder) = &options.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .arg0("gevinst")
            .arg(CHILD_ARGUMENT)
            .env_clear()
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // From here on the process is ended whatever happens.
        let group = Group::new(child);
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(failed(io::Error::other("no pipes")));
        };
        for fd in [stdout.as_raw_fd(), stderr.as_raw_fd()] {
            set_nonblocking(fd).map_err(failed)?;
        }
        let mut connection = Self {
            group,
            socket: ours,
            stdout: Capture::new(stdout, LogSource::Stdout),
            stderr: Capture::new(stderr, LogSource::Stderr),
            frames: FrameBuffer::default(),
            chunk: vec![0; 256 << 10],
            surroundings,
            cancel_grace: options.cancel_grace,
            rows_max: options.limits.rows_max,
            last_id: 0,
            open: false,
            gone: false,
        };
        connection.load(plugin, options)?;
        Ok(connection)
    }

    /// Number of the process, and of its group.
    pub fn process_id(&self) -> u32 {
        self.group.id()
    }

    fn load(&mut self, plugin: &Plugin, options: &ChildOptions) -> Result<(), HostError> {
        const METHOD: &str = "loading";
        let until = Instant::now() + options.load_deadline;
        let load = ToChild::Load {
            protocol: PROTOCOL,
            path: plugin.path().to_owned(),
            memory_bytes_max: options.memory_bytes_max,
            answer_bytes_max: options.limits.answer_bytes_max,
            rows_max: options.limits.rows_max,
        };
        let not_loaded =
            |source| HostError::NotLoaded { path: plugin.path().to_owned(), source: Box::new(source) };
        let answer = self.send(&load, until).and_then(|()| self.receive(until, &mut Vec::new()));
        match answer {
            Ok(ToHost::Loaded { result: Ok(()) }) => Ok(()),
            Ok(ToHost::Loaded { result: Err(error) }) => {
                self.end(Duration::ZERO);
                Err(error.at(plugin.path()))
            }
            Ok(_) => {
                Err(not_loaded(self.broken(METHOD, "the first message is not that of loading".to_owned())))
            }
            Err(NoMessage::TimeIsUp) => {
                self.end(Duration::ZERO);
                Err(not_loaded(HostError::Deadline { method: METHOD, deadline: options.load_deadline }))
            }
            Err(why) => Err(not_loaded(self.failure(METHOD, why))),
        }
    }

    /// Waits for the reply to a call, and past the deadline for what its cancelling brings.
    fn reply(&mut self, id: u64, request: Request<'_>, terms: Terms) -> Result<Answer, HostError> {
        let method = request.method();
        let deadline = HostError::Deadline { method, deadline: terms.deadline };
        let mut until = Instant::now() + terms.deadline;
        let mut cancelled = false;
        let mut rows = Vec::new();
        let mut waited = self.send(&ToChild::call(id, request, terms.now), until);
        loop {
            let received = match waited {
                Ok(()) => self.receive(until, &mut rows),
                Err(why) => Err(why),
            };
            match received {
                Ok(ToHost::Reply { id: of, rows: count, result }) if of == id => {
                    let json = match result {
                        Ok(json) => json,
                        // Whatever the plugin calls its being cancelled, it was for the deadline.
                        Err(error) => {
                            let error = self.surroundings.blot_error(error.into());
                            let by_us = cancelled && error.code == gevinst_abi::Code::Cancelled;
                            return Err(if by_us { deadline } else { error.into() });
                        }
                    };
                    let rows = gathered(rows);
                    if rows.len() != count {
                        let reason = format!("{} rows arrived of {count}", rows.len());
                        return Err(self.broken(method, reason));
                    }
                    return Ok(Answer { json, rows });
                }
                Ok(_) => return Err(self.broken(method, "a message that nobody waited for".to_owned())),
                Err(NoMessage::TimeIsUp) if cancelled => {
                    self.end(Duration::ZERO);
                    return Err(deadline);
                }
                Err(NoMessage::TimeIsUp) => {
                    cancelled = true;
                    until = Instant::now() + self.cancel_grace;
                    waited = self.send(&ToChild::Cancel { id }, until);
                    continue;
                }
                Err(why) => return Err(self.failure(method, why)),
            }
        }
    }

    /// Sends a message; a child that does not read is waited for until `until`.
    fn send(&mut self, message: &ToChild, until: Instant) -> Result<(), NoMessage> {
        let mut bytes = Vec::new();
        let json = serde_json::to_vec(message).map_err(|error| NoMessage::Broken(error.to_string()))?;
        if !frame::put_message(&mut bytes, &json) {
            return Err(NoMessage::Broken("the request is too long".to_owned()));
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match self.socket.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(libc::POLLOUT, until)?;
                    // A child that logs while it is spoken to would otherwise never get to reading.
                    if self.group.has_ended() {
                        return Err(NoMessage::Ended);
                    }
                }
                Err(error) if is_end(&error) => return Err(NoMessage::Ended),
                Err(error) => return Err(NoMessage::Io(error)),
            }
        }
        Ok(())
    }

    /// The next message that is not log, secret or rows; those are dealt with here.
    fn receive(&mut self, until: Instant, rows: &mut Vec<Columns>) -> Result<ToHost, NoMessage> {
        let mut rows_left = self.rows_max.saturating_sub(rows.iter().map(Columns::len).sum());
        loop {
            while let Some(frame) = self.frames.take().map_err(NoMessage::Broken)? {
                match frame {
                    Frame::Rows(columns) => {
                        rows_left = rows_left
                            .checked_sub(columns.len())
                            .ok_or_else(|| NoMessage::Broken(format!("more than {} rows", self.rows_max)))?;
                        rows.push(columns);
                    }
                    Frame::Message(json) => {
                        let message = serde_json::from_slice(&json)
                            .map_err(|error| NoMessage::Broken(format!("a message is not one: {error}")))?;
                        match message {
                            ToHost::Log { level, text } => {
                                self.surroundings.log(LogSource::Plugin, Level::from_i32(level), &text);
                            }
                            ToHost::SecretWanted { id, name } => {
                                let value = self.surroundings.secret(&name);
                                self.send(&ToChild::Secret { id, value }, until)?;
                            }
                            message => return Ok(message),
                        }
                    }
                }
                if Instant::now() >= until {
                    return Err(NoMessage::TimeIsUp);
                }
            }
            // Looked at before reading: what the process wrote before it ended is in the socket by then.
            let ended = self.group.has_ended();
            match self.socket.read(&mut self.chunk) {
                Ok(0) => return Err(NoMessage::Ended),
                Ok(n) => {
                    self.frames.feed(&self.chunk[..n]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if is_end(&error) => return Err(NoMessage::Ended),
                Err(error) => return Err(NoMessage::Io(error)),
            }
            if ended {
                return Err(NoMessage::Ended);
            }
            self.wait(libc::POLLIN, until)?;
        }
    }

    /// Waits for the socket or for output, a moment at most, and takes the output.
    fn wait(&mut self, events: i16, until: Instant) -> Result<(), NoMessage> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NoMessage::TimeIsUp);
        }
        // Rounded up, so that the last fraction of a millisecond is not spent spinning.
        let ms = i32::try_from(left.min(LOOK_EVERY).as_micros().div_ceil(1000)).unwrap_or(1);
        let poll = |fd: Option<RawFd>, events| libc::pollfd { fd: fd.unwrap_or(-1), events, revents: 0 };
        let mut fds = [
            poll(Some(self.socket.as_raw_fd()), events),
            poll(self.stdout.fd(), libc::POLLIN),
            poll(self.stderr.fd(), libc::POLLIN),
        ];
        // SAFETY: three structs of ours.
        let ready = unsafe { libc::poll(fds.as_mut_ptr(), 3, ms) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(NoMessage::Io(error)) };
        }
        if fds[1].revents != 0 {
            self.stdout.drain(&self.surroundings);
        }
        if fds[2].revents != 0 {
            self.stderr.drain(&self.surroundings);
        }
        Ok(())
    }

    fn failure(&mut self, method: &'static str, why: NoMessage) -> HostError {
        match why {
            NoMessage::Ended => {
                let death = self.end(EXIT_WAIT);
                HostError::Crashed { method, death }
            }
            NoMessage::TimeIsUp => unreachable!("callers deal with the deadline"),
            NoMessage::Broken(reason) => self.broken(method, reason),
            NoMessage::Io(source) => {
                self.end(Duration::ZERO);
                HostError::Child { what: "cannot be spoken to", source }
            }
        }
    }

    fn broken(&mut self, method: &'static str, reason: String) -> HostError {
        self.end(Duration::ZERO);
        HostError::Protocol { method, reason }
    }

    /// Ends the process and takes the last of its output.
    fn end(&mut self, patience: Duration) -> Death {
        self.gone = true;
        let death = self.group.end(patience);
        self.take_output();
        self.stdout.finish(&self.surroundings);
        self.stderr.finish(&self.surroundings);
        death
    }

    fn take_output(&mut self) {
        self.stdout.drain(&self.surroundings);
        self.stderr.drain(&self.surroundings);
    }
}

impl Connection for ChildConnection {
    fn call(&mut self, request: Request<'_>, terms: Terms) -> Result<Answer, HostError> {
        let method = request.method();
        request.check_size()?;
        if self.gone {
            return Err(HostError::Gone { method });
        }
        match request {
            Request::Describe => {}
            Request::Open(_) if self.open => return Err(HostError::Misused { method, open: true }),
            Request::Open(_) => {}
            _ if !self.open => return Err(HostError::Misused { method, open: false }),
            _ => {}
        }
        self.last_id += 1;
        self.stdout.begin_call();
        self.stderr.begin_call();
        let answer = self.reply(self.last_id, request, terms);
        if !self.gone {
            self.take_output();
        }
        match request {
            Request::Open(_) => self.open = answer.is_ok(),
            Request::Close => self.open = false,
            _ => {}
        }
        answer
    }
}

impl std::fmt::Debug for ChildConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChildConnection")
            .field("process_id", &self.process_id())
            .field("open", &self.open)
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}

/// All rows as one, without copying in the usual case of one frame.
fn gathered(frames: Vec<Columns>) -> Columns {
    let mut frames = frames.into_iter();
    let mut all = frames.next().unwrap_or_default();
    for columns in frames {
        all.append(&columns);
    }
    all
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected)
}

fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain numbers, and a descriptor that is ours.
    let done = unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        if flags < 0 { flags } else { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) }
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
