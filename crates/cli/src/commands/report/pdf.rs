//! PDF by an installed Chromium: the page's own print style on A4.
//!
//! Chromium gets the page as a file in a folder of its own and no network: the page needs none.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Kind};

/// Programs that print, in the order in which they are looked for.
const PROGRAMS: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge"];

/// How long printing may take.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) fn print(html: &str, to: &Path) -> Result<(), Failure> {
    let program = find().ok_or_else(|| {
        Failure::new(Kind::Input, "no Chromium was found to print the PDF with")
            .hint("install `chromium` or Google Chrome, or name one in GEVINST_CHROMIUM; or open the HTML page and print it from any browser")
    })?;
    let failed = |what: String| {
        Failure::new(Kind::Internal, format!("failed to print with `{}`: {what}", program.display()))
    };
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let page = folder.path().join("page.html");
    let printed = folder.path().join("page.pdf");
    std::fs::write(&page, html).map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(&program);
    command
        .args([
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
        ])
        .args(["--disable-component-update", "--disable-sync", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", printed.display()));
    // Chromium's sandbox refuses to work for root, whose folder this is then.
    if folder.path().metadata().is_ok_and(|folder| folder.uid() == 0) {
        command.arg("--no-sandbox");
    }
    command.arg(format!("file://{}", page.display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) if status.success() => break,
            Some(status) => return Err(failed(format!("it ended with {status}"))),
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            None => {
                // It may have ended by itself meanwhile; then there is nothing to kill.
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(format!("it did not end within {} s", PATIENCE.as_secs())));
            }
        }
    }
    let bytes = std::fs::read(&printed).map_err(|error| failed(format!("it wrote no PDF: {error}")))?;
    crate::output::write_file(to, &bytes)
}

fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GEVINST_CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let folders = std::env::var_os("PATH")?;
    PROGRAMS.iter().find_map(|name| {
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
    })
}
