//! Pages of facts that are made from what the engine did. A page that differs is rewritten, and the test fails once. Must not
//! judge the facts.

use std::fs;
use std::path::Path;

use crate::stand::{self, Stand};

/// A page with one table.
pub(crate) struct Page<'a, const N: usize> {
    /// Where it is in the repository.
    pub(crate) path: &'a str,
    /// Its heading.
    pub(crate) title: &'a str,
    /// What it is about.
    pub(crate) about: &'a str,
    /// The names of the columns.
    pub(crate) columns: [&'a str; N],
    /// The rows.
    pub(crate) rows: Vec<[String; N]>,
    /// The columns, from 0, that differ from one run to the next: they alone make no page stale.
    pub(crate) varying: &'a [usize],
}

impl<const N: usize> Page<'_, N> {
    /// Compares it with what is there, if this is the engine that pages are made from.
    pub(crate) fn check(&self, stand: &Stand) {
        if !stand::is_pinned() {
            stand::say(&format!("skipped: {}: it is made by the engine of tests/engine only", self.path));
            return;
        }
        let text = self.text(&stand.engine.title());
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.path);
        let old = fs::read_to_string(&place).unwrap_or_default();
        if self.masked(&old) != self.masked(&text) {
            fs::write(&place, text).expect("the folder is there");
            panic!("{} was stale and is rewritten; look at it and run the test again", self.path);
        }
    }

    /// A page without the cells of the columns that vary.
    fn masked(&self, page: &str) -> String {
        let mask = |line: &str| {
            if !line.starts_with("| ") {
                return line.to_owned();
            }
            let kept = |(at, cell)| if self.varying.contains(&at) { "…" } else { cell };
            let cells = line.trim_start_matches("| ").trim_end_matches(" |").split(" | ");
            cells.enumerate().map(kept).collect::<Vec<_>>().join(" | ")
        };
        page.lines().map(mask).collect::<Vec<_>>().join("\n")
    }

    fn text(&self, engine: &str) -> String {
        let mut text = format!("# {}\n\n{}\n\n", self.title, self.about);
        text.push_str(&format!("Made by `cargo test --test builds` with {engine}; do not edit.\n\n"));
        text.push_str(&row(&self.columns));
        text.push_str(&row(&["---"; N]));
        for cells in &self.rows {
            text.push_str(&row(&cells.each_ref().map(String::as_str)));
        }
        text
    }
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Text as code in Markdown.
pub(crate) fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
