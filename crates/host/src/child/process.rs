//! A process group and how it ends.
//!
//! The leader is not reaped before its group was killed: until then its number cannot belong to anybody else.

use std::io;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::error::Death;

/// How long a killed process may take to be gone; it is the kernel's doing, not the plugin's.
const REAP_WAIT: Duration = Duration::from_secs(2);

/// A child that leads its own process group.
pub(crate) struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    /// Takes over a child that was started with its own process group.
    pub(crate) fn new(child: Child) -> Self {
        Self { child, ended: false }
    }

    /// The leader's number, which is the group's.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the leader has ended; does not wait and does not reap.
    pub(crate) fn has_ended(&self) -> bool {
        if self.ended {
            return true;
        }
        // SAFETY: zeroed is a valid `siginfo_t`, and the call fills it.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            let done = libc::waitid(libc::P_PID, self.child.id(), &mut info, flags);
            // An error means that there is no such child, which is as ended as can be.
            done != 0 || info.si_pid() != 0
        }
    }

    /// Kills what is left of the group, reaps the leader and says how it ended. A leader that ended by itself,
    /// at the latest within `patience`, tells its own exit.
    pub(crate) fn end(&mut self, patience: Duration) -> Death {
        let until = Instant::now() + patience;
        while !self.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        let by_itself = self.has_ended();
        self.kill();
        let status = self.reap();
        self.ended = true;
        match status {
            Ok(Some(status)) if by_itself => death_of(status),
            _ => Death::Silent,
        }
    }

    fn kill(&self) {
        if self.ended {
            return;
        }
        if let Ok(id) = i32::try_from(self.child.id()) {
            // SAFETY: plain numbers; the leader is not reaped, so that the group is still the one we made.
            unsafe { libc::kill(-id, libc::SIGKILL) };
        }
    }

    fn reap(&mut self) -> io::Result<Option<std::process::ExitStatus>> {
        let until = Instant::now() + REAP_WAIT;
        loop {
            match self.child.try_wait()? {
                // A process inside the kernel cannot be killed; better a zombie than a program that hangs.
                None if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                status => return Ok(status),
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Duration::ZERO);
        }
    }
}

fn death_of(status: std::process::ExitStatus) -> Death {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Death::Exit(code),
        (None, Some(signal)) => Death::Signal(signal),
        (None, None) => Death::Silent,
    }
}
