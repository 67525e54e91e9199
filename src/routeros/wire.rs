//! The byte stream from the router: cut into sentences under caps, and guarded before the protocol core sees it.
//!
//! The core believes any announced length, parses an incomplete sentence again at every read, skips what it cannot
//! route and loses the text of unusual traps. Here every sentence is whole, bounded, and either understood or a
//! [`Violation`]: a row skipped in silence would be read as a row that is gone. A row with a garbled word stays a row, which
//! says that it cannot be read. Rows do not pass the core, which copies every field four times: [`Row`] reads them where
//! they are.

use std::borrow::Cow;

use mikrotik_rs::Tag;
use mikrotik_rs::proto::codec::{self, Decode};

/// How many characters of a router's message are kept.
const MESSAGE_CHARS_MAX: usize = 500;

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
            let decoded = length(&self.buf[self.scan..]).map_err(|()| Violation::LengthPrefix(first))?;
            let Some((length, prefix_bytes)) = decoded else {
                return if self.buffered() > self.sentence_bytes_max { Err(too_long) } else { Ok(None) };
            };
            let word = self.scan + prefix_bytes;
            if length == 0 {
                return Ok(Some(word));
            }
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

/// The length of the word that begins here, and of its prefix; `None` while the prefix is not whole.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, ()> {
    // Nearly every word is short, and its prefix one byte, which is the length.
    if let [short @ ..0x80, ..] = bytes {
        return Ok(Some((usize::from(*short), 1)));
    }
    Ok(match codec::decode_length(bytes).map_err(drop)? {
        Decode::Complete { value: (length, prefix_bytes), .. } => {
            Some((usize::try_from(length).unwrap_or(usize::MAX), prefix_bytes))
        }
        Decode::Incomplete { .. } => None,
    })
}

/// The words of a sentence, up to its terminator.
fn words(mut sentence: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, prefix_bytes) = length(sentence).ok().flatten()?;
        let end = prefix_bytes.checked_add(length)?;
        let word = sentence.get(prefix_bytes..end).filter(|word| !word.is_empty())?;
        sentence = &sentence[end..];
        Some(word)
    })
}

/// One row of a reply, where it lies among the bytes from the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a>(&'a [u8]);

/// Why a row makes no sense: the field and its value.
pub(super) type BadRow = String;

impl<'a> Row<'a> {
    /// A field's value; `None` where the row lacks it or it is empty.
    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>, BadRow> {
        let text = self.value(field).map(std::str::from_utf8).transpose();
        text.map_err(|_| format!("{field} is not UTF-8"))
    }

    /// Whether the row is nothing but attributes.
    pub(super) fn check(&self) -> Result<(), BadRow> {
        match words(self.0).skip(1).find(|word| is_odd(word)) {
            None => Ok(()),
            Some(word) => Err(format!("a word that is no attribute: {:.100}", String::from_utf8_lossy(word))),
        }
    }

    /// A field that people write: whatever is not UTF-8 is replaced.
    pub(super) fn lossy(&self, field: &str) -> Cow<'a, str> {
        String::from_utf8_lossy(self.value(field).unwrap_or_default())
    }

    /// A field that must be there, read by `parse`.
    pub(super) fn required<T>(&self, field: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, BadRow> {
        let text = self.text(field)?.ok_or_else(|| format!("row without {field}"))?;
        parse(text).ok_or_else(|| format!("{field}={text:.100}"))
    }

    /// A field that may lack, but must make sense where it is there.
    pub(super) fn optional<T>(
        &self,
        field: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BadRow> {
        self.text(field)?.map(|text| parse(text).ok_or_else(|| format!("{field}={text:.100}"))).transpose()
    }

    /// The bytes of a field; `None` where the row lacks it or it is empty. Of a field that comes twice the last counts.
    fn value(&self, field: &str) -> Option<&'a [u8]> {
        let value = |word: &'a [u8]| {
            // The place of the second sign rules most words out before any name is compared.
            let (name, rest) = word.strip_prefix(b"=")?.split_at_checked(field.len())?;
            let value = match rest {
                [] => rest,
                [b'=', value @ ..] => value,
                _ => return None,
            };
            (name == field.as_bytes()).then_some(value)
        };
        words(self.0).filter_map(value).last().filter(|value| !value.is_empty())
    }
}

/// Whether a word of a row is neither an attribute nor its tag.
fn is_odd(word: &[u8]) -> bool {
    let key = word.strip_prefix(b"=").map(|rest| rest.split(|b| *b == b'=').next().unwrap_or_default());
    !word.starts_with(b".tag=") && key.is_none_or(|key| key.is_empty() || std::str::from_utf8(key).is_err())
}

/// What a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentenceKind {
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

