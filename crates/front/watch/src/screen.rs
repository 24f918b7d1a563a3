//! What is shown, and what keys do to it. Knows no terminal: it is drawn on any.

mod commands;
mod draw;
mod page;

use ratatui::Frame;

use crate::News;
use crate::feed::Picture;
use crate::keys::Key;

use page::Page;

/// What the screen wants of who shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Nothing,
    Quit,
    /// A command of the command line.
    Run(Vec<String>),
}

/// The whole screen.
#[derive(Debug, Default)]
pub struct Screen {
    picture: Option<Box<Picture>>,
    /// Why there is no newer picture.
    lost: Option<String>,
    now: i64,
    /// The chosen cell: a row of what the filter leaves, and a node.
    row: usize,
    node: usize,
    /// The first row and the first node that are shown.
    top: usize,
    left: usize,
    /// How many rows the grid shows; as it was drawn last.
    height: usize,
    filter: String,
    mode: Mode,
    /// How many entries the timeline has been scrolled back.
    back: usize,
    /// Arrows move the timeline.
    on_timeline: bool,
    /// What was said to the last command.
    said: Option<String>,
    is_key_awaited: bool,
}

/// What keys mean now.
#[derive(Debug, Default)]
enum Mode {
    #[default]
    Browse,
    /// A filter is being typed.
    Filter,
    /// A command is being typed.
    Command(String),
    /// Something is read.
    Page(Page),
}

impl Screen {
    /// The time, in seconds since 1970.
    pub fn at(&mut self, now: i64) {
        self.now = now;
    }

    /// Nothing has happened for a while: what depends on time alone is looked at again.
    pub fn rest(&mut self) {
        if let Some(picture) = &mut self.picture {
            picture.look_again(self.now);
        }
    }

    /// Takes note of something.
    pub fn hear(&mut self, news: News) -> Wish {
        match news {
            News::Picture(picture) => {
                self.picture = Some(picture);
                self.lost = None;
                self.keep_in_sight();
                Wish::Nothing
            }
            News::Lost(why) => {
                self.lost = Some(why);
                Wish::Nothing
            }
            News::Key(key) => {
                self.is_key_awaited = false;
                self.said = None;
                self.press(key)
            }
            News::Resized => {
                self.is_key_awaited = false;
                Wish::Nothing
            }
            News::Ended | News::Deaf => Wish::Quit,
        }
    }

