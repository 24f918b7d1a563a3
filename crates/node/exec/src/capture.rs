//! A bounded place for an agent's output.

use std::collections::VecDeque;

/// Keeps the first and the last part of what is written to it.
#[derive(Debug)]
pub(crate) struct Capture {
    head: Vec<u8>,
    head_max: usize,
    tail: VecDeque<u8>,
    tail_max: usize,
    left_out: u64,
}

impl Capture {
    pub(crate) fn new(head_max: usize, tail_max: usize) -> Self {
        Self { head: Vec::new(), head_max, tail: VecDeque::new(), tail_max, left_out: 0 }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let room = self.head_max.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        // Of a piece longer than the tail only its end can stay.
        let skipped = rest.len().saturating_sub(self.tail_max);
        let rest = rest.get(skipped..).unwrap_or_default();
        let over = (self.tail.len() + rest.len()).saturating_sub(self.tail_max);
        self.tail.drain(..over);
        self.tail.extend(rest);
        self.left_out += (skipped + over) as u64;
    }

    /// The text; bytes that are no UTF-8 are replaced.
    pub(crate) fn into_text(self) -> String {
        let Self { head, tail, left_out, .. } = self;
        let (front, back) = tail.as_slices();
        if left_out == 0 {
            return String::from_utf8_lossy(&[&head, front, back].concat()).into_owned();
        }
        format!(
            "{}\n[... {left_out} bytes left out ...]\n{}",
            String::from_utf8_lossy(&head),
            String::from_utf8_lossy(&[front, back].concat()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Capture;

    #[test]
    fn short_output_is_whole() {
        let mut capture = Capture::new(4, 4);
        capture.write(b"abc");
        capture.write(b"defgh");
        assert_eq!(capture.into_text(), "abcdefgh");
    }

    #[test]
    fn the_middle_of_a_flood_is_left_out() {
        for piece in [1, 3, 7, 1000] {
            let mut capture = Capture::new(4, 4);
            let text: Vec<u8> = (0..1000_u32).map(|i| b'a' + (i % 26) as u8).collect();
            for part in text.chunks(piece) {
                capture.write(part);
            }
            assert!(capture.tail.capacity() < 4096);
            let end = String::from_utf8_lossy(&text[996..]).into_owned();
            assert_eq!(capture.into_text(), format!("abcd\n[... 992 bytes left out ...]\n{end}"));
        }
    }
}
