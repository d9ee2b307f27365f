//! Tables of text that fit a terminal: names are cut before figures are.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::prose::{cut, width};

/// A table in the making: its header and rows, the first column being names that may be cut.
pub(super) struct Rows {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    columns: usize,
}

/// Blanks between columns, and at the left edge.
const GAP: usize = 2;

/// The least that is left of a name.
const NAME: usize = 10;

pub(super) fn table(header: Vec<String>, columns: usize) -> Rows {
    Rows { header, rows: Vec::new(), columns }
}

impl Rows {
    pub(super) fn add_row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Whether every column but the names can be as wide as what is in it.
    pub(super) fn fits(&self) -> bool {
        self.others() + GAP + NAME <= self.columns
    }

    /// The room for names when every other column is as wide as what is in it.
    fn name_room(&self) -> usize {
        self.columns.saturating_sub(self.others() + GAP).max(NAME)
    }

    /// What the other columns take.
    fn others(&self) -> usize {
        let widest = |i: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(i));
            cells.chain(self.header.get(i)).map(|cell| width(cell)).max().unwrap_or(0)
        };
        (1..self.header.len()).map(|i| widest(i) + GAP).sum()
    }
}

/// The table behind two blanks, without blanks at the ends of lines.
pub(super) fn finish(rows: &Rows) -> String {
    let room = rows.name_room();
    let mut table = Table::new();
    // Only a table that cannot fit is given to the library to break its cells.
    let arrangement = if rows.fits() { ContentArrangement::Disabled } else { ContentArrangement::Dynamic };
    table.load_style(presets::NOTHING).set_content_arrangement(arrangement);
    table.set_width(u16::try_from(rows.columns.saturating_sub(GAP)).unwrap_or(80));
    table.set_header(rows.header.clone());
    for row in &rows.rows {
        let mut row = row.clone();
        if let Some(name) = row.first_mut() {
            *name = cut(name, room);
        }
        table.add_row(row);
    }
    let last = rows.header.len().saturating_sub(1);
    for column in table.column_iter_mut() {
        column.set_padding((0, if column.index == last { 0 } else { 2 }));
        if column.index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (i, title) in rows.header.iter().enumerate() {
        if matches!(title.as_str(), "status" | "outcome" | "guarantee" | "separation")
            && let Some(column) = table.column_mut(i)
        {
            column.set_cell_alignment(CellAlignment::Left);
        }
    }
    let lines: Vec<String> = table.lines().map(|l| format!("  {}", l.trim_end())).collect();
    lines.join("\n")
}