    /// Draws all of it.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        draw::draw(self, frame);
    }

    pub(crate) fn wants_key(&self) -> bool {
        !self.is_key_awaited
    }

    pub(crate) fn key_is_awaited(&mut self) {
        self.is_key_awaited = true;
    }

    fn press(&mut self, key: Key) -> Wish {
        if key == Key::Interrupt {
            return Wish::Quit;
        }
        match std::mem::take(&mut self.mode) {
            Mode::Browse => self.browse(key),
            Mode::Filter => {
                self.type_filter(key);
                Wish::Nothing
            }
            Mode::Command(text) => self.type_command(text, key),
            Mode::Page(page) => {
                self.read(page, key);
                Wish::Nothing
            }
        }
    }

    fn browse(&mut self, key: Key) -> Wish {
        let page = self.height.max(1);
        match key {
            Key::Char('q') => return Wish::Quit,
            Key::Up | Key::Char('k') => self.up(1),
            Key::Down | Key::Char('j') => self.down(1),
            Key::PageUp => self.up(page),
            Key::PageDown => self.down(page),
            Key::Home => self.up(usize::MAX),
            Key::End => self.down(usize::MAX / 2),
            Key::Left | Key::Char('h') => self.node = self.node.saturating_sub(1),
            Key::Right | Key::Char('l') => self.node = self.node.saturating_add(1),
            Key::Tab => self.on_timeline = !self.on_timeline,
            Key::Escape => {
                self.filter.clear();
                (self.on_timeline, self.back) = (false, 0);
            }
            Key::Char('/') => self.mode = Mode::Filter,
            Key::Char(':') => self.mode = Mode::Command(String::new()),
            Key::Char('?') => self.mode = Mode::Page(Page::help()),
            Key::Char('f') => self.show(Page::readiness),
            Key::Char('v') => self.show(Page::verdict),
            Key::Enter => self.why(),
            Key::Char('m') => self.begin_on_both("move"),
            Key::Char('s') => self.begin_on_node("standby"),
            Key::Char(_) | Key::Backspace | Key::Interrupt => {}
        }
        self.keep_in_sight();
        Wish::Nothing
    }

    fn up(&mut self, by: usize) {
        if self.on_timeline {
            self.back = self.back.saturating_add(by);
        } else {
            self.row = self.row.saturating_sub(by);
        }
    }

    fn down(&mut self, by: usize) {
        if self.on_timeline {
            self.back = self.back.saturating_sub(by);
        } else {
            self.row = self.row.saturating_add(by);
        }
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Char(letter) => self.filter.push(letter),
            Key::Backspace => {
                self.filter.pop();
            }
            Key::Escape => {
                self.filter.clear();
                return self.keep_in_sight();
            }
            Key::Enter => return self.keep_in_sight(),
            Key::Up | Key::Down | Key::Left | Key::Right | Key::PageUp | Key::PageDown => {}
            Key::Home | Key::End | Key::Tab | Key::Interrupt => {}
        }
        self.mode = Mode::Filter;
        self.keep_in_sight();
    }

    fn type_command(&mut self, mut text: String, key: Key) -> Wish {
        match key {
            Key::Char(letter) => text.push(letter),
            Key::Backspace if text.is_empty() => return Wish::Nothing,
            Key::Backspace => {
                text.pop();
            }
            Key::Escape => return Wish::Nothing,
            Key::Enter => {
                return match commands::meaning(&text) {
                    Ok(wish) => wish,
                    Err(why) => {
                        self.said = Some(why);
                        Wish::Nothing
                    }
                };
            }
            Key::Up | Key::Down | Key::Left | Key::Right | Key::PageUp | Key::PageDown => {}
            Key::Home | Key::End | Key::Tab | Key::Interrupt => {}
        }
        self.mode = Mode::Command(text);
        Wish::Nothing
    }

    fn read(&mut self, mut page: Page, key: Key) {
        if page.press(key) {
            self.mode = Mode::Page(page);
        }
    }

    fn show(&mut self, page: fn(&Picture, i64) -> Page) {
        if let Some(picture) = &self.picture {
            self.mode = Mode::Page(page(picture, self.now));
        }
    }

    /// Why the chosen resource is where it is, and what the chosen node has to say to it.
    fn why(&mut self) {
        let (Some(picture), Some(id)) = (&self.picture, self.chosen_id()) else { return };
        let node = picture.grid.nodes.get(self.node).map(|node| node.name.as_str());
        let cell = self.chosen_row().and_then(|row| row.cells.get(self.node));
        self.mode = Mode::Page(Page::why(picture, id, node.zip(cell), self.now));
    }

    fn begin_on_both(&mut self, verb: &str) {
        let node = self.chosen_node();
        if let (Some(id), Some(node)) = (self.chosen_id(), node) {
            self.mode = Mode::Command(format!("{verb} {id} {node}"));
        }
    }

    fn begin_on_node(&mut self, verb: &str) {
        if let Some(node) = self.chosen_node() {
            self.mode = Mode::Command(format!("{verb} {node}"));
        }
    }

    fn chosen_node(&self) -> Option<&str> {
        let picture = self.picture.as_ref()?;
        picture.grid.nodes.get(self.node).map(|node| node.name.as_str())
    }

    fn chosen_row(&self) -> Option<&view::grid::Row> {
        self.rows().nth(self.row)
    }

    fn chosen_id(&self) -> Option<&str> {
        self.chosen_row().map(|row| row.id.as_str())
    }

    /// The rows that the filter leaves.
    fn rows(&self) -> impl Iterator<Item = &view::grid::Row> {
        let rows = self.picture.iter().flat_map(|picture| &picture.grid.rows);
        rows.filter(|row| self.matches(row))
    }

    /// Whether the filter's words are all in the resource's name, or say what it is somewhere.
    fn matches(&self, row: &view::grid::Row) -> bool {
        let id = row.id.to_lowercase();
        let says = |word: &str| {
            id.contains(word)
                || (word == "missing" && row.missing)
                || row.cells.iter().any(|cell| view::grid::mark(cell).1 == word)
        };
        self.filter.to_lowercase().split_whitespace().all(says)
    }

    /// What is chosen stays among what there is, and on the screen.
    fn keep_in_sight(&mut self) {
        let rows = self.rows().count();
        self.row = self.row.min(rows.saturating_sub(1));
        let picture = self.picture.as_ref();
        let nodes = picture.map_or(0, |picture| picture.grid.nodes.len());
        self.node = self.node.min(nodes.saturating_sub(1));
        let entries = picture.map_or(0, |picture| picture.entries.len());
        self.back = self.back.min(entries.saturating_sub(1));
    }
}
