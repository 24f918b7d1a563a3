//! Writes a document: `scale NODES RESOURCES`, or `scale SHAPE COUNT`.
#![expect(clippy::print_stdout, reason = "writing is all it does")]

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, count] = words.as_slice() else { return };
    let count = count.parse().unwrap_or(0);
    let shape = scale::Hard::ALL.into_iter().find(|shape| shape.name() == what);
    let text = match (shape, what.parse()) {
        (Some(shape), _) => scale::hard(shape, count),
        (None, Ok(nodes)) => scale::document(scale::Size { nodes, resources: count }),
        (None, Err(_)) => return,
    };
    print!("{text}");
}
