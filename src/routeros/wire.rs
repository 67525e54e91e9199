//! The byte stream from the router: cut into sentences under caps, and guarded before the protocol core sees it.
//!
//! The core believes any announced length, parses an incomplete sentence again at every read, skips what it cannot
//! route and loses the text of unusual traps. Here every sentence is whole, bounded, and either understood or a
//! [`Violation`]: a row skipped in silence would be read as a row that is gone. A row with a garbled word stays a row, marked
//! as one that cannot be read.

use std::borrow::Cow;

use mikrotik_rs::Tag;
use mikrotik_rs::proto::codec::{self, Decode};

/// How many characters of a router's message are kept.
const MESSAGE_CHARS_MAX: usize = 500;

/// The attribute under which a word of a row is kept that is no attribute. No menu has a column of that name.
pub(super) const ODD_WORD: &str = "!odd";

/// Caps on what one router may send. Past one of them the connection is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one sentence, prefixes included, and so of one word too.
    pub sentence_bytes: usize,
    /// Bytes of the whole reply to one command.
    pub reply_bytes: u64,
    /// Rows of the reply to one command.
    pub reply_rows: u64,
}

/// 64 KiB a sentence, 64 MiB and 200 000 rows a reply: ten times the largest table met.
impl Default for Limits {
    fn default() -> Self {
        Self { sentence_bytes: 64 * 1024, reply_bytes: 64 * 1024 * 1024, reply_rows: 200_000 }
    }
}

/// Why what came is not the protocol. The connection cannot be used any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A length prefix that no router writes.
    #[error("byte 0x{0:02x} begins no word")]
    LengthPrefix(u8),
    /// More than the cap, counting what is only announced.
    #[error("sentence of more than {max_bytes} bytes")]
    SentenceTooLong {
        /// The cap.
        max_bytes: usize,
    },
    /// A sentence without words or with an unknown first word.
    #[error("sentence begins with {0:?}")]
    Category(String),
    /// No tag, two tags, or one that is no number.
    #[error("{0} sentence without a usable tag")]
    Tag(&'static str),
    /// A word that has no place in such a sentence.
    #[error("word {0:?} is out of place")]
    Word(String),
}

/// Cuts a byte stream into sentences. Every byte is looked at once, however the stream is split.
#[derive(Debug)]
pub struct Framer {
    buf: Vec<u8>,
    /// Where the unread sentence begins.
    start: usize,
    /// Where its next length prefix begins.
    scan: usize,
    sentence_bytes_max: usize,
    broken: Option<Violation>,
}

impl Framer {
    /// A framer at the start of a stream, with a cap on one sentence in bytes.
    pub fn new(sentence_bytes_max: usize) -> Self {
        Self { buf: Vec::new(), start: 0, scan: 0, sentence_bytes_max, broken: None }
    }

    /// Takes what was read. Call [`Self::next_sentence`] until it has none before taking more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        if self.start > 0 {
            self.buf.drain(..self.start);
            self.scan -= self.start;
            self.start = 0;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// The next whole sentence, terminator included.
    pub fn next_sentence(&mut self) -> Result<Option<&[u8]>, Violation> {
        match self.find_end() {
            Ok(None) => Ok(None),
            Ok(Some(end)) => {
                let start = std::mem::replace(&mut self.start, end);
                self.scan = end;
                Ok(Some(&self.buf[start..end]))
            }
            Err(violation) => {
                self.buf = Vec::new();
                (self.start, self.scan) = (0, 0);
                self.broken = Some(violation.clone());
                Err(violation)
            }
        }
    }

    /// Bytes held for a sentence that is not whole.
    pub fn buffered(&self) -> usize {
        self.buf.len() - self.start
    }

