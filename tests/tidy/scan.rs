//! Reading Rust text without a compiler: what is code, what is a test, which paths and functions are there.

use std::ops::Range;

/// One file of the crate, with strings and comments blanked. Offsets are positions of characters.
pub struct Source {
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// The same number of characters and lines; strings, characters and comments are spaces.
    pub code: Vec<char>,
    tests: Vec<Range<usize>>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text, Strings::Blank);
        let mut tests = test_items(&code);
        if path.ends_with("_tests.rs") {
            tests.push(0..code.len());
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// Code outside tests; everything else is spaces.
    pub fn product(&self) -> Vec<char> {
        self.without_tests(self.code.clone())
    }

    /// Code and strings outside tests and comments.
    pub fn product_with_strings(&self) -> Vec<char> {
        self.without_tests(blank(&self.text, Strings::Keep))
    }

    fn without_tests(&self, mut code: Vec<char>) -> Vec<char> {
        for range in &self.tests {
            code[range.clone()].iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
        }
        code
    }

    /// `path:line` of an offset.
    pub fn at(&self, offset: usize) -> String {
        format!("{}:{}", self.path, line_of(&self.code, offset))
    }
}

/// Line of an offset, from 1.
pub fn line_of(code: &[char], offset: usize) -> usize {
    1 + code[..offset.min(code.len())].iter().filter(|c| **c == '\n').count()
}

/// What becomes of strings when comments are blanked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strings {
    Keep,
    Blank,
}

/// Blanks comments and, if asked, what stands in strings and characters. Newlines stay.
pub fn blank(text: &str, strings: Strings) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = chars.clone();
    let mut at = 0;
    while at < chars.len() {
        let (end, is_comment) = skip(&chars, at);
        if end > at && (is_comment || strings == Strings::Blank) {
            out[at..end].iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
        }
        at = end.max(at + 1);
    }
    out
}

/// The end of the comment or literal that begins at `at`, and whether it is a comment; `at` itself if none does.
fn skip(chars: &[char], at: usize) -> (usize, bool) {
    let (end, is_comment) = match (chars[at], chars.get(at + 1)) {
        ('/', Some('/')) => (find(chars, at, |c| c == '\n'), true),
        ('/', Some('*')) => (block_comment_end(chars, at), true),
        ('"', _) => (string_end(chars, at), false),
        ('r', _) if !follows_word(chars, at) => (raw_string_end(chars, at), false),
        ('\'', Some('\\')) => (find(chars, at + 3, |c| c == '\'') + 1, false),
        ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => (at + 3, false),
        _ => (at, false),
    };
    (end.min(chars.len()), is_comment)
}

