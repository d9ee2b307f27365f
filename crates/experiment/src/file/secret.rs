//! Secrets are named, never written: a key that speaks of one must say where it is found.
//!
//! A secret that was written out all the same is refused, and never repeated in a message; not even where the line is so
//! broken that no value can be read from it.

use std::ops::Range;

use toml::de::DeValue;

use crate::{
    diagnostic::Diagnostic,
    read::{Findings, Node},
};

/// Parts of keys that speak of secrets.
const WORDS: &[&str] =
    &["secret", "password", "passwd", "token", "api_key", "apikey", "private_key", "credential"];

/// Ends of keys that speak of something about a secret: its address, its age.
const ABOUT: &[&str] = &["_url", "_uri", "_path", "_type", "_expires", "_days"];

/// Where a secret may be said to be.
const WAYS: &[&str] = &["env:", "file:"];

fn speaks_of_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word)) && !ABOUT.iter().any(|end| key.ends_with(end))
}

fn is_named(text: &str) -> bool {
    WAYS.iter().any(|way| text.strip_prefix(way).is_some_and(|name| !name.is_empty()))
}

/// Leaves a mistake for each secret in a channel's settings that is written out.
pub(crate) fn refuse_written(key: &str, node: Node<'_>, findings: &mut Findings<'_>) {
    match node.value {
        DeValue::Table(table) => {
            for (key, value) in table.iter() {
                refuse_written(key.get_ref(), Node::of(value), findings);
            }
        }
        DeValue::Array(array) => {
            for value in array.iter() {
                refuse_written(key, Node::of(value), findings);
            }
        }
        DeValue::String(text) if speaks_of_secret(key) && !is_named(text) => {
            findings.concealed.push(node.span());
            let name: String =
                key.to_uppercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            findings.push(
                Diagnostic::error(node.span(), format!("a secret is written out in `{}`", key.escape_debug()))
                    .label("expected where it is found")
                    .help(format!("put it into an environment variable and write \"env:MY_{name}\"; replace it if this file was shared")),
            );
        }
        _ => {}
    }
}

/// The text after `=` in every line whose key speaks of a secret, found without reading any TOML.
pub(crate) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((key, value)) = line.split_once('=')
            && speaks_of_secret(key.trim().trim_matches(['"', '\'']))
        {
            let written = value.trim();
            let begin = start + key.len() + 1 + (value.len() - value.trim_start().len());
            if !written.is_empty() && !is_named(written.trim_start_matches(['"', '\''])) {
                found.push(begin..begin + written.len());
            }
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_their_keys() {
        // Protects: secrets from messages about broken lines, and named ones from being hidden without need.
        let text = "account = 'a'\nsecret = \"hunter2\n api-token= hunter3 \ntoken_url = 'u'\npassword = 'env:P' # x\n";
        let found: Vec<&str> = lines(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, ["\"hunter2", "hunter3"]);
    }
}
