//! The answer of an object store that is asked what it has (`ListObjectsV2`): a page of objects, in XML.
//!
//! The reader takes what such an answer consists of and nothing else of XML: no document types, no comments, no entities but
//! the five. Whatever does not fit is an error, for a list that was read wrongly would hide the newest copy.

use crate::clock::parse_rfc3339;
use crate::domain::units::Timestamp;

const ROOT: &str = "ListBucketResult";
/// How deep elements of such an answer are at most, with room.
const DEPTH_MAX: usize = 8;

/// A page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ObjectPage {
    /// Its objects.
    pub objects: Vec<ListedObject>,
    /// What the next page is asked for with; `None` at the end.
    pub next: Option<String>,
}

/// An object of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedObject {
    /// Its whole name.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// When the store took it, by the store's clock.
    pub put_at: Timestamp,
}

/// An element that is being read.
#[derive(Default)]
struct Entry {
    key: Option<String>,
    bytes: Option<u64>,
    put_at: Option<Timestamp>,
}

/// Reads a page. The error is for people.
pub(super) fn parse_page(text: &str) -> Result<ObjectPage, String> {
    let mut page = PageReader::default();
    let mut rest = without_declaration(text)?;
    while let Some((token, after)) = next_token(rest)? {
        rest = after;
        page.take(token)?;
    }
    page.finish()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    Empty(&'a str),
    Text(&'a str),
}

fn without_declaration(text: &str) -> Result<&str, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.strip_prefix("<?xml ") {
        Some(rest) => Ok(rest.split_once("?>").ok_or("its declaration has no end")?.1),
        None => Ok(text),
    }
}

fn next_token(text: &str) -> Result<Option<(Token<'_>, &str)>, String> {
    let Some(rest) = text.strip_prefix('<') else {
        let end = text.find('<').unwrap_or(text.len());
        return Ok((end > 0).then(|| (Token::Text(&text[..end]), &text[end..])));
    };
    let (inside, rest) = rest.split_once('>').ok_or("an element has no end")?;
    let token = match inside.strip_prefix('/') {
        Some(name) => Token::Close(name.trim_end()),
        None => match inside.strip_suffix('/') {
            Some(inside) => Token::Empty(name_of(inside)?),
            None => Token::Open(name_of(inside)?),
        },
    };
    Ok(Some((token, rest)))
}

/// The name of an element, without its attributes.
fn name_of(inside: &str) -> Result<&str, String> {
    let name = inside.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_name = is_name && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    is_name.then_some(name).ok_or_else(|| "it has something that is no element".to_owned())
}

#[derive(Default)]
struct PageReader<'a> {
    page: ObjectPage,
    /// The elements around what is read.
    path: Vec<&'a str>,
    /// The text of the innermost one.
    text: String,
    entry: Entry,
    is_truncated: Option<bool>,
    is_complete: bool,
}

impl<'a> PageReader<'a> {
    fn take(&mut self, token: Token<'a>) -> Result<(), String> {
        match token {
            Token::Open(name) => self.open(name),
            Token::Close(name) => self.close(name),
            Token::Empty(name) => self.open(name).and_then(|()| self.close(name)),
            Token::Text(text) if self.path.is_empty() && !text.trim().is_empty() => {
                Err("it has text outside of its elements".to_owned())
            }
            Token::Text(text) => unescape(text, &mut self.text),
        }
    }

