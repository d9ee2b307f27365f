//! How the suite runs.

use std::sync::Arc;
use std::time::Duration;

use gevinst_host::ChildOptions;

/// From a secret's name to its value.
pub type SecretFn = dyn Fn(&str) -> Option<String> + Send + Sync;

/// How the suite runs.
#[derive(Clone)]
pub struct Options {
    /// How children are started. The grace after a cancel is what `life.cancel_returns` measures.
    pub child: ChildOptions,
    /// Run the plugin in this process instead, for debuggers; one that crashes takes the suite with it.
    pub in_process: bool,
    /// Only tests whose name contains this.
    pub filter: Option<String>,
    /// When the simulated time begins: the midnight before, in µs UTC.
    pub now_us: i64,
    /// How long a call may take.
    pub deadline: Duration,
    /// Resolves the secrets that the configuration names.
    pub secret: Arc<SecretFn>,
}

impl Options {
    /// Children of this very program, all tests, no secrets, 30 seconds a call.
    pub fn at(now_us: i64) -> Self {
        Self {
            child: ChildOptions::default(),
            in_process: false,
            filter: None,
            now_us,
            deadline: Duration::from_secs(30),
            secret: Arc::new(|_| None),
        }
    }
}
