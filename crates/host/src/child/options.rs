//! Which program is started as a child, and how it is bounded.

use std::path::PathBuf;
use std::time::Duration;

use gevinst_abi::call::Limits;

use crate::error::HostError;

/// The program that is started as a child: one whose `main` calls [`child_main_if_asked`](crate::child_main_if_asked) first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildProgram {
    /// The executable.
    pub path: PathBuf,
}

impl ChildProgram {
    /// This very program. On Linux the running one, even when the file was replaced or removed since.
    ///
    /// # Errors
    /// When the system does not tell where it is.
    pub fn this() -> Result<Self, HostError> {
        let path = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()
                .map_err(|source| HostError::Child { what: "cannot be started", source })?
        };
        Ok(Self { path })
    }
}

/// How children are started and bounded.
#[derive(Clone, Debug)]
pub struct ChildOptions {
    /// The program; `None` is this very one.
    pub program: Option<ChildProgram>,
    /// The folder that the child works in, from which relative paths of a configuration count; `None` is this process's own.
    pub folder: Option<PathBuf>,
    /// How long loading the library may take.
    pub load_deadline: Duration,
    /// How long a call may take to return after it was cancelled.
    pub cancel_grace: Duration,
    /// Address space that the process may use, in bytes; 0 is no limit. Every thread takes some tens of MiB of it.
    pub memory_bytes_max: u64,
    /// Bounds on answers.
    pub limits: Limits,
}

impl Default for ChildOptions {
    fn default() -> Self {
        Self {
            program: None,
            folder: None,
            load_deadline: Duration::from_secs(10),
            cancel_grace: Duration::from_secs(2),
            memory_bytes_max: 2 << 30,
            limits: Limits::default(),
        }
    }
}