    fn open(&mut self, name: &'a str) -> Result<(), String> {
        let is_misplaced = self.path.is_empty() && (name != ROOT || self.is_complete);
        if is_misplaced || self.path.len() >= DEPTH_MAX {
            return Err(format!("it has {name} where no list has it"));
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), String> {
        if self.path.last() != Some(&name) {
            return Err(format!("it ends {name}, which it did not begin"));
        }
        let text = std::mem::take(&mut self.text);
        match self.path.as_slice() {
            [ROOT] => self.is_complete = true,
            [ROOT, "IsTruncated"] => self.is_truncated = Some(flag(&text)?),
            [ROOT, "NextContinuationToken"] => self.page.next = Some(text),
            [ROOT, "Contents"] => self.end_object()?,
            [ROOT, "Contents", "Key"] => self.entry.key = Some(text),
            [ROOT, "Contents", "Size"] => self.entry.bytes = text.trim().parse().ok(),
            [ROOT, "Contents", "LastModified"] => self.entry.put_at = parse_rfc3339(text.trim()),
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    fn end_object(&mut self) -> Result<(), String> {
        match std::mem::take(&mut self.entry) {
            Entry { key: Some(key), bytes: Some(bytes), put_at: Some(put_at) } => {
                self.page.objects.push(ListedObject { key, bytes, put_at });
                Ok(())
            }
            Entry { key, .. } => {
                let key = key.unwrap_or_else(|| "an object".to_owned());
                Err(format!("it names {key} without its length or its time"))
            }
        }
    }

    fn finish(mut self) -> Result<ObjectPage, String> {
        if !self.is_complete {
            return Err(format!("it is no whole {ROOT}"));
        }
        match self.is_truncated {
            Some(true) if self.page.next.as_ref().is_none_or(String::is_empty) => {
                Err("it goes on and does not say where".to_owned())
            }
            Some(true) => Ok(self.page),
            // Some stores do not say that a short list is whole.
            Some(false) | None => {
                self.page.next = None;
                Ok(self.page)
            }
        }
    }
}

fn flag(text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("it does not say whether it goes on".to_owned()),
    }
}

fn unescape(text: &str, into: &mut String) -> Result<(), String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or("it has a stray &")?;
        into.push_str(before);
        into.push(character(name).ok_or("it has an unknown entity")?);
        rest = after;
    }
    into.push_str(rest);
    Ok(())
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>kuota</Name><Prefix>a/</Prefix>\
        <KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><Delimiter/><IsTruncated>true</IsTruncated>\n\
        <Contents><Key>a/x&amp;&#121;&#x7A;</Key><LastModified>2026-11-30T20:00:00.000Z</LastModified>\
        <ETag>&quot;0f&quot;</ETag><Size>7</Size><Owner><ID>1</ID><DisplayName>w</DisplayName></Owner>\
        <StorageClass>STANDARD</StorageClass></Contents>\n\
        <Contents><Key>a/b</Key><LastModified>2026-11-30T20:00:01Z</LastModified><Size>0</Size></Contents>\n\
        <NextContinuationToken>1/x+=</NextContinuationToken></ListBucketResult>\n";

    #[test]
    fn a_page_is_read_with_what_the_next_is_asked_for_with() {
        let page = parse_page(PAGE).unwrap();
        let object = |key: &str, bytes, at: &str| ListedObject {
            key: key.to_owned(),
            bytes,
            put_at: parse_rfc3339(at).unwrap(),
        };
        assert_eq!(page.next.as_deref(), Some("1/x+="));
        assert_eq!(
            page.objects,
            [object("a/x&yz", 7, "2026-11-30T20:00:00Z"), object("a/b", 0, "2026-11-30T20:00:01Z")]
        );
        let last = parse_page(&PAGE.replace(">true<", ">false<")).unwrap();
        assert_eq!(last.next, None);
        assert_eq!(parse_page("<ListBucketResult/>").unwrap(), ObjectPage::default());
    }

    #[test]
    fn what_is_no_list_or_not_whole_is_refused() {
        for (from, to) in [
            ("</ListBucketResult>", ""),
            ("</Contents>", ""),
            ("<Size>7</Size>", ""),
            ("<Size>7</Size>", "<Size>-7</Size>"),
            ("<Size>7</Size>", "<Size>99999999999999999999</Size>"),
            ("2026-11-30T20:00:01Z", "yesterday"),
            ("<NextContinuationToken>1/x+=</NextContinuationToken>", ""),
            (">true<", ">perhaps<"),
            ("&amp;", "&copy;"),
            ("&amp;", "& "),
            ("&#121;", "&#xD800;"),
            ("<Delimiter/>", "<!-- -->"),
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<!DOCTYPE x [<!ENTITY a \"b\">]>"),
            ("ListBucketResult", "Error"),
            ("</ListBucketResult>", "</ListBucketResult><ListBucketResult></ListBucketResult>"),
            ("</ListBucketResult>", "</ListBucketResult>more"),
            ("<Delimiter/>", "<a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>"),
        ] {
            let page = PAGE.replacen(from, to, if from == "ListBucketResult" { 2 } else { 1 });
            assert_ne!(page, PAGE);
            assert!(parse_page(&page).is_err(), "{from} as {to}");
        }
        assert!(parse_page("").is_err() && parse_page("<html><body>Log in</body></html>").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_page_or_an_error(text in ".{0,200}", at in 0usize..PAGE.len(), cut in 0usize..40) {
            let _ = parse_page(&text);
            let end = (at + cut).min(PAGE.len());
            let _ = parse_page(&format!("{}{text}{}", &PAGE[..at], &PAGE[end..]));
        }
    }
}
