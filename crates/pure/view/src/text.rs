//! Writing for people: indents, columns, and colour where it is wanted.

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whether escape sequences for colour may be written.
    pub colour: bool,
    /// Seconds since 1970, to say how long ago something was.
    pub now: i64,
}

/// What a piece of text means; colour only repeats what the words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// A heading.
    Strong,
    Good,
    /// Somebody should look.
    Caution,
    Bad,
    /// Less important than the rest.
    Faint,
}

impl RenderOptions {
    /// `text` in the colour of `tone`.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Caution => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Rows of cells, written in columns as wide as their widest cell.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<(Tone, String)>>,
}

impl Table {
    /// Adds a row.
    pub fn row(&mut self, cells: Vec<(Tone, String)>) {
        self.rows.push(cells);
    }

    /// Writes the rows below each other, each after `indent` blanks; the last column is not
    /// padded.
    pub fn write(&self, out: &mut String, indent: usize, options: RenderOptions) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width_of = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|(_, text)| text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width_of).collect();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for (at, (tone, text)) in row.iter().enumerate() {
                line.push_str(&options.paint(*tone, text));
                if at + 1 < row.len() {
                    let width = widths.get(at).copied().unwrap_or(0);
                    line.push_str(&" ".repeat(width + 2 - text.chars().count().min(width)));
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}