    fn find_end(&mut self) -> Result<Option<usize>, Violation> {
        if let Some(violation) = &self.broken {
            return Err(violation.clone());
        }
        let too_long = Violation::SentenceTooLong { max_bytes: self.sentence_bytes_max };
        loop {
            let first = self.buf.get(self.scan).copied().unwrap_or_default();
            let decoded = codec::decode_length(&self.buf[self.scan..]);
            let Decode::Complete { value: (length, prefix_bytes), .. } =
                decoded.map_err(|_| Violation::LengthPrefix(first))?
            else {
                return if self.buffered() > self.sentence_bytes_max { Err(too_long) } else { Ok(None) };
            };
            let word = self.scan + prefix_bytes;
            if length == 0 {
                return Ok(Some(word));
            }
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > self.sentence_bytes_max.saturating_sub(word - self.start) {
                return Err(too_long);
            }
            if word + length > self.buf.len() {
                return Ok(None);
            }
            self.scan = word + length;
        }
    }
}

/// What a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentenceKind {
    /// `!re`
    Row,
    /// `!done`; `ret` is whether it carried a value, which the core drops.
    Done {
        /// Whether a `=ret=` came along.
        ret: bool,
    },
    /// `!empty`
    Empty,
    /// `!trap`
    Trap,
}

/// One sentence that the core will understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardedSentence<'a> {
    /// A sentence of one command's reply.
    Reply {
        /// What it is.
        kind: SentenceKind,
        /// Whose reply it is.
        tag: Tag,
        /// The sentence, in a form that the core reads.
        bytes: Cow<'a, [u8]>,
    },
    /// `!fatal`: the router ends the session, in its own words.
    Fatal(String),
}

/// Puts one whole sentence into a form that the core reads without loss: the tag second, a trap with a text, a known
/// category and UTF-8. Rows pass as they are, but for words that are no attributes.
pub fn guard(sentence: &[u8]) -> Result<GuardedSentence<'_>, Violation> {
    let Ok(Decode::Complete { value: raw, .. }) = codec::decode_sentence(sentence) else {
        return Err(Violation::Word(lossy(sentence)));
    };
    let words: Vec<&[u8]> = raw.words().collect();
    let Some((&category, rest)) = words.split_first() else {
        return Err(Violation::Category(String::new()));
    };
    match category {
        b"!re" => {
            let tag = tag_of("!re", rest)?;
            Ok(GuardedSentence::Reply { kind: SentenceKind::Row, tag, bytes: row(sentence, &words) })
        }
        b"!done" => {
            let has_value = rest.iter().any(|word| word.starts_with(b"=ret="));
            plain("!done", SentenceKind::Done { ret: has_value }, rest)
        }
        b"!empty" => plain("!empty", SentenceKind::Empty, rest),
        b"!trap" => {
            let tag = tag_of("!trap", rest)?;
            let message = format!("=message={}", trap_text(rest));
            let bytes = encode(&[b"!trap", &tag_word(tag), message.as_bytes()]);
            Ok(GuardedSentence::Reply { kind: SentenceKind::Trap, tag, bytes: Cow::Owned(bytes) })
        }
        b"!fatal" => Ok(GuardedSentence::Fatal(text_or(rest, "no reason given"))),
        other => Err(Violation::Category(lossy(other))),
    }
}

