//! The grid as text.

use super::{Cell, CellState, Grid, Row};
use crate::text::{RenderOptions, Table, Tone};

/// Writes the grid for people: a row a resource, a column a node.
pub fn render(grid: &Grid, options: RenderOptions) -> String {
    let mut table = Table::default();
    let mut head = vec![(Tone::Strong, "resource".to_owned())];
    head.extend(grid.nodes.iter().map(|node| (Tone::Strong, node.name.clone())));
    table.row(head);
    for row in &grid.rows {
        table.row(cells(row));
    }
    let mut out = String::new();
    table.write(&mut out, 0, options);
    out
}

fn cells(row: &Row) -> Vec<(Tone, String)> {
    let tone = if row.missing { Tone::Bad } else { Tone::Plain };
    let mut cells = vec![(tone, format!("{}{}", "  ".repeat(row.depth), row.id))];
    cells.extend(row.cells.iter().map(|cell| {
        let (tone, word) = mark(cell);
        let score = cell.score.map_or_else(String::new, |score| match score {
            1_000_000 => " +INF".to_owned(),
            -1_000_000 => " -INF".to_owned(),
            0 => String::new(),
            score => format!(" {score:+}"),
        });
        (tone, format!("{word}{score}"))
    }));
    cells
}

/// A cell in a word, and what it means.
pub fn mark(cell: &Cell) -> (Tone, &'static str) {
    match (cell.state, cell.role) {
        (CellState::Failed, _) => (Tone::Bad, "failed"),
        (CellState::Unsure, _) => (Tone::Bad, "unsure"),
        (CellState::Changing, _) => (Tone::Caution, "changing"),
        (CellState::Partly, _) => (Tone::Caution, "partly"),
        (CellState::Active, Some(role)) if cell.wanted => (Tone::Good, role),
        // Where it is and should not stay.
        (CellState::Active, Some(role)) => (Tone::Caution, role),
        (CellState::Active, None) => (Tone::Good, "active"),
        (CellState::Stopped, _) if cell.wanted => (Tone::Caution, "to come"),
        (CellState::Stopped, _) if cell.banned => (Tone::Faint, "banned"),
        (CellState::Stopped, _) if cell.cannot_run_because.is_some() => (Tone::Faint, "cannot"),
        (CellState::Stopped, _) => (Tone::Faint, "-"),
    }
}
