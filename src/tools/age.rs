//! Files encrypted for a public key, in the format of age, version 1 (<https://age-encryption.org/v1>), with recipients of
//! the kind X25519. Such a file can be opened by any implementation of age.
//!
//! A header holds the key of the file, encrypted for the recipient, and a MAC. The payload is a sequence of chunks,
//! each with a tag of its own; the last one is marked, so that a file that was cut is found.

use std::fmt;
use std::io::{self, Read, Write};

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use data_encoding::BASE64_NOPAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use x25519_dalek::{PublicKey, StaticSecret};

/// The first line of every file.
const VERSION_LINE: &str = "age-encryption.org/v1";
/// How recipients are written.
const RECIPIENT_HRP: Hrp = Hrp::parse_unchecked("age");
/// How secret keys are written.
const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("age-secret-key-");
/// Bytes of a chunk before its tag.
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of a tag.
const TAG_BYTES: usize = 16;
/// Bytes of a file's key.
const FILE_KEY_BYTES: usize = 16;
/// Bytes of the nonce before the payload.
const PAYLOAD_NONCE_BYTES: usize = 16;
/// Bytes of a point of the curve, and of a secret.
const POINT_BYTES: usize = 32;
/// A longer header is not one of ours.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Characters of a full line of a stanza's body.
const BODY_COLUMNS: usize = 64;

/// Whether a file that begins like this is encrypted.
pub fn is_encrypted(head: &[u8]) -> bool {
    head.starts_with(VERSION_LINE.as_bytes())
}

/// A public key for which files are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(PublicKey);

impl Recipient {
    /// Reads `age1…`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; POINT_BYTES] = decoded(text.trim(), RECIPIENT_HRP)?;
        Some(Self(PublicKey::from(bytes)))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = bech32::encode::<Bech32>(RECIPIENT_HRP, self.0.as_bytes());
        f.write_str(&text.map_err(|_| fmt::Error)?)
    }
}

/// A secret key. Its `Debug` output is empty.
#[derive(Clone)]
pub struct Identity(StaticSecret);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// A new random key.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; POINT_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(StaticSecret::from(bytes)))
    }

    /// Reads `AGE-SECRET-KEY-1…` in either case, with spaces and line ends anywhere, as a printed key is typed; lines
    /// that begin with `#` are skipped. `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let joined: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
        let bytes: [u8; POINT_BYTES] = decoded(&joined.to_ascii_lowercase(), IDENTITY_HRP)?;
        Some(Self(StaticSecret::from(bytes)))
    }

    /// The key as text, the only form in which it leaves this type.
    pub fn secret_text(&self) -> String {
        let text = bech32::encode_upper::<Bech32>(IDENTITY_HRP, self.0.as_bytes());
        text.expect("a key of 32 bytes is short enough for bech32")
    }

    /// The public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }
}

fn decoded(text: &str, hrp: Hrp) -> Option<[u8; POINT_BYTES]> {
    let checked = CheckedHrpstring::new::<Bech32>(text).ok().filter(|checked| checked.hrp() == hrp)?;
    checked.byte_iter().collect::<Vec<u8>>().try_into().ok()
}

/// Encrypts what is written to it. Without [`Encryptor::finish`] the file lacks its end and cannot be opened.
pub struct Encryptor<W> {
    out: W,
    stream: Stream,
    chunk: Vec<u8>,
}

