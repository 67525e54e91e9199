use super::*;

fn sealed(plain: &[u8], recipient: &Recipient) -> Vec<u8> {
    let mut encryptor = Encryptor::new(Vec::new(), recipient).unwrap();
    encryptor.write_all(plain).unwrap();
    encryptor.finish().unwrap()
}

fn opened(file: &[u8], identity: &Identity) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    Decryptor::new(file, identity)?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn what_was_encrypted_is_opened_with_its_key_and_no_other_at_every_length() {
    let (identity, other) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000] {
        let plain: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let file = sealed(&plain, &identity.recipient());
        assert!(is_encrypted(&file));
        assert_eq!(opened(&file, &identity).unwrap(), plain, "{length}");
        assert_eq!(opened(&file, &other).unwrap_err().to_string(), "it was not encrypted for this key");
    }
}

#[test]
fn a_file_that_was_cut_or_changed_anywhere_is_not_opened() {
    let identity = Identity::generate().unwrap();
    let file = sealed(&vec![7; 2 * CHUNK_BYTES], &identity.recipient());
    let header = file.len() - 2 * (CHUNK_BYTES + TAG_BYTES);
    for cut in (0..header).chain([header + CHUNK_BYTES + TAG_BYTES, file.len() - 1]) {
        assert!(opened(&file[..cut], &identity).is_err(), "cut at {cut}");
    }
    for at in (0..header).chain([header + 5, file.len() - 1]) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(opened(&changed, &identity).is_err(), "changed at {at}");
    }
    let longer = [&file[..], b"x"].concat();
    assert!(opened(&longer, &identity).is_err());
}

#[test]
fn keys_are_written_as_other_programs_write_them() {
    let secret = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6";
    let identity = Identity::parse(secret).unwrap();
    assert_eq!(identity.secret_text(), secret);
    let recipient = identity.recipient();
    assert_eq!(Recipient::parse(&recipient.to_string()), Some(recipient.clone()));
    assert!(recipient.to_string().starts_with("age1"));
    let typed = format!("# printed\n {} {}\r\n", &secret[..20].to_lowercase(), &secret[20..].to_lowercase());
    assert_eq!(Identity::parse(&typed).unwrap().recipient(), recipient);
    assert_eq!(format!("{identity:?}"), "Identity");
    let mistyped = secret.replace("XMWW", "XMWQ");
    for text in ["", "age1", mistyped.as_str(), &recipient.to_string()] {
        assert!(Identity::parse(text).is_none(), "{text}");
    }
    assert!(Recipient::parse(secret).is_none());
}

#[test]
fn a_point_of_low_order_is_no_recipient() {
    let zero = Recipient(PublicKey::from([0; POINT_BYTES]));
    assert!(Encryptor::new(Vec::new(), &zero).is_err());
}

/// Made by another implementation (rage), with a stanza of a kind that nobody knows.
const OF_RAGE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBtZ09iYmRYb0ZHMW5tODRmM0JuQWVkcnVHTEJVMGN1ZjYxVXZmaHNEWVZVCnoy\
    anBLZ21QZEJnUWY2T1R2WWlwYWFHeW1xOXdNVjBKRnM1MTczdGhQcFEKLT4gXix3LDJJQS1ncmVhc2UgQkUxLgowRDRWdkNkQ1FTcStrc0l4TldQWmdu\
    a2ZnNjFhejhjYnJqSmhWRnFFVU5pVVhvL2tPaWMKLS0tIDhpSXJ3eEtiSnFFSGhNU0VyQWN5cjhrUVlGN3kwZzAyOTc5cERUYXBUZkEK5Cv/uqle0fZv\
    0hQNY3C9p2wATGeCQ2NG3T7l0FajsEwCjSUQAg==";

#[test]
fn a_file_of_another_implementation_is_opened() {
    let secret = "AGE-SECRET-KEY-1UAHC4YXDK6TQ8X87R5ALFKWFPJ5XKFK2P5S9N73NWVR3UU9C36YQDGUTPJ";
    let identity = Identity::parse(secret).unwrap();
    let public = "age1hj48sp9y47wulejn439sgwtygy89mfj4z6vxhah90sgv7rh3d3uqg22vw7";
    assert_eq!(identity.recipient().to_string(), public);
    let file = data_encoding::BASE64.decode(OF_RAGE.as_bytes()).unwrap();
    assert_eq!(opened(&file, &identity).unwrap(), b"kuota");
}
