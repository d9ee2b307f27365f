//! Where a platform's API lives: a base URL, checked once.

use std::fmt;

use gevinst_sdk::Error;
use ureq::http::Uri;

/// A base URL without a trailing slash, query or user name: `https`, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// Checks a URL from the configuration.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::BadConfig`] at `field`, a JSON pointer.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::bad_config(field, format!("`{text}` {why}"));
        if text.contains('@') {
            // Not quoted: it may hold a password.
            return Err(Error::bad_config(field, "a base URL has no user name or password in it"));
        }
        let uri: Uri = text.parse().map_err(|_| refuse("is not a URL"))?;
        let host = uri.host().ok_or_else(|| refuse("has no host; expected `https://host/path`"))?;
        if uri.query().is_some() || text.contains('#') {
            return Err(refuse("must not have a query or a fragment"));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback(host) => {}
            Some("http") => {
                return Err(refuse("would send secrets in the clear; expected `https://`"));
            }
            _ => return Err(refuse("is not a URL with `https://`")),
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The URL of a path (which begins with `/`, or is empty) and an encoded query.
    pub(crate) fn join(&self, path: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{query}", self.0)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects credentials from going over the wire in the clear, or to a place nobody meant.
    #[test]
    fn only_https_or_loopback() {
        for good in
            ["https://a.example/x/1.0/", "http://127.0.0.1:8080", "http://[::1]:1/a", "http://localhost"]
        {
            assert!(Base::parse("/base_url", good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example",
            "ftp://a",
            "a.example",
            "",
            "https://u:p@a",
            "https://a/?x=1",
            "https://a/#x",
        ] {
            let error = Base::parse("/base_url", bad).unwrap_err();
            assert_eq!(error.field, "/base_url", "{bad}");
            assert!(!error.message.contains("u:p"), "{error}");
        }
        let base = Base::parse("/base_url", "https://a.example/x/").unwrap();
        assert_eq!(base.join("/campaigns", "a=1"), "https://a.example/x/campaigns?a=1");
    }
}
