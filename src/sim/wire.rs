//! Sentences of words on the wire. Written apart from any client, so that the two check each other.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest word taken from a client.
const WORD_BYTES_MAX: u32 = 64 * 1024;
/// The most words of one sentence taken from a client.
const WORDS_MAX: usize = 1024;

/// Appends the length prefix of a word: 1 to 5 bytes.
pub(super) fn put_length(out: &mut Vec<u8>, length: u32) {
    let [a, b, c, d] = length.to_be_bytes();
    match length {
        0..=0x7F => out.push(d),
        0x80..=0x3FFF => out.extend([c | 0x80, d]),
        0x4000..=0x1F_FFFF => out.extend([b | 0xC0, c, d]),
        0x20_0000..=0x0FFF_FFFF => out.extend([a | 0xE0, b, c, d]),
        _ => out.extend([0xF0, a, b, c, d]),
    }
}

/// Appends one word.
pub(super) fn put_word(out: &mut Vec<u8>, word: &str) {
    put_length(out, u32::try_from(word.len()).expect("a word of this program is far below 4 GiB"));
    out.extend_from_slice(word.as_bytes());
}

/// Appends the word `=name=value` without building it first.
pub(super) fn put_attribute(out: &mut Vec<u8>, name: &str, value: &str) {
    let length = name.len() + value.len() + 2;
    put_length(out, u32::try_from(length).expect("a word of this program is far below 4 GiB"));
    out.push(b'=');
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    out.extend_from_slice(value.as_bytes());
}

/// Appends a whole sentence.
pub(super) fn put_sentence<'a>(out: &mut Vec<u8>, words: impl IntoIterator<Item = &'a str>) {
    for word in words {
        put_word(out, word);
    }
    out.push(0);
}

/// Reads one sentence. `None` when the peer closed between sentences; bytes that are not UTF-8 are replaced.
pub(super) async fn read_sentence(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<String>>> {
    let mut words = Vec::new();
    loop {
        let length = match read_length(from).await {
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof && words.is_empty() => return Ok(None),
            Err(e) => return Err(e),
        };
        if length == 0 {
            return Ok(Some(words));
        }
        if length > WORD_BYTES_MAX || words.len() == WORDS_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "sentence too long"));
        }
        let mut word = vec![0; usize::try_from(length).expect("bounded above")];
        from.read_exact(&mut word).await?;
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
}

async fn read_length(from: &mut (impl AsyncRead + Unpin)) -> io::Result<u32> {
    let first = from.read_u8().await?;
    let (more, high) = match first {
        0..=0x7F => (0, first),
        0x80..=0xBF => (1, first & 0x3F),
        0xC0..=0xDF => (2, first & 0x1F),
        0xE0..=0xEF => (3, first & 0x0F),
        0xF0 => (4, 0),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "control byte")),
    };
    let mut length = u32::from(high);
    for _ in 0..more {
        length = length << 8 | u32::from(from.read_u8().await?);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lengths_survive_the_round_trip_at_every_edge() {
        let edges: [(u32, usize); 10] = [
            (0, 1),
            (0x7F, 1),
            (0x80, 2),
            (0x3FFF, 2),
            (0x4000, 3),
            (0x1F_FFFF, 3),
            (0x20_0000, 4),
            (0x0FFF_FFFF, 4),
            (0x1000_0000, 5),
            (u32::MAX, 5),
        ];
        for (length, bytes) in edges {
            let mut out = Vec::new();
            put_length(&mut out, length);
            assert_eq!(out.len(), bytes, "{length:#x}");
            assert_eq!(read_length(&mut out.as_slice()).await.unwrap(), length);
        }
    }

    #[tokio::test]
    async fn the_prefixes_are_those_of_the_manual() {
        let mut out = Vec::new();
        put_length(&mut out, 0x87);
        put_length(&mut out, 0x4321);
        put_length(&mut out, 0x0020_0003);
        assert_eq!(out, [0x80, 0x87, 0xC0, 0x43, 0x21, 0xE0, 0x20, 0x00, 0x03]);
    }

    #[tokio::test]
    async fn sentences_are_read_one_by_one_and_an_end_between_them_is_no_error() {
        let mut bytes = Vec::new();
        put_sentence(&mut bytes, ["/login", "=name=agent"]);
        put_attribute(&mut bytes, "comment", "pintu é");
        bytes.push(0);
        let mut from = bytes.as_slice();
        assert_eq!(read_sentence(&mut from).await.unwrap().unwrap(), ["/login", "=name=agent"]);
        assert_eq!(read_sentence(&mut from).await.unwrap().unwrap(), ["=comment=pintu é"]);
        assert_eq!(read_sentence(&mut from).await.unwrap(), None);
        let mut cut = &bytes[..5];
        assert!(read_sentence(&mut cut).await.is_err());
    }

    #[tokio::test]
    async fn an_oversized_word_is_refused_unread() {
        let mut bytes = vec![0xF0, 0xFF, 0xFF, 0xFF, 0xFF];
        bytes.extend([b'x'; 16]);
        assert!(read_sentence(&mut bytes.as_slice()).await.is_err());
    }
}
