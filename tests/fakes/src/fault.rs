//! What goes wrong, where, and how often.

use std::time::Duration;

use crate::{Reply, Request};

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum What {
    /// The connection is cut before the platform acts.
    CutBefore,
    /// The platform acts, and the connection is cut before it answers.
    CutAfter,
    /// This is answered instead, and the platform does not act.
    Instead(Reply),
    /// The platform acts, and this is answered.
    AfterActing(Reply),
    /// The platform takes so much real time before it acts.
    Slow(Duration),
}

/// A fault on requests of a method (empty: any) whose path contains a text.
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    path: String,
    body: String,
    what: What,
    skip: u32,
    left: u32,
}

impl Fault {
    /// The next matching request.
    pub fn once(method: &str, path: &str, what: What) -> Self {
        Self::times(1, method, path, what)
    }

    /// The next `times` matching requests.
    pub fn times(times: u32, method: &str, path: &str, what: What) -> Self {
        let (method, path, body) = (method.to_owned(), path.to_owned(), String::new());
        Self { method, path, body, what, skip: 0, left: times }
    }

    /// All matching requests.
    pub fn always(method: &str, path: &str, what: What) -> Self {
        Self::times(u32::MAX, method, path, what)
    }

    /// Lets the first `skip` matching requests pass.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Only requests whose body contains a text.
    #[must_use]
    pub fn with_body(mut self, part: &str) -> Self {
        part.clone_into(&mut self.body);
        self
    }

    /// Takes one of the fault's turns, if the request is one that it strikes.
    pub(crate) fn strikes(&mut self, request: &Request) -> Option<What> {
        let matches = (self.method.is_empty() || self.method == request.method)
            && request.path.contains(&self.path)
            && request.text().contains(&self.body);
        if !matches || self.left == 0 {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.left = self.left.saturating_sub(u32::from(self.left != u32::MAX));
        Some(self.what.clone())
    }
}
