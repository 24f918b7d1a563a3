//! The screen as it is drawn. From top to bottom: the verdict, the grid, the timeline, a line for
//! what is typed.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, Wrap};
use view::grid::{Row, mark};
use view::status::{Health, NodeLine, NodeState};
use view::text::Tone;

use super::{Mode, Page, Screen};
use crate::feed::Picture;

/// The narrowest column of a node.
const COLUMN_MIN: usize = 10;

pub(super) fn draw(screen: &mut Screen, frame: &mut Frame<'_>) {
    let area = frame.area();
    let timeline = if area.height >= 20 { 7 } else { 4 };
    let verdict = verdict(screen);
    let width = usize::from(area.width.max(1));
    let needed = verdict.iter().map(|line| line.width().div_ceil(width).max(1)).sum::<usize>();
    let head = u16::try_from(needed).unwrap_or(4).clamp(1, 4);
    let rows = [
        Constraint::Length(head),
        Constraint::Min(3),
        Constraint::Length(timeline),
        Constraint::Length(1),
    ];
    let [head, grid, timeline, foot] = Layout::vertical(rows).areas(area);
    frame.render_widget(Paragraph::new(verdict).wrap(Wrap { trim: true }), head);
    draw_grid(screen, frame, grid);
    frame.render_widget(Paragraph::new(past(screen, timeline)), timeline);
    if let Mode::Page(page) = &screen.mode {
        let over = Rect { height: area.height.saturating_sub(1), ..area };
        frame.render_widget(Clear, over);
        frame.render_widget(page_of(page), over);
    }
    frame.render_widget(Paragraph::new(typed(screen)), foot);
}

/// The first lines: how it is, and what would break it.
fn verdict(screen: &Screen) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(lost) = &screen.lost {
        let old = if screen.picture.is_some() { " What is shown is old." } else { "" };
        lines.push(Line::styled(format!("No daemon answers: {lost}.{old}"), style(Tone::Bad)));
    }
    let Some(picture) = &screen.picture else {
        if lines.is_empty() {
            lines.push(Line::raw("Asking the cluster ..."));
        }
        return lines;
    };
    let told = &picture.status.verdict;
    let tone = match told.health {
        Health::Healthy => Tone::Good,
        Health::Weakened | Health::Working => Tone::Caution,
        Health::Impaired | Health::Down => Tone::Bad,
    };
    lines.push(Line::styled(told.sentence.clone(), style(tone).add_modifier(Modifier::BOLD)));
    let news = told.breaks.iter().find(|text| !told.sentence.contains(*text));
    if let Some(next) = told.advice.first().or(news) {
        lines.push(Line::styled(next.clone(), style(Tone::Faint)));
    }
    lines
}