/// Whether the letter at `at` continues a word, other than the prefix of a byte or C string.
fn follows_word(chars: &[char], at: usize) -> bool {
    let is_word = |i: usize| i.checked_sub(1).is_some_and(|i| is_ident(chars[i]));
    match at.checked_sub(1).map(|i| chars[i]) {
        Some('b' | 'c') => is_word(at - 1),
        _ => is_word(at),
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|i| wanted(chars[*i])).unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string_end(chars: &[char], start: usize) -> usize {
    let quote = find(chars, start + 1, |c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return start;
    }
    let hashes = quote - start - 1;
    let closes =
        |i: &usize| chars[*i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (quote + 1..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + hashes)
}

fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every place where `word` stands by itself: no letter before or after it continues it.
pub fn words(code: &[char], word: &str) -> Vec<usize> {
    let word: Vec<char> = word.chars().collect();
    let (first, last) = (word[0], word[word.len() - 1]);
    let stands = |i: &usize| {
        let before = i.checked_sub(1).map(|i| code[i]);
        let after = code.get(i + word.len());
        code[*i..].starts_with(&word)
            && !(is_ident(first) && before.is_some_and(is_ident))
            && !(is_ident(last) && after.is_some_and(|c| is_ident(*c)))
    };
    (0..code.len()).filter(stands).collect()
}

/// Every path that begins with `root::`, groups in braces taken apart: `crate::{a::b, c}` is `a::b` and `c`.
/// The offset is that of the root.
pub fn paths(code: &[char], root: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    for at in words(code, root) {
        let after = at + root.chars().count();
        if code[after..].starts_with(&[':', ':']) {
            let mut found = Vec::new();
            tree(code, after + 2, &[], &mut found);
            out.extend(found.into_iter().map(|path| (at, path)));
        }
    }
    out
}

/// Reads one use tree from `at` and answers where it ends.
fn tree(code: &[char], at: usize, above: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let at = find(code, at, |c| !c.is_whitespace());
    if code.get(at) == Some(&'{') {
        let mut next = at + 1;
        loop {
            next = find(code, tree(code, next, above, out), |c| !c.is_whitespace());
            match code.get(next) {
                Some(',') => next += 1,
                _ => return next + 1,
            }
        }
    }
    let end = find(code, at, |c| !is_ident(c));
    if end == at {
        // A glob, a closing brace, a generic argument: the path ends above it.
        if !above.is_empty() && code.get(at) == Some(&'*') {
            out.push(above.to_vec());
            return at + 1;
        }
        return at;
    }
    let mut path = above.to_vec();
    path.push(code[at..end].iter().collect());
    if code[end..].starts_with(&[':', ':']) && code.get(end + 2) != Some(&'<') {
        return tree(code, end + 2, &path, out);
    }
    out.push(path);
    // `as other` behind a name.
    let rest = find(code, end, |c| !c.is_whitespace());
    if code[rest..].starts_with(&['a', 's', ' ']) {
        return find(code, find(code, rest + 3, is_ident), |c| !is_ident(c));
    }
    end
}

/// The end of the block whose brace opens at `open`, behind its closing brace.
pub fn block_end(code: &[char], open: usize) -> usize {
    let mut depth = 0_usize;
    for (i, c) in code.iter().enumerate().skip(open) {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// From `at` to the brace or semicolon that ends an item's head, outside parentheses and brackets.
fn head_end(code: &[char], at: usize) -> usize {
    let mut depth = 0_i32;
    for (i, c) in code.iter().enumerate().skip(at) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' | ';' if depth == 0 => return i,
            _ => {}
        }
    }
    code.len()
}

/// The items under `#[cfg(test)]`, or a condition that begins with it.
fn test_items(code: &[char]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for attribute in ["#[cfg(test)]", "#[cfg(all(test"] {
        for start in words(code, attribute) {
            let body = find(code, start, |c| c == ']') + 1;
            let head = head_end(code, body);
            let end =
                if code.get(head) == Some(&'{') { block_end(code, head) } else { (head + 1).min(code.len()) };
            out.push(start..end);
        }
    }
    out
}

/// The blocks of modules written in the file itself.
pub fn inline_modules(code: &[char]) -> Vec<Range<usize>> {
    let heads = words(code, "mod").into_iter().map(|at| (at, head_end(code, at)));
    heads
        .filter(|(_, head)| code.get(*head) == Some(&'{'))
        .map(|(at, head)| at..block_end(code, head))
        .collect()
}

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Offset of its `fn`.
    pub at: usize,
    /// Lines from `fn` to the closing brace, both counted.
    pub lines: usize,
}

/// Every function with a body.
pub fn functions(code: &[char]) -> Vec<Function> {
    let mut out = Vec::new();
    for at in words(code, "fn") {
        let start = find(code, at + 2, |c| !c.is_whitespace());
        let end = find(code, start, |c| !is_ident(c));
        let head = head_end(code, end);
        if end > start && code.get(head) == Some(&'{') {
            let close = block_end(code, head);
            let lines = line_of(code, close - 1) - line_of(code, at) + 1;
            out.push(Function { name: code[start..end].iter().collect(), at, lines });
        }
    }
    out
}
