//! The one word that lets a machine in.
//!
//! It holds where to knock, by which key the door is known, and a secret that the door accepts once.
//! Letters and digits only, with a checksum: a token that was not copied whole is noticed before
//! anything is asked.

use crate::noise::KEY_BYTES;

/// So that a token is known when it is seen.
const PREFIX: &str = "quorate-";
/// Without letters that look alike.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
pub(crate) const SECRET_BYTES: usize = 16;
pub(crate) const ID_BYTES: usize = 8;

/// What a token says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: [u8; ID_BYTES],
    pub(crate) secret: [u8; SECRET_BYTES],
    pub(crate) door: [u8; KEY_BYTES],
    pub(crate) port: u16,
    /// The inviting node's address on each link.
    pub(crate) addresses: Vec<String>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Token {
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::new();
        bytes.extend(self.id);
        bytes.extend(self.secret);
        bytes.extend(self.door);
        bytes.extend(self.port.to_be_bytes());
        for address in &self.addresses {
            bytes.push(u8::try_from(address.len()).unwrap_or(u8::MAX));
            bytes.extend(address.bytes().take(usize::from(u8::MAX)));
        }
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        format!("{PREFIX}{}", letters(&bytes))
    }

    /// Reads a token; blanks and line breaks that copying added do not count.
    pub(crate) fn decode(text: &str) -> Result<Self, &'static str> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix(PREFIX).ok_or("a token begins with `quorate-`")?;
        let bytes = numbers(rest).ok_or("a token has letters and digits only")?;
        const DAMAGED: &str = "the token is not whole: copy all of it";
        let (bytes, sum) = bytes.split_last_chunk::<4>().ok_or(DAMAGED)?;
        if crc32fast::hash(bytes).to_be_bytes() != *sum {
            return Err(DAMAGED);
        }
        let (id, rest) = bytes.split_first_chunk().ok_or(DAMAGED)?;
        let (secret, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
        let (door, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
        let (port, mut rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
        let mut addresses = Vec::new();
        while let Some((length, behind)) = rest.split_first() {
            let (address, left) = behind.split_at_checked(usize::from(*length)).ok_or(DAMAGED)?;
            addresses.push(String::from_utf8(address.to_vec()).map_err(|_| DAMAGED)?);
            rest = left;
        }
        let port = u16::from_be_bytes(*port);
        Ok(Self { id: *id, secret: *secret, door: *door, port, addresses })
    }
}

/// Five bits a letter.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut kept, mut bits) = (0_u32, 0);
    let letter =
        |five: u32| ALPHABET.get((five & 31) as usize).map_or('a', |letter| char::from(*letter));
    for byte in bytes {
        kept = (kept << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(kept >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(kept << (5 - bits)));
    }
    text
}

fn numbers(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut kept, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let five = ALPHABET.iter().position(|known| *known == letter)?;
        kept = (kept << 5 | u32::try_from(five).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(kept >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token {
            id: [7; ID_BYTES],
            secret: [255; SECRET_BYTES],
            door: [0; KEY_BYTES],
            port: 2226,
            addresses: vec!["10.0.0.1".to_owned(), "fd00::1".to_owned()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = token().encode();
        assert_eq!(Token::decode(&text), Ok(token()));
        let (a, b) = text.split_at(40);
        assert_eq!(Token::decode(&format!(" {a}\n  {}\n", b.to_uppercase())), Ok(token()));
    }

    #[test]
    fn every_damage_is_noticed() {
        let text = token().encode();
        for at in PREFIX.len()..text.len() - 1 {
            let mut other: Vec<char> = text.chars().collect();
            other[at] = if other[at] == 'b' { 'c' } else { 'b' };
            let other: String = other.into_iter().collect();
            assert!(Token::decode(&other).is_err(), "{other}");
            assert!(Token::decode(&text[..at]).is_err());
        }
        assert!(Token::decode("hello").is_err());
        assert!(Token::decode("quorate-1!").is_err());
    }

    #[test]
    fn anything_is_a_token_or_refused() {
        let mut dice = 7_u32;
        for length in 0..400 {
            let mut bytes: Vec<u8> = Vec::new();
            for _ in 0..length {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes.push((dice >> 24) as u8);
            }
            // With a right checksum, so that what is behind it is read.
            bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
            let text = format!("{PREFIX}{}", letters(&bytes));
            if let Ok(token) = Token::decode(&text) {
                assert_eq!(token.encode(), text);
            }
        }
    }
}
