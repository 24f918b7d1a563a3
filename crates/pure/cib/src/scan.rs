//! The bytes of XML: names, quoted values, markup, entities.
//!
//! **Always:** slices end on character boundaries, because every byte looked for is ASCII.

use std::borrow::Cow;

/// Why the text is not well formed, and where.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) at: usize,
    pub(crate) reason: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(at: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { at, reason: reason.into() }
    }
}

/// An attribute's value as it stands between its quotes.
pub(crate) enum Value<'s> {
    Plain {
        text: &'s str,
        at: usize,
    },
    /// Holds references or white space that reads as blanks.
    Escaped {
        text: &'s str,
        at: usize,
    },
}

pub(crate) struct Scanner<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
}

const NAME: u8 = 1;
const NAME_START: u8 = 2;
const SPACE: u8 = 4;

/// What each byte may be. Bytes of characters beyond ASCII are taken as parts of names.
static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "a constant table, checked when compiling")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphabetic() || b == b'_' || b == b':' || b >= 0x80 {
            table[byte] |= NAME | NAME_START;
        }
        if b.is_ascii_digit() || b == b'-' || b == b'.' {
            table[byte] |= NAME;
        }
        if matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
            table[byte] |= SPACE;
        }
        byte += 1;
    }
    table
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

impl<'s> Scanner<'s> {
    pub(crate) fn of(text: &'s str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn between(&self, from: usize, to: usize) -> &'s [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Where `part` lies, if it is a slice of the text.
    pub(crate) fn offset_of(&self, part: &str) -> Option<usize> {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let end = offset.checked_add(part.len())?;
        (end <= self.text.len()).then_some(offset)
    }

    /// Steps over `expected` if it comes next.
    #[inline]
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    /// A byte order mark and the XML declaration.
    pub(crate) fn prolog(&mut self) -> Result<(), Refusal> {
        self.take("\u{feff}");
        Ok(())
    }

    /// The text up to the next `<`, or to the end.
    pub(crate) fn until_markup(&mut self) -> &'s str {
        let rest = self.rest();
        let len = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        self.cut(len)
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) -> bool {
        let len = self.run(SPACE);
        self.at += len;
        len > 0
    }

    #[inline]
    pub(crate) fn name(&mut self) -> Option<&'s str> {
        let first = *self.bytes.get(self.at)?;
        if class(first) & NAME_START == 0 {
            return None;
        }
        let len = self.run(NAME);
        Some(self.cut(len))
    }

    /// Steps over `expected` if that is the attribute's name that comes next, with `=` right
    /// behind it.
    #[inline]
    pub(crate) fn take_name(&mut self, expected: &str) -> bool {
        let rest = self.rest();
        let comes =
            rest.starts_with(expected.as_bytes()) && rest.get(expected.len()) == Some(&b'=');
        if comes {
            self.at += expected.len();
        }
        comes
    }