impl<W: Write> Encryptor<W> {
    /// Writes the header.
    pub fn new(mut out: W, recipient: &Recipient) -> io::Result<Self> {
        let mut random = [0; FILE_KEY_BYTES + POINT_BYTES + PAYLOAD_NONCE_BYTES];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let (file_key, rest) = random.split_at(FILE_KEY_BYTES);
        let (ephemeral, nonce) = rest.split_at(POINT_BYTES);
        let ephemeral: [u8; POINT_BYTES] = ephemeral.try_into().expect("the part has the length of a point");
        let ephemeral = StaticSecret::from(ephemeral);
        let share = PublicKey::from(&ephemeral);
        let wrap = wrap_key(&ephemeral, &recipient.0, &share, &recipient.0)
            .ok_or_else(|| io::Error::other("the recovery key is no usable key"))?;
        let mut wrapped = file_key.to_vec();
        let sealed = wrap.seal_in_place_append_tag(zero_nonce(), Aad::empty(), &mut wrapped);
        sealed.map_err(|_| broken("the file's key was not encrypted"))?;
        let head = format!(
            "{VERSION_LINE}\n-> X25519 {}\n{}\n---",
            BASE64_NOPAD.encode(share.as_bytes()),
            BASE64_NOPAD.encode(&wrapped)
        );
        let mac = hmac::sign(&header_key(file_key), head.as_bytes());
        out.write_all(format!("{head} {}\n", BASE64_NOPAD.encode(mac.as_ref())).as_bytes())?;
        out.write_all(nonce)?;
        let stream = Stream::new(file_key, nonce);
        Ok(Self { out, stream, chunk: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES) })
    }

    /// Writes the last chunk and returns what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.stream.next_nonce(is_last);
        let sealed = self.stream.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut self.chunk);
        sealed.map_err(|_| broken("a chunk was not encrypted"))?;
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until there is more: only then it is not the last one.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// A chunk is written when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the plain content of an encrypted file. A file that was changed or cut ends in an error of the kind
/// `InvalidData`; what was read before it is genuine.
pub struct Decryptor<R> {
    from: R,
    stream: Stream,
    /// The next chunk as it is in the file.
    ahead: Vec<u8>,
    plain: Vec<u8>,
    read: usize,
    is_done: bool,
}

impl<R: Read> Decryptor<R> {
    /// Reads the header. A file for another key is an error of the kind `PermissionDenied`.
    pub fn new(mut from: R, identity: &Identity) -> io::Result<Self> {
        let (head, mac, stanzas) = read_header(&mut from)?;
        let file_key = stanzas.iter().find_map(|stanza| stanza.open(identity));
        let wrong_key =
            || io::Error::new(io::ErrorKind::PermissionDenied, "it was not encrypted for this key");
        let file_key = file_key.ok_or_else(wrong_key)?;
        hmac::verify(&header_key(&file_key), head.as_bytes(), &mac)
            .map_err(|_| broken("its header was changed"))?;
        let mut nonce = [0; PAYLOAD_NONCE_BYTES];
        from.read_exact(&mut nonce).map_err(|_| broken("it is cut off"))?;
        let stream = Stream::new(&file_key, &nonce);
        let ahead = read_chunk(&mut from)?;
        Ok(Self { from, stream, ahead, plain: Vec::new(), read: 0, is_done: false })
    }

    fn open_next(&mut self) -> io::Result<()> {
        let next = read_chunk(&mut self.from)?;
        let mut chunk = std::mem::replace(&mut self.ahead, next);
        let (is_first, is_last) = (self.stream.counter == 0, self.ahead.is_empty());
        let nonce = self.stream.next_nonce(is_last);
        let plain = self.stream.key.open_in_place(nonce, Aad::empty(), &mut chunk);
        let bytes = plain.map_err(|_| broken("it is cut off or was changed"))?.len();
        if bytes == 0 && !is_first {
            return Err(broken("it has an empty chunk"));
        }
        chunk.truncate(bytes);
        (self.plain, self.read, self.is_done) = (chunk, 0, is_last);
        Ok(())
    }
}

impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.plain.len() {
            if self.is_done {
                return Ok(0);
            }
            self.open_next()?;
        }
        let taken = into.len().min(self.plain.len() - self.read);
        into[..taken].copy_from_slice(&self.plain[self.read..self.read + taken]);
        self.read += taken;
        Ok(taken)
    }
}

/// The keys of a payload's chunks.
struct Stream {
    key: LessSafeKey,
    counter: u64,
}

impl Stream {
    fn new(file_key: &[u8], nonce: &[u8]) -> Self {
        Self { key: derived(nonce, file_key, b"payload"), counter: 0 }
    }

