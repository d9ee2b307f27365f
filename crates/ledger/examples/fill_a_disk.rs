//! Fills the disk that a ledger lies on, to see what a really full disk does to it: `cargo run -p gevinst-ledger --example
//! fill_a_disk -- FOLDER`, where the folder is on a small file system made for this, for example
//! `mount -t tmpfs -o size=1m tmpfs FOLDER`.
//!
//! Ends with an error when anything but a full disk stopped it, or when the ledger is not sound afterwards.

use std::path::PathBuf;

use gevinst_ledger::fact::Note;
use gevinst_ledger::{Access, Error, Fact, Ledger};

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("expected the folder to fill")?);
    let path = folder.join("fill.ledger");
    let mut ledger = Ledger::open(&path, Access::Write)?;
    let note = || Fact::Note(Note { by: "disk".into(), text: "full ".repeat(400) });
    let mut steps = 0u64;
    let error = loop {
        match ledger.append(1_793_491_200_000_000, None, vec![note(), note()]) {
            Ok(_) => steps += 1,
            Err(error) => break error,
        }
    };
    println!("after {steps} steps: failed to {error}");
    if !matches!(error, Error::Full { .. }) {
        return Err(error.into());
    }
    let newest = ledger.newest()?.get();
    let verification = ledger.verify(None)?;
    println!("record {newest} is the newest; problems: {:?}", verification.problems);
    if newest != 2 * steps || !verification.is_sound() {
        return Err("the ledger is not what was acknowledged".into());
    }
    drop(ledger);
    let verification = Ledger::open(&path, Access::Read)?.verify(None)?;
    println!("opened again: {} records, problems: {:?}", verification.records, verification.problems);
    if !verification.is_sound() {
        return Err("the ledger is not sound".into());
    }
    Ok(())
}
