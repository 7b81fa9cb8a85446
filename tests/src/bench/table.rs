//! Tables in the form of the README.

use std::fmt::Write as _;

/// A table under way; every row has as many cells as the head.
pub struct Table {
    text: String,
}

impl Table {
    /// A table with these columns; the first is for words, the others for numbers.
    pub fn new(columns: &[&str]) -> Self {
        let mut text = format!("| {} |\n|---|", columns.join(" | "));
        columns.iter().skip(1).for_each(|_| text.push_str("---:|"));
        text.push('\n');
        Self { text }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }

    /// The table, ending with a new line.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A rate with three significant digits or so.
pub fn rate(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
