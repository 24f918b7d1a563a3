//! The readiness as text.

use super::{Ability, Can, Cell, DeviceLine, DeviceState, Proof, Readiness};
use crate::moment;
use crate::text::{RenderOptions, Table, Tone};
use crate::words::list;

/// What becomes of a node that must be cut off, in a sentence.
pub fn words(
    node: &str,
    ability: Ability,
    cells: &[Cell],
    proven: Option<Proof>,
    now: i64,
) -> String {
    let able = cells.iter().filter(|cell| matches!(cell.can, Can::Yes | Can::AskedThen));
    let devices: Vec<&str> = able.map(|cell| cell.device.as_str()).collect();
    let by = list(&devices);
    match ability {
        Ability::Ready => {
            let proof = proven.map_or_else(String::new, |proof| format!(": {}", proof.words(now)));
            format!("{node} can be cut off by {by}{proof}.")
        }
        Ability::Watchdog => format!("{node} is reset by its own watchdog."),
        Ability::Doubtful => format!("{node} is cut off only by {by}, which may not answer."),
        Ability::Guest => format!("{node} is cut off by stopping what it runs in."),
        Ability::Impossible => format!("Nothing can cut {node} off."),
    }
}

impl Proof {
    /// In words.
    pub fn words(self, now: i64) -> String {
        match self {
            Self::Checked { since, every_ms } => {
                let every = moment::length(every_ms);
                format!("asked every {every}, answers since {}", moment::ago(since, now))
            }
            Self::Answered { at } => format!("answered {}", moment::ago(at, now)),
            Self::Used { at } => format!("cut it off {}", moment::ago(at, now)),
        }
    }
}

/// Writes the matrix for people: a row a node, a column a device.
pub fn render(readiness: &Readiness, options: RenderOptions) -> String {
    let mut out = String::new();
    if !readiness.enabled {
        out.push_str("Fencing is disabled.\n");
    }
    if readiness.devices.is_empty() {
        out.push_str("There is no fence device.\n");
        return out;
    }
    let mut table = Table::default();
    let mut head = vec![(Tone::Strong, "node".to_owned())];
    head.extend(readiness.devices.iter().map(|device| (Tone::Strong, device.id.clone())));
    table.row(head);
    for row in &readiness.nodes {
        let mut cells = vec![(tone_of(row.ability), row.node.clone())];
        cells.extend(row.cells.iter().map(|cell| cell_words(cell, options.now)));
        table.row(cells);
    }
    table.write(&mut out, 0, options);
    out.push('\n');
    let mut table = Table::default();
    for device in &readiness.devices {
        table.row(device_words(device, options.now));
    }
    table.write(&mut out, 0, options);
    out
}

fn tone_of(ability: Ability) -> Tone {
    match ability {
        Ability::Ready | Ability::Watchdog | Ability::Guest => Tone::Good,
        Ability::Doubtful => Tone::Caution,
        Ability::Impossible => Tone::Bad,
    }
}

fn cell_words(cell: &Cell, now: i64) -> (Tone, String) {
    let level = cell.level.map_or_else(String::new, |level| format!(" (level {level})"));
    let used = match cell.proven {
        Some(proof @ Proof::Used { .. }) => format!(", {}", proof.words(now)),
        Some(Proof::Checked { .. } | Proof::Answered { .. }) | None => String::new(),
    };
    match cell.can {
        Can::Yes => (Tone::Good, format!("yes{level}{used}")),
        Can::AskedThen => (Tone::Plain, format!("asks its agent{level}{used}")),
        Can::No => (Tone::Faint, "no".to_owned()),
        Can::Disabled => (Tone::Caution, "disabled".to_owned()),
    }
}

fn device_words(device: &DeviceLine, now: i64) -> Vec<(Tone, String)> {
    let tone = match device.state {
        DeviceState::Working => Tone::Good,
        DeviceState::Failed => Tone::Bad,
        DeviceState::Stopped | DeviceState::Disabled => Tone::Caution,
    };
    let on = if device.on.is_empty() { String::new() } else { format!(" on {}", list(&device.on)) };
    let proof = device.proof.map_or_else(String::new, |proof| format!("; {}", proof.words(now)));
    vec![
        (Tone::Plain, device.id.clone()),
        (Tone::Faint, device.agent.clone()),
        (tone, format!("{}{on}{proof}", device.state.words())),
    ]
}