/// One sentence that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardedSentence<'a> {
    /// `!re`: a row of one command's reply.
    Row {
        /// Whose reply it is.
        tag: Tag,
        /// The row.
        row: Row<'a>,
    },
    /// Any other sentence of one command's reply.
    Reply {
        /// What it is.
        kind: SentenceKind,
        /// Whose reply it is.
        tag: Tag,
        /// The sentence, in a form that the core reads.
        bytes: Vec<u8>,
    },
    /// `!fatal`: the router ends the session, in its own words.
    Fatal(String),
}

/// Puts one whole sentence into a form that is read without loss: the tag second, a trap with a text, a known category and
/// UTF-8. Rows stay as they are.
pub fn guard(sentence: &[u8]) -> Result<GuardedSentence<'_>, Violation> {
    let Some(category) = words(sentence).next() else {
        return Err(Violation::Category(String::new()));
    };
    let rest = || words(sentence).skip(1).collect::<Vec<_>>();
    match category {
        b"!re" => {
            let tag = tag_of("!re", words(sentence).skip(1))?;
            Ok(GuardedSentence::Row { tag, row: Row(sentence) })
        }
        b"!done" => {
            let rest = rest();
            let has_value = rest.iter().any(|word| word.starts_with(b"=ret="));
            plain("!done", SentenceKind::Done { ret: has_value }, &rest)
        }
        b"!empty" => plain("!empty", SentenceKind::Empty, &rest()),
        b"!trap" => {
            let rest = rest();
            let tag = tag_of("!trap", rest.iter().copied())?;
            let message = format!("=message={}", trap_text(&rest));
            let bytes = encode(&[b"!trap", &tag_word(tag), message.as_bytes()]);
            Ok(GuardedSentence::Reply { kind: SentenceKind::Trap, tag, bytes })
        }
        b"!fatal" => Ok(GuardedSentence::Fatal(text_or(&rest(), "no reason given"))),
        other => Err(Violation::Category(lossy(other))),
    }
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
    let tag = tag_of(name, rest.iter().copied())?;
    let bytes = encode(&[name.as_bytes(), &tag_word(tag)]);
    Ok(GuardedSentence::Reply { kind, tag, bytes })
}

fn tag_of<'a>(name: &'static str, words: impl Iterator<Item = &'a [u8]>) -> Result<Tag, Violation> {
    let mut tags = words.filter_map(|word| word.strip_prefix(b".tag="));
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
    use mikrotik_rs::proto::response::CommandResponse;
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
            bytes: plain,
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

    #[test]
    fn a_row_says_which_word_makes_it_unreadable() {
        let rows: [(&[&[u8]], &str); 6] = [
            (&[b"!re", b".tag=1", b"=.id=*1", b"=comment=caf\xe9"], ""),
            (&[b"!re", b".tag=1", b"=.id=*1", b"surprise"], "surprise"),
            (&[b"!re", b"==x", b".tag=1"], "==x"),
            (&[b"!re", b".tag=1", b"=\xe9=x"], "=\u{fffd}=x"),
            (&[b"!re", b".tag=1", b"!done"], "!done"),
            (&[b"!re", b".tag=1", b".id=1"], ".id=1"),
        ];
        for (words, odd) in rows {
            let bytes = encode(words);
            let Ok(GuardedSentence::Row { row, .. }) = guard(&bytes) else { panic!("{words:?}") };
            let expected = format!("a word that is no attribute: {odd}");
            assert_eq!(row.check(), if odd.is_empty() { Ok(()) } else { Err(expected) }, "{words:?}");
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
        fn a_row_has_the_fields_that_the_core_reads(
            fields in prop::collection::vec(("[a-c]{1,2}", prop::collection::vec(any::<u8>(), 0..4), any::<bool>()), 0..6),
        ) {
            let word = |(key, value, has_value): &(String, Vec<u8>, bool)| {
                let mut word = [b"=", key.as_bytes()].concat();
                if *has_value {
                    word.push(b'=');
                    word.extend(value);
                }
                word
            };
            let mut words = vec![b"!re".to_vec(), b".tag=1".to_vec()];
            words.extend(fields.iter().map(word));
            let bytes = encode(&words.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let Ok(GuardedSentence::Row { row, tag }) = guard(&bytes) else { panic!("no row") };
            let Ok(Decode::Complete { value: raw, .. }) = codec::decode_sentence(&bytes) else { panic!("cut") };
            let Ok(CommandResponse::Reply(core)) = CommandResponse::parse(&raw) else { panic!("no reply") };
            prop_assert_eq!((tag, row.check()), (core.tag, Ok(())));
            for field in ["a", "b", "c", "aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"] {
                let text = core.attributes.get(field).cloned().flatten();
                let raw = core.attributes_raw.get(field).cloned().flatten();
                prop_assert_eq!(row.value(field), raw.as_deref());
                let is_text = raw.is_none() || text.is_some();
                prop_assert_eq!(row.text(field).ok(), is_text.then_some(text.as_deref()));
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
