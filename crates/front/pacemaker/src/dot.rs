//! A plan as a drawing for Graphviz.

use std::collections::BTreeMap;
use std::fmt::Write;

use scheduler::ActView;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// Also what is not needed or not managed.
    pub(crate) all: bool,
    /// Actions' numbers too.
    pub(crate) numbers: bool,
}

/// The drawing's text.
pub(crate) fn render(actions: &[ActView], drawn: Drawn) -> String {
    let mut out = String::from(" digraph \"g\" {\n");
    for action in actions.iter().filter(|action| is_drawn(action, drawn)) {
        let milestone = if action.pseudo { "orange" } else { "black" };
        let (style, colour, font) = match (action.in_plan, action.managed, action.optional) {
            (true, _, _) => ("bold", "green", milestone),
            (false, false, _) => ("dashed", "red", "purple"),
            (false, true, true) => ("dashed", "blue", milestone),
            (false, true, false) => ("dashed", "red", milestone),
        };
        let name = name(action, drawn);
        // Writing to a String does not fail, here and below.
        let _ =
            writeln!(out, "\"{name}\" [ style={style} color=\"{colour}\" fontcolor=\"{font}\"]");
    }
    let by_number: BTreeMap<u32, &ActView> =
        actions.iter().map(|action| (action.id, action)).collect();
    for action in actions {
        for input in &action.inputs {
            let Some(first) = by_number.get(&input.id) else { continue };
            if input.disabled && !input.in_plan {
                continue;
            }
            let both = is_drawn(first, drawn) && is_drawn(action, drawn) && !input.same_node;
            if drawn.all || input.in_plan || both {
                let style = if input.in_plan { "bold" } else { "dashed" };
                let (first, then) = (name(first, drawn), name(action, drawn));
                let _ = writeln!(out, "\"{first}\" -> \"{then}\" [ style = {style}]");
            }
        }
    }
    out.push_str("}\n");
    out
}

fn is_drawn(action: &ActView, drawn: Drawn) -> bool {
    drawn.all || action.in_plan || (action.managed && !action.optional)
}

fn name(action: &ActView, drawn: Drawn) -> String {
    if drawn.numbers { format!("{} ({})", action.name, action.id) } else { action.name.clone() }
}
