//! What is typed after a colon: the words of the command line, and short ones for what is done
//! most.

use super::Wish;

/// Verbs that go without their noun.
const NOUNS: [(&str, &[&str]); 3] = [
    ("resource", &["move", "clear", "cleanup", "enable", "disable"]),
    ("node", &["standby", "unstandby", "maintenance", "unmaintenance", "fence", "confirm-off"]),
    ("config", &["undo"]),
];

/// What a line asks for, or why it asks for nothing.
pub(super) fn meaning(line: &str) -> Result<Wish, String> {
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let Some(first) = words.first().cloned() else { return Ok(Wish::Nothing) };
    match first.as_str() {
        "q" | "quit" => return Ok(Wish::Quit),
        "watch" => return Err("It is watched already.".to_owned()),
        _ => {}
    }
    let noun = NOUNS.iter().find(|(_, verbs)| verbs.contains(&first.as_str()));
    if let Some((noun, _)) = noun {
        words.insert(0, (*noun).to_owned());
    }
    Ok(Wish::Run(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<Wish, String> {
        Ok(Wish::Run(words.iter().map(|word| (*word).to_owned()).collect()))
    }

    #[test]
    fn verbs_go_without_their_noun() {
        assert_eq!(meaning("move web n2"), run(&["resource", "move", "web", "n2"]));
        assert_eq!(meaning(" standby  n2 "), run(&["node", "standby", "n2"]));
        assert_eq!(meaning("undo"), run(&["config", "undo"]));
        assert_eq!(meaning("resource list"), run(&["resource", "list"]));
        assert_eq!(meaning("q"), Ok(Wish::Quit));
        assert_eq!(meaning("  "), Ok(Wish::Nothing));
        assert!(meaning("watch").is_err());
    }
}
