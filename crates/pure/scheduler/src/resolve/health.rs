//! How well nodes are, by their `#health` attributes.

use model::Score;

use super::types::{HealthStrategy, Node, Resolved};
use super::values::parse_score;

/// Sums every node's health, as the strategy weighs it.
pub(super) fn read(resolved: &mut Resolved<'_>) {
    let (weights, base) = match resolved.options.health {
        HealthStrategy::None => return,
        HealthStrategy::MigrateOnRed => {
            (Weights { red: Score::MINUS_INFINITY, ..NONE }, NONE.green)
        }
        HealthStrategy::OnlyGreen => {
            let never = Score::MINUS_INFINITY;
            (Weights { red: never, yellow: never, ..NONE }, NONE.green)
        }
        HealthStrategy::Progressive { green, yellow, red, base } => {
            (Weights { green, yellow, red }, base)
        }
        HealthStrategy::Custom { green, yellow, red } => {
            (Weights { green, yellow, red }, Score::ZERO)
        }
    };
    for node in &mut resolved.nodes {
        node.health = sum(node, weights).fold(base, Score::plus);
    }
}

/// What each colour counts.
#[derive(Clone, Copy)]
struct Weights {
    green: Score,
    yellow: Score,
    red: Score,
}

const NONE: Weights = Weights { green: Score::ZERO, yellow: Score::ZERO, red: Score::ZERO };

fn sum(node: &Node<'_>, weights: Weights) -> impl Iterator<Item = Score> {
    node.attributes.iter().filter(|(name, _)| name.starts_with("#health")).filter_map(
        move |(_, value)| match value.to_ascii_lowercase().as_str() {
            "green" => Some(weights.green),
            "yellow" => Some(weights.yellow),
            "red" => Some(weights.red),
            number => parse_score(number),
        },
    )
}