    /// `= "value"` after the attribute called `name`.
    #[inline]
    pub(crate) fn attribute_value(&mut self, name: &str) -> Result<Value<'s>, Refusal> {
        if !self.take("=") {
            self.skip_space();
            if !self.take("=") {
                return Err(self.unexpected(&format!("= after the attribute {name}")));
            }
        }
        let quote = match self.bytes.get(self.at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => {
                self.skip_space();
                match self.bytes.get(self.at) {
                    Some(quote @ (b'"' | b'\'')) => *quote,
                    _ => return Err(self.unexpected(&format!("a quoted value for {name}"))),
                }
            }
        };
        self.at += 1;
        self.quoted(quote, name)
    }

    fn quoted(&mut self, quote: u8, name: &str) -> Result<Value<'s>, Refusal> {
        let at = self.at;
        let rest = self.rest();
        let mut escaped = false;
        let mut len = 0;
        loop {
            let tail = rest.get(len..).unwrap_or_default();
            let Some(plain) = memchr::memchr3(quote, b'&', b'<', tail) else {
                return Err(Refusal::new(at, format!("the value of {name} does not end")));
            };
            for (passed, byte) in tail.get(..plain).unwrap_or_default().iter().enumerate() {
                if *byte >= b' ' {
                    continue;
                }
                if !matches!(byte, b'\t' | b'\r' | b'\n') {
                    let reason = format!("a control character in the value of {name}");
                    return Err(Refusal::new(at + len + passed, reason));
                }
                escaped = true;
            }
            len += plain;
            match tail.get(plain).copied() {
                Some(b'&') => escaped = true,
                Some(b'<') => {
                    return Err(Refusal::new(at + len, format!("< in the value of {name}")));
                }
                Some(_) | None => break,
            }
            len += 1;
        }
        let text = self.cut(len);
        self.at += 1;
        Ok(if escaped { Value::Escaped { text, at } } else { Value::Plain { text, at } })
    }

    /// After `<!--`.
    pub(crate) fn comment(&mut self) -> Result<&'s str, Refusal> {
        let start = self.at;
        let text = self.until("--", "the comment does not end")?;
        if !self.take(">") {
            return Err(self.unexpected("> after -- in a comment"));
        }
        no_control(text, start)?;
        Ok(text)
    }

    /// After `<![CDATA[`.
    pub(crate) fn character_data(&mut self) -> Result<&'s str, Refusal> {
        let start = self.at;
        let text = self.until("]]>", "the CDATA section does not end")?;
        no_control(text, start)?;
        Ok(text)
    }

    /// After `<?`.
    pub(crate) fn instruction(&mut self) -> Result<(), Refusal> {
        self.until("?>", "the processing instruction does not end").map(|_| ())
    }

    /// After `<!DOCTYPE`: read over, with its internal subset.
    pub(crate) fn doctype(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        let mut brackets = 0_usize;
        let mut quote = None;
        for (passed, byte) in self.rest().iter().enumerate() {
            match (quote, *byte) {
                (Some(open), byte) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(*byte),
                (None, b'[') => brackets += 1,
                (None, b']') => brackets = brackets.saturating_sub(1),
                (None, b'>') if brackets == 0 => {
                    self.at += passed + 1;
                    return Ok(());
                }
                (None, _) => {}
            }
        }
        Err(Refusal::new(start, "the document type does not end"))
    }

    pub(crate) fn unexpected(&self, wanted: &str) -> Refusal {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        let found = found.map_or("the end of the text".to_owned(), |c| format!("{c:?}"));
        Refusal::new(self.at, format!("{found} where {wanted} must stand"))
    }

    fn until(&mut self, end: &str, or_else: &'static str) -> Result<&'s str, Refusal> {
        let start = self.at;
        let found = memchr::memmem::find(self.rest(), end.as_bytes());
        let len = found.ok_or(Refusal::new(start, or_else))?;
        let text = self.cut(len);
        self.at += end.len();
        Ok(text)
    }

    fn rest(&self) -> &'s [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn run(&self, wanted: u8) -> usize {
        let rest = self.rest();
        rest.iter().position(|byte| class(*byte) & wanted == 0).unwrap_or(rest.len())
    }

    fn cut(&mut self, len: usize) -> &'s str {
        let text = self.text.get(self.at..self.at + len).unwrap_or_default();
        self.at += len;
        text
    }
}

/// An attribute's value with references replaced and white space read as blanks (XML 1.0, 3.3.3).
pub(crate) fn unescape_attribute(raw: &str, at: usize) -> Result<String, Refusal> {
    unescape(raw, at, &['&', '\t', '\r', '\n'], ' ')
}

/// Text with references replaced and line ends as `\n`; `None` if it stays as it is.
pub(crate) fn unescape_text(raw: &str, at: usize) -> Result<Option<String>, Refusal> {
    no_control(raw, at)?;
    let special = ['&', '\r'];
    if !raw.contains(special) {
        return Ok(None);
    }
    unescape(raw, at, &special, '\n').map(Some)
}

/// Replaces references, and the other `special` characters (a line end of two counts as one) by
/// `blank`.
fn unescape(raw: &str, at: usize, special: &[char], blank: char) -> Result<String, Refusal> {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(found) = rest.find(special) {
        let (before, from) = rest.split_at(found);
        plain.push_str(before);
        rest = if from.starts_with('&') {
            let here = at + raw.len() - from.len();
            let (c, rest) = reference(from, here)?;
            plain.push(c);
            rest
        } else {
            plain.push(blank);
            let skip = if from.starts_with("\r\n") { 2 } else { 1 };
            from.get(skip..).unwrap_or_default()
        };
    }
    plain.push_str(rest);
    Ok(plain)
}

/// The character that `&...;` stands for, and what follows it.
fn reference(from: &str, at: usize) -> Result<(char, &str), Refusal> {
    let inside = from.strip_prefix('&').and_then(|rest| rest.split_once(';'));
    let Some((name, rest)) = inside.filter(|(name, _)| name.len() <= 16) else {
        return Err(Refusal::new(at, "& without ; (write &amp; for the character itself)"));
    };
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => numbered(name)
            .ok_or_else(|| Refusal::new(at, format!("the entity &{name}; is not known")))?,
    };
    Ok((c, rest))
}

fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).ok()?
        }
        None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) | None => return None,
    };
    char::from_u32(code).filter(|c| is_xml(*c))
}

/// Whether XML 1.0 may hold the character at all (2.2).
pub(crate) fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn no_control(text: &str, at: usize) -> Result<(), Refusal> {
    match text.find(|c| !is_xml(c)) {
        Some(found) => Err(Refusal::new(at + found, "a control character")),
        None => Ok(()),
    }
}