    fn next_nonce(&mut self, is_last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.counter.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.counter += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// One recipient's part of a header.
struct Stanza {
    kind: String,
    argument: String,
    body: Vec<u8>,
}

impl Stanza {
    /// The file's key, if the stanza is for this identity.
    fn open(&self, identity: &Identity) -> Option<[u8; FILE_KEY_BYTES]> {
        if self.kind != "X25519" || self.body.len() != FILE_KEY_BYTES + TAG_BYTES {
            return None;
        }
        let share: [u8; POINT_BYTES] = BASE64_NOPAD.decode(self.argument.as_bytes()).ok()?.try_into().ok()?;
        let share = PublicKey::from(share);
        let wrap = wrap_key(&identity.0, &share, &share, &identity.recipient().0)?;
        let mut body = self.body.clone();
        let key = wrap.open_in_place(zero_nonce(), Aad::empty(), &mut body).ok()?;
        <[u8; FILE_KEY_BYTES]>::try_from(&*key).ok()
    }
}

/// The header up to its MAC, the MAC, and the stanzas.
fn read_header(from: &mut impl Read) -> io::Result<(String, Vec<u8>, Vec<Stanza>)> {
    let mut left = HEADER_BYTES_MAX;
    let mut head = read_line(from, &mut left)?;
    if head != VERSION_LINE {
        return Err(broken("it is no file of age, version 1"));
    }
    head.push('\n');
    let mut stanzas = Vec::new();
    loop {
        let line = read_line(from, &mut left)?;
        if let Some(mac) = line.strip_prefix("--- ") {
            head.push_str("---");
            let mac = BASE64_NOPAD.decode(mac.as_bytes()).map_err(|_| broken("its header is malformed"))?;
            return Ok((head, mac, stanzas));
        }
        let words = line.strip_prefix("-> ").ok_or_else(|| broken("its header is malformed"))?;
        let (kind, argument) = words.split_once(' ').unwrap_or((words, ""));
        let (kind, argument) = (kind.to_owned(), argument.to_owned());
        head.push_str(&line);
        head.push('\n');
        let mut body = String::new();
        loop {
            let line = read_line(from, &mut left)?;
            head.push_str(&line);
            head.push('\n');
            body.push_str(&line);
            if line.len() < BODY_COLUMNS {
                break;
            }
        }
        let body = BASE64_NOPAD.decode(body.as_bytes()).map_err(|_| broken("its header is malformed"))?;
        stanzas.push(Stanza { kind, argument, body });
    }
}

fn read_line(from: &mut impl Read, left: &mut usize) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        *left = left.checked_sub(1).ok_or_else(|| broken("its header is too long"))?;
        from.read_exact(&mut byte).map_err(|_| broken("it is cut off"))?;
        if byte[0] == b'\n' {
            return String::from_utf8(line).map_err(|_| broken("its header is malformed"));
        }
        line.push(byte[0]);
    }
}

/// The next chunk with its tag; empty at the end of the file.
fn read_chunk(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
    let most = (CHUNK_BYTES + TAG_BYTES) as u64;
    from.by_ref().take(most).read_to_end(&mut chunk)?;
    Ok(chunk)
}

/// The key that encrypts a file's key; `None` if the other side's point is of low order.
fn wrap_key(
    secret: &StaticSecret,
    other: &PublicKey,
    share: &PublicKey,
    recipient: &PublicKey,
) -> Option<LessSafeKey> {
    let shared = secret.diffie_hellman(other);
    let salt = [share.as_bytes().as_slice(), recipient.as_bytes()].concat();
    shared.was_contributory().then(|| derived(&salt, shared.as_bytes(), b"age-encryption.org/v1/X25519"))
}

fn derived(salt: &[u8], secret: &[u8], info: &[u8]) -> LessSafeKey {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let key = extracted.expand(&info, &CHACHA20_POLY1305).expect("a key is shorter than the limit of HKDF");
    LessSafeKey::new(UnboundKey::from(key))
}

fn header_key(file_key: &[u8]) -> hmac::Key {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(file_key);
    let key = extracted.expand(&[b"header"], hmac::HMAC_SHA256);
    hmac::Key::from(key.expect("a key is shorter than the limit of HKDF"))
}

/// Each of the keys that use it encrypts one message.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
#[path = "age_tests.rs"]
mod tests;
