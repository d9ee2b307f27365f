//! Where results go: files that appear whole or not at all, standard output, colour.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::args::Colour;
use crate::failure::{Failure, Kind};

/// Writes `text` and a line end to standard output. A closed pipe is not an error: the reader has seen enough.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out
        .write_all(text.trim_end().as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Kind::Internal, format!("failed to write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error; there is nowhere to report a failure of that.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}

/// Writes JSON to a file, or to standard output for `-`.
pub(crate) fn write_json<T: serde::Serialize>(target: &Path, value: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Kind::Internal, format!("failed to write JSON: {error}")))?;
    text.push('\n');
    if target == Path::new("-") { say(&text) } else { write_file(target, text.as_bytes()) }
}

/// Replaces a file in one step: a reader sees the old one or the new one, never half of it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(Kind::Internal, format!("failed to write `{}`: {error}", path.display()))
    };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(fail)?;
    }
    // A device or a pipe cannot be replaced, only written to.
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).map_err(fail);
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = std::fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        let _ = std::fs::remove_file(&part);
        fail(error)
    })
}

/// Whether standard output (`false`) or standard error (`true`) takes colour.
pub(crate) fn coloured(colour: Colour, on_stderr: bool) -> bool {
    let terminal = if on_stderr { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// Columns of the terminal; 80 where there is none.
pub(crate) fn width() -> u16 {
    let stated = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    stated.filter(|_| std::io::stdout().is_terminal()).unwrap_or(80).clamp(40, 120)
}
