//! Everything that can go wrong between a request and its answer.
//!
//! Messages complete "failed to …: ". What the plugin itself says is [`HostError::Plugin`] with the ABI's own
//! kinds; the rest is what its process, its library or its answers did.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use gevinst_abi::{Code, Error as PluginError};

/// Why a plugin was not found, not loaded, or a call gave no good answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// No library of that name where one was looked for.
    #[error("no plugin `{name}`; looked for {}{}", list(looked), installed_hint(installed))]
    NotFound {
        /// The name, or the path, that was asked for.
        name: String,
        /// Every file that was looked for.
        looked: Vec<PathBuf>,
        /// Names of the plugins that are there.
        installed: Vec<String>,
    },
    /// The library cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The library.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a library that this machine can load.
    #[error("`{}` is not a library that can be loaded: {reason}", path.display())]
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// What the loader says, with all its causes.
        reason: String,
    },
    /// The library is no channel plugin.
    #[error("`{}` is a library but not a channel plugin: it exports no `gevinst_channel_v1`", path.display())]
    NotAPlugin {
        /// The library.
        path: PathBuf,
    },
    /// The plugin was built for another major version of the ABI.
    #[error(
        "`{}` speaks channel ABI {}.{}, this program speaks {}.{}",
        path.display(), plugin.0, plugin.1, host.0, host.1
    )]
    WrongAbi {
        /// The library.
        path: PathBuf,
        /// Major and minor of the plugin.
        plugin: (u32, u32),
        /// Major and minor of this program.
        host: (u32, u32),
    },
    /// The plugin's table cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    BadTable {
        /// The library.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The library did not come through its own loading: its process died, hung or spoke out of turn in a constructor.
    #[error("`{}` cannot be loaded: {source}", path.display())]
    NotLoaded {
        /// The library.
        path: PathBuf,
        /// What became of the process.
        source: Box<HostError>,
    },
    /// The sidecar manifest cannot be read, or does not fit the library.
    #[error("the manifest `{}` {reason}", path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What the plugin says itself.
    #[error("the plugin says: {0}")]
    Plugin(PluginError),
    /// The plugin's answer does not fit the contract.
    #[error("the plugin's answer to {method} is not acceptable: {reason}")]
    BadAnswer {
        /// The call.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The call took too long; it was cancelled, and what did not return then was killed.
    #[error("{method} took longer than {} ms", deadline.as_millis())]
    Deadline {
        /// The call.
        method: &'static str,
        /// How long it was given.
        deadline: Duration,
    },
    /// The child process ended without an answer.
    #[error("the plugin's process {death} during {method}")]
    Crashed {
        /// The call.
        method: &'static str,
        /// How it ended.
        death: Death,
    },
    /// An earlier call killed the process, or left it stuck; start a new connection.
    #[error("the connection ended earlier; {method} was not sent")]
    Gone {
        /// The call.
        method: &'static str,
    },
    /// Nothing is open, or something is open already.
    #[error("{method} was called while {}", if *open { "a channel was open already" } else { "no channel was open" })]
    Misused {
        /// The call.
        method: &'static str,
        /// Whether a channel was open.
        open: bool,
    },
    /// What came over the child's socket is not the protocol.
    #[error("the plugin's process broke the protocol during {method}: {reason}")]
    Protocol {
        /// The call.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The child process could not be started or spoken to.
    #[error("a child process {what}: {source}")]
    Child {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl HostError {
    /// The ABI's kind, when the plugin stated one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Plugin(error) => Some(error.code),
            _ => None,
        }
    }

    /// Whether the fault is the plugin's (or its process's), not the platform's, the user's or the machine's.
    pub fn is_plugin_fault(&self) -> bool {
        match self {
            Self::Plugin(error) => matches!(error.code, Code::Internal | Code::TooLarge),
            Self::BadAnswer { .. } | Self::Deadline { .. } | Self::Crashed { .. } | Self::Protocol { .. } => {
                true
            }
            Self::NotLoaded { source, .. } => source.is_plugin_fault(),
            _ => false,
        }
    }

    /// Whether a command that was answered so was certainly not carried out.
    ///
    /// Definite are a bad request or configuration, unsupported, sign-in, rate limit and "not applied" from
    /// the plugin, and whatever kept the command from being sent. Everything else is unknown: unavailable,
    /// cancelled, a fault, a crash, a deadline, an answer that cannot be read.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Plugin(error) => matches!(
                error.code,
                Code::BadConfig
                    | Code::BadRequest
                    | Code::Unsupported
                    | Code::Auth
                    | Code::RateLimited
                    | Code::NotApplied
            ),
            Self::BadAnswer { .. } | Self::Deadline { .. } | Self::Crashed { .. } | Self::Protocol { .. } => {
                false
            }
            // The child's pipe may break in the middle of a command.
            Self::Child { .. } => false,
            Self::Gone { .. }
            | Self::Misused { .. }
            | Self::NotFound { .. }
            | Self::Unreadable { .. }
            | Self::NotALibrary { .. }
            | Self::NotAPlugin { .. }
            | Self::WrongAbi { .. }
            | Self::BadTable { .. }
            // Nothing was asked of it yet.
            | Self::NotLoaded { .. }
            | Self::BadManifest { .. } => true,
        }
    }
}

impl From<PluginError> for HostError {
    fn from(error: PluginError) -> Self {
        Self::Plugin(error)
    }
}

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// It exited by itself, without answering.
    Exit(i32),
    /// A signal killed it.
    Signal(i32),
    /// It closed its socket but went on; it was killed.
    Silent,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exited with code {code}, without an answer,"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {signal}"),
            },
            Self::Silent => write!(f, "closed its socket"),
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        libc::SIGABRT => "SIGABRT (it aborted, perhaps out of memory)",
        libc::SIGSEGV => "SIGSEGV (it used memory it does not have)",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        _ => return None,
    })
}

fn list(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "it nowhere, for no folder was given".to_owned();
    }
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn installed_hint(installed: &[String]) -> String {
    if installed.is_empty() {
        return String::new();
    }
    let names: Vec<_> = installed.iter().map(|name| format!("`{name}`")).collect();
    format!("; there are {}", names.join(", "))
}
