//! Secrets: named in a channel's table, given to that channel's plugin alone, and only when it asks.
//!
//! `env:NAME` is a variable of this program's environment, `file:PATH` the content of a file without the line's end, from the
//! project's folder as every path in a channel's table. A name that
//! does not stand in the channel's own table is not given out, whoever set it: one plugin cannot ask for another's.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The largest file that is taken for a secret, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// What answers a plugin that was opened with `config`; `folder` is the project's, where it is not the current one.
pub(crate) fn granted(
    config: &Value,
    folder: Option<PathBuf>,
) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let mut names = BTreeSet::new();
    gather(config, &mut names);
    move |name| if names.contains(name) { found_in(folder.as_deref(), name) } else { None }
}

/// The secret of a name, where that leads to one, from the current folder.
pub(crate) fn found(name: &str) -> Option<String> {
    found_in(None, name)
}

fn found_in(folder: Option<&Path>, name: &str) -> Option<String> {
    if let Some(variable) = name.strip_prefix("env:") {
        return std::env::var(variable).ok();
    }
    let mut text = String::new();
    let path = folder.unwrap_or(Path::new("")).join(name.strip_prefix("file:")?);
    let read = File::open(path).ok()?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    let fits = read.is_ok_and(|bytes| bytes as u64 <= FILE_BYTES_MAX);
    fits.then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

fn gather(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("env:") || text.starts_with("file:") => {
            names.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, names)),
        Value::Object(table) => table.values().for_each(|value| gather(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_has_what_its_own_table_names_and_nothing_else() {
        // Protects: one account's secrets from another account's plugin.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let name = format!("file:{}", path.display());
        let secret = granted(
            &serde_json::json!({ "inner": [{ "token": name }], "user": "env:PATH", "near": "file:token" }),
            Some(folder.path().to_owned()),
        );
        assert_eq!(secret(&name).as_deref(), Some("s3cret"));
        assert_eq!(secret("file:token").as_deref(), Some("s3cret"));
        assert_eq!(secret("env:PATH"), std::env::var("PATH").ok());
        assert!(secret("env:HOME").is_none() && secret("inner").is_none());
        std::fs::write(&path, vec![b'x'; (64 << 10) + 1]).unwrap();
        assert!(secret(&name).is_none(), "no secret is so long");
    }
}
