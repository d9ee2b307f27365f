//! A request before it is sent.

use std::fmt;

use base64::Engine as _;
use serde::Serialize;

use crate::{Base, Secret};

/// A request: method, path below the base, query, headers, body. Its `Debug` tells method and path alone.
#[derive(Clone)]
pub struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    pub(crate) base: Option<Base>,
    pub(crate) repeatable: bool,
}

impl Call {
    fn new(method: &'static str, path: impl Into<String>, repeatable: bool) -> Self {
        let (query, headers, path) = (String::new(), Vec::new(), path.into());
        Self { method, path, query, headers, body: None, base: None, repeatable }
    }

    /// A GET, which may be sent again.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, true)
    }

    /// A POST, which is sent at most once unless it is called [`Call::repeatable`].
    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path, false)
    }

    /// A PUT, sent at most once.
    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path, false)
    }

    /// A PATCH, sent at most once.
    pub fn patch(path: impl Into<String>) -> Self {
        Self::new("PATCH", path, false)
    }

    /// A DELETE, sent at most once.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, false)
    }

    /// Says that sending it twice does no harm: a token, a report asked for by POST.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sends it below another base than the client's.
    #[must_use]
    pub fn at(mut self, base: &Base) -> Self {
        self.base = Some(base.clone());
        self
    }

    /// Adds a pair to the query, encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let mut pairs = form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
        self.query = pairs.append_pair(name, value.as_ref()).finish();
        self
    }

    /// Adds to the query what is encoded already, in a platform's own way.
    #[must_use]
    pub fn raw_query(mut self, encoded: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(encoded);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), Secret::new(value.into())));
        self
    }

    /// `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        self.header("Authorization", format!("Bearer {}", token.expose()))
    }

    /// `Authorization: Basic …`.
    #[must_use]
    pub fn basic(self, user: &str, password: &Secret) -> Self {
        let pair = format!("{user}:{}", password.expose());
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        self.header("Authorization", format!("Basic {encoded}"))
    }

    /// A JSON body.
    ///
    /// # Panics
    /// Never for JSON values and for types whose maps have text for keys.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("bodies are plain values");
        self.body = Some(("application/json", bytes));
        self
    }

    /// A form: pairs, encoded as browsers do.
    #[must_use]
    pub fn form<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body = Some(("application/x-www-form-urlencoded", encoded.into_bytes()));
        self
    }

    /// A form that is encoded already, in a platform's own way.
    #[must_use]
    pub fn raw_form(mut self, encoded: String) -> Self {
        self.body = Some(("application/x-www-form-urlencoded", encoded.into_bytes()));
        self
    }

    /// What messages call it: method and path, never the query.
    pub(crate) fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

/// One segment of a path, percent-encoded, so that a name cannot reach another path.
///
/// ```
/// assert_eq!(gevinst_http::segment("../acme no"), "..%2Facme%20no");
/// ```
pub fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the encodings: a pair must arrive as what it was, and a secret not be in `Debug`.
    #[test]
    fn queries_and_forms_are_encoded() {
        let call = Call::get("/x").query("a b", "ø&=").raw_query("ids=List(1,2)").query("c", "");
        assert_eq!(call.query, "a+b=%C3%B8%26%3D&ids=List(1,2)&c=");
        let call = Call::post("/x").form([("client_id", "cid"), ("grant_type", "a b")]);
        assert_eq!(call.body.unwrap().1, b"client_id=cid&grant_type=a+b");
        let call = Call::put("/y").basic("user", &Secret::new("key-us3".to_owned())).query("token", "s3cret");
        assert_eq!(call.headers[0].1.expose(), "Basic dXNlcjprZXktdXMz");
        assert_eq!(format!("{call:?}"), "PUT /y");
    }
}