/// A row as the core reads it. A word that it would end the session for becomes the attribute [`ODD_WORD`], so that
/// only this row is unreadable.
fn row<'a>(sentence: &'a [u8], words: &[&'a [u8]]) -> Cow<'a, [u8]> {
    let is_odd = |word: &[u8]| {
        let key = word.strip_prefix(b"=").map(|rest| rest.split(|b| *b == b'=').next().unwrap_or_default());
        !word.starts_with(b".tag=")
            && key.is_none_or(|key| key.is_empty() || std::str::from_utf8(key).is_err())
    };
    if !words[1..].iter().any(|word| is_odd(word)) {
        return Cow::Borrowed(sentence);
    }
    let odd = |word: &&[u8]| [b"=", ODD_WORD.as_bytes(), b"=", *word].concat();
    let plain = |word: &&[u8]| if is_odd(word) { odd(word) } else { word.to_vec() };
    let words: Vec<Vec<u8>> =
        std::iter::once(words[0].to_vec()).chain(words[1..].iter().map(plain)).collect();
    Cow::Owned(encode(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// A sentence that says nothing but whose reply it belongs to.
fn plain(
    name: &'static str,
    kind: SentenceKind,
    rest: &[&[u8]],
) -> Result<GuardedSentence<'static>, Violation> {
    if let Some(word) = rest.iter().find(|word| !word.starts_with(b"=") && !word.starts_with(b".tag=")) {
        return Err(Violation::Word(lossy(word)));
    }
    let tag = tag_of(name, rest)?;
    let bytes = Cow::Owned(encode(&[name.as_bytes(), &tag_word(tag)]));
    Ok(GuardedSentence::Reply { kind, tag, bytes })
}

fn tag_of(name: &'static str, words: &[&[u8]]) -> Result<Tag, Violation> {
    let mut tags = words.iter().filter_map(|word| word.strip_prefix(b".tag="));
    match (tags.next(), tags.next()) {
        (Some(tag), None) => Tag::try_from(tag).map_err(|_| Violation::Tag(name)),
        _ => Err(Violation::Tag(name)),
    }
}

fn tag_word(tag: Tag) -> Vec<u8> {
    format!(".tag={tag}").into_bytes()
}

/// The router's words; where it gave no message, whatever else it said.
fn trap_text(rest: &[&[u8]]) -> String {
    let message = rest.iter().find_map(|word| word.strip_prefix(b"=message=")).map(lossy);
    message.filter(|text| !text.is_empty()).unwrap_or_else(|| text_or(rest, "no message given"))
}

/// Every word but the tag, joined, without the `=` of attributes; or `nothing` where there is none.
fn text_or(rest: &[&[u8]], nothing: &str) -> String {
    let said: Vec<String> = rest
        .iter()
        .filter(|word| !word.starts_with(b".tag=") && **word != b"=message=")
        .map(|word| lossy(word.strip_prefix(b"=message=").or(word.strip_prefix(b"=")).unwrap_or(word)))
        .filter(|text| !text.is_empty())
        .collect();
    if said.is_empty() { nothing.to_owned() } else { said.join(" ") }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().chars().take(MESSAGE_CHARS_MAX).collect()
}

fn encode(words: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in words {
        codec::encode_word(word, &mut out);
    }
    codec::encode_terminator(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAP: usize = 512;

    fn message(sentence: &[u8]) -> String {
        let Ok(GuardedSentence::Reply { kind: SentenceKind::Trap, bytes, .. }) = guard(sentence) else {
            panic!("not a trap");
        };
        let Ok(Decode::Complete { value, .. }) = codec::decode_sentence(&bytes) else { panic!("cut") };
        let words: Vec<&[u8]> = value.words().collect();
        assert_eq!(words.len(), 3);
        String::from_utf8(words[2].strip_prefix(b"=message=").unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_word_of_four_gigabytes_is_refused_from_its_prefix() {
        let mut framer = Framer::new(Limits::default().sentence_bytes);
        framer.push(&[0xF0, 0xFF, 0xFF, 0xFF]);
        assert_eq!(framer.next_sentence(), Ok(None));
        framer.push(&[0xFF]);
        assert_eq!(framer.next_sentence(), Err(Violation::SentenceTooLong { max_bytes: 65_536 }));
        assert_eq!(framer.buf.capacity(), 0);
    }

    #[test]
    fn a_broken_stream_stays_broken_and_holds_nothing() {
        let mut framer = Framer::new(CAP);
        framer.push(&[0xFF, 1, 2]);
        assert_eq!(framer.next_sentence(), Err(Violation::LengthPrefix(0xFF)));
        framer.push(&encode(&[b"!done", b".tag=1"]));
        assert_eq!(framer.next_sentence(), Err(Violation::LengthPrefix(0xFF)));
        assert_eq!(framer.buffered(), 0);
    }

    #[test]
    fn a_sentence_of_many_small_words_is_capped_too() {
        let mut framer = Framer::new(CAP);
        let mut outcome = Ok(());
        for _ in 0..CAP {
            framer.push(&[1, b'x']);
            match framer.next_sentence() {
                Ok(None) => {}
                Ok(Some(_)) => panic!("no terminator was sent"),
                Err(violation) => outcome = Err(violation),
            }
            assert!(framer.buffered() <= CAP);
        }
        assert_eq!(outcome, Err(Violation::SentenceTooLong { max_bytes: CAP }));
    }

    #[test]
    fn a_done_is_found_by_its_tag_wherever_that_stands() {
        let bytes = encode(&[b"!done", b"=ret=*1A", b".tag=7"]);
        let plain = encode(&[b"!done", b".tag=0000000007"]);
        let expected = GuardedSentence::Reply {
            kind: SentenceKind::Done { ret: true },
            tag: Tag::from_raw(7),
            bytes: Cow::Owned(plain),
        };
        assert_eq!(guard(&bytes), Ok(expected));
    }

    #[test]
    fn a_trap_keeps_what_the_router_said() {
        let rows: [(&[&[u8]], &str); 6] = [
            (&[b"!trap", b"=category=1", b"=message=no such item", b".tag=1"], "no such item"),
            (&[b"!trap", b".tag=1", b"=category=99", b"=message=odd"], "odd"),
            (&[b"!trap", b".tag=1", b"=category=99"], "category=99"),
            (&[b"!trap", b".tag=1"], "no message given"),
            (&[b"!trap", b".tag=1", b"=message="], "no message given"),
            (&[b"!trap", b"=message=caf\xe9 full", b".tag=1"], "caf\u{fffd} full"),
        ];
        for (words, text) in rows {
            assert_eq!(message(&encode(words)), text);
        }
    }

    #[test]
    fn a_fatal_needs_no_tag() {
        let rows: [(&[&[u8]], &str); 3] = [
            (&[b"!fatal", b"session terminated on request"], "session terminated on request"),
            (&[b"!fatal", b"=message=not logged in"], "not logged in"),
            (&[b"!fatal"], "no reason given"),
        ];
        for (words, text) in rows {
            assert_eq!(guard(&encode(words)), Ok(GuardedSentence::Fatal(text.to_owned())));
        }
    }

    #[test]
    fn what_cannot_be_routed_is_a_violation() {
        let rows: [&[&[u8]]; 9] = [
            &[],
            &[b"!re", b"=.id=*1"],
            &[b"!re", b".tag=x"],
            &[b"!re", b".tag=1", b".tag=2"],
            &[b"!done"],
            &[b"!done", b".tag=1", b"surprise"],
            &[b"!empty"],
            &[b"!new", b".tag=1"],
            &[b"=message=x", b".tag=1"],
        ];
        for words in rows {
            assert!(guard(&encode(words)).is_err(), "{words:?}");
        }
    }

    fn sentences(framer: &mut Framer, chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, Violation> {
        let mut out = Vec::new();
        for chunk in chunks {
            framer.push(chunk);
            while let Some(sentence) = framer.next_sentence()? {
                out.push(sentence.to_vec());
            }
        }
        Ok(out)
    }

    proptest! {
        #[test]
        fn any_bytes_are_bounded_and_never_panic(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..20),
        ) {
            let mut framer = Framer::new(CAP);
            for chunk in &chunks {
                framer.push(chunk);
                while let Ok(Some(sentence)) = framer.next_sentence() {
                    let _ = guard(sentence);
                }
                prop_assert!(framer.buffered() <= CAP);
            }
        }

        #[test]
        fn any_split_of_a_stream_gives_the_same_sentences(
            words in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..4), 1..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let encoded: Vec<Vec<u8>> = words
                .iter()
                .map(|sentence| encode(&sentence.iter().map(Vec::as_slice).collect::<Vec<_>>()))
                .collect();
            let stream = encoded.concat();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            at.extend([0, stream.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(sentences(&mut Framer::new(1024), &chunks), Ok(encoded));
        }
    }
}
