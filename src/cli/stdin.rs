//! Secrets that commands read from their input.

use std::io::BufRead;

use super::failure::Failure;
use crate::settings::without_mark;

/// A password: the first line, without its end.
pub(super) fn password(mut input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.read_line(&mut line);
    read.map_err(|error| Failure::worded(|words| words.stdin_failed, &[&error.to_string()]))?;
    let password = without_mark(&line).trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::worded(|words| words.stdin_empty, &[]));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line_as_it_stands() {
        assert_eq!(password(&b" rahasia \r\nmore\n"[..]).unwrap(), " rahasia ");
        assert_eq!(password("\u{feff}rahasia\n".as_bytes()).unwrap(), "rahasia");
        assert!(password(&b"\n"[..]).is_err() && password(&b""[..]).is_err());
        assert!(password(&b"\xff\xfe\n"[..]).is_err());
    }
}