fn draw_grid(screen: &mut Screen, frame: &mut Frame<'_>, area: Rect) {
    let block = Block::default().borders(Borders::TOP);
    let inner = block.inner(area);
    screen.height = usize::from(inner.height.saturating_sub(1));
    screen.top = scrolled(screen.top, screen.row, screen.height);
    frame.render_widget(block.title(title(screen)), area);
    let Some(picture) = &screen.picture else { return };
    let columns = Columns::fit(picture, screen.left, screen.node, usize::from(inner.width));
    let mut lines = vec![columns.head(picture, screen)];
    let shown = screen.rows().enumerate().skip(screen.top).take(screen.height);
    lines.extend(shown.map(|(at, row)| columns.line(screen, at, row)));
    if lines.len() == 1 {
        let none =
            if screen.filter.is_empty() { "No resource." } else { "Nothing has these words." };
        lines.push(Line::styled(none, style(Tone::Faint)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
    screen.left = columns.left;
}

fn title(screen: &Screen) -> String {
    let Some(picture) = &screen.picture else { return " Resources ".to_owned() };
    let all = picture.grid.rows.len();
    let filter = match screen.filter.as_str() {
        "" => String::new(),
        words => format!(", {} with `{words}`", screen.rows().count()),
    };
    let below = screen.rows().count().saturating_sub(screen.top + screen.height.max(1));
    let more = if below > 0 { format!(", {below} below") } else { String::new() };
    format!(" Resources: {all}{filter}{more} ")
}

/// The first that is shown, so that the chosen one is in sight.
fn scrolled(first: usize, chosen: usize, height: usize) -> usize {
    if chosen < first { chosen } else { first.max((chosen + 1).saturating_sub(height.max(1))) }
}

/// Which nodes are shown, and how wide.
struct Columns {
    names: usize,
    width: usize,
    left: usize,
    count: usize,
}

impl Columns {
    fn fit(picture: &Picture, left: usize, chosen: usize, width: usize) -> Self {
        let name = |row: &Row| row.id.chars().count() + 2 * row.depth;
        let longest = picture.grid.rows.iter().map(name).max().unwrap_or(0).max(8);
        // A mark before each name, and a blank after it.
        let names = longest.min(width / 3) + 2;
        let heads = picture.grid.nodes.iter().map(|node| head_of(node).chars().count());
        let widest = heads.max().unwrap_or(0) + 1;
        let room = width.saturating_sub(names).max(COLUMN_MIN);
        let all = picture.grid.nodes.len().max(1);
        let column = (room / all).clamp(COLUMN_MIN, 24.max(COLUMN_MIN));
        let column = column.max(widest.min(16)).min(room);
        let count = (room / column).max(1);
        Self { names, width: column, left: scrolled(left, chosen, count), count }
    }

    fn head(&self, picture: &Picture, screen: &Screen) -> Line<'static> {
        let hidden = picture.grid.nodes.len().saturating_sub(self.left + self.count);
        let more = match (self.left, hidden) {
            (0, 0) => String::new(),
            (before, after) => format!("<{before} {after}>"),
        };
        let mut spans = vec![Span::styled(fit(&more, self.names), style(Tone::Faint))];
        let nodes = picture.grid.nodes.iter().enumerate().skip(self.left).take(self.count);
        for (at, node) in nodes {
            let mut style = style(tone_of(node)).add_modifier(Modifier::BOLD);
            if at == screen.node {
                style = style.add_modifier(Modifier::UNDERLINED);
            }
            spans.push(Span::styled(fit(&head_of(node), self.width), style));
        }
        Line::from(spans)
    }

    fn line(&self, screen: &Screen, at: usize, row: &Row) -> Line<'static> {
        let is_chosen = at == screen.row && !screen.on_timeline;
        let name = format!("{}{}", "  ".repeat(row.depth), row.id);
        let mut name_style = style(if row.missing { Tone::Bad } else { Tone::Plain });
        if is_chosen {
            name_style = name_style.add_modifier(Modifier::BOLD);
        }
        let mark_of_row = if is_chosen { ">" } else { " " };
        let mut spans =
            vec![Span::styled(fit(&format!("{mark_of_row}{name}"), self.names), name_style)];
        for (node, cell) in row.cells.iter().enumerate().skip(self.left).take(self.count) {
            let (tone, word) = mark(cell);
            let text = format!("{word}{}", score(cell.score));
            let mut style = style(tone);
            if is_chosen && node == screen.node {
                style = style.add_modifier(Modifier::REVERSED);
            }
            // The blank between columns is not part of what is chosen.
            spans.push(Span::styled(fit(&text, self.width - 1), style));
            spans.push(Span::raw(" "));
        }
        Line::from(spans)
    }
}

fn score(score: Option<i32>) -> String {
    match score {
        None | Some(0) => String::new(),
        Some(1_000_000) => " +INF".to_owned(),
        Some(-1_000_000) => " -INF".to_owned(),
        Some(score) => format!(" {score:+}"),
    }
}

fn head_of(node: &NodeLine) -> String {
    let state = match node.state {
        NodeState::Online if node.standby => " standby",
        NodeState::Online if node.maintenance => " maint.",
        NodeState::Online if node.leaving => " leaving",
        NodeState::Online => "",
        NodeState::Pending => " joining",
        NodeState::Offline => " offline",
        NodeState::Unclean => " UNCLEAN",
    };
    let coordinator = if node.coordinator { "*" } else { "" };
    format!("{}{coordinator}{state}", node.name)
}

fn tone_of(node: &NodeLine) -> Tone {
    match node.state {
        NodeState::Online if node.standby || node.maintenance || node.leaving => Tone::Caution,
        NodeState::Online => Tone::Plain,
        NodeState::Pending | NodeState::Offline => Tone::Caution,
        NodeState::Unclean => Tone::Bad,
    }
}

/// What happened, the newest last.
fn past(screen: &Screen, area: Rect) -> Vec<Line<'static>> {
    let room = usize::from(area.height.saturating_sub(1));
    let back = match screen.back {
        0 => String::new(),
        back => format!(", {back} later"),
    };
    let keys = if screen.on_timeline { " (arrows move it)" } else { "" };
    let title = format!("── What happened{back}{keys} ");
    let line = "─".repeat(usize::from(area.width).saturating_sub(title.chars().count()));
    let mut lines = vec![Line::raw(format!("{title}{line}"))];
    let Some(picture) = &screen.picture else { return lines };
    let end = picture.entries.len().saturating_sub(screen.back);
    let shown = picture.entries.iter().take(end).skip(end.saturating_sub(room));
    lines.extend(shown.map(|entry| {
        let (tone, text) = view::history::describe(&entry.event);
        let time = view::moment::clock(entry.at);
        // An entry is a line; `history` has all of it.
        let text = text.lines().next().unwrap_or_default().to_owned();
        Line::from(vec![
            Span::styled(format!("{time}  "), style(Tone::Faint)),
            Span::styled(text, style(tone)),
        ])
    }));
    lines
}

fn page_of(page: &Page) -> Paragraph<'static> {
    let lines: Vec<Line<'static>> =
        page.lines.iter().skip(page.top).cloned().map(Line::raw).collect();
    let block = Block::default().borders(Borders::ALL).title(format!(" {} ", page.title));
    Paragraph::new(lines).block(block).wrap(Wrap { trim: false })
}

/// The last line.
fn typed(screen: &Screen) -> Line<'static> {
    if let Some(said) = &screen.said {
        return Line::styled(said.clone(), style(Tone::Caution));
    }
    match &screen.mode {
        Mode::Filter => Line::raw(format!("/{}_", screen.filter)),
        Mode::Command(text) => Line::raw(format!(":{text}_")),
        Mode::Page(_) => Line::styled("arrows: move   Escape: back", style(Tone::Faint)),
        Mode::Browse => Line::styled(
            "Enter: why   /: filter   :: command   f: fencing   v: verdict   ?: help   q: end",
            style(Tone::Faint),
        ),
    }
}

/// `text` in exactly so many columns.
fn fit(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text}{}", " ".repeat(width - length));
    }
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    fit(&format!("{kept}~"), width)
}

/// By the convention of no-color.org, words say what colours say.
fn style(tone: Tone) -> Style {
    let wants_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colour = match tone {
        Tone::Plain => return Style::default(),
        Tone::Strong => return Style::default().add_modifier(Modifier::BOLD),
        Tone::Faint => return Style::default().add_modifier(Modifier::DIM),
        Tone::Good => Color::Green,
        Tone::Caution => Color::Yellow,
        Tone::Bad => Color::Red,
    };
    if wants_colour { Style::default().fg(colour) } else { Style::default() }
}
