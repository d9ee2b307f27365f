//! Writes a month's report from made-up figures, to look at: `cargo run -p gevinst-report --example sample -- FOLDER`.
//!
//! Writes `month.html`, `month.json` and `month.txt`, the same of an experiment of twelve arms, of a month with every
//! awkward case, of one with 250 experiments, and of a rehearsal; of each month also the management page, and the pages of
//! one experiment, of two months beside each other and of the library.

mod figures;

use std::path::Path;

use gevinst_report::{html, json, terminal};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let folder = Path::new(&folder);
    let style = terminal::Style::default();
    for (name, report) in [
        ("month", figures::month()),
        ("twelve", figures::twelve()),
        ("awkward", figures::awkward()),
        ("crowd", figures::crowd(250)),
    ] {
        std::fs::write(folder.join(format!("{name}.html")), html::month_page(&report))?;
        std::fs::write(folder.join(format!("{name}-management.html")), html::management_page(&report))?;
        std::fs::write(folder.join(format!("{name}.txt")), terminal::month_text(&report, style))?;
        std::fs::write(folder.join(format!("{name}.json")), json::to_json(&report)?)?;
    }
    let (month, twelve) = (figures::month(), figures::twelve());
    std::fs::write(
        folder.join("twelve-experiment.html"),
        html::experiment_page(&twelve, &twelve.experiments[0]),
    )?;
    std::fs::write(folder.join("months.html"), html::compare_page(&[twelve, month]))?;
    std::fs::write(folder.join("library.html"), html::library_page(&figures::library()))?;
    let rehearsal = figures::rehearsal();
    std::fs::write(folder.join("rehearsal.html"), html::rehearsal_page(&rehearsal))?;
    std::fs::write(folder.join("rehearsal.txt"), terminal::rehearsal_text(&rehearsal, style))?;
    std::fs::write(folder.join("rehearsal.json"), json::to_json(&rehearsal)?)
}
