//! The recovery kit at the command line, and a store that comes back from an encrypted copy with it.

use std::path::Path;

use crate::program::ProgramFolder;
use kuota::store::packed::{Sealing, pack};
use kuota::tools::age::Recipient;

/// A store with one admin, and an encrypted copy of it.
fn kit_and_copy(kuotad: &ProgramFolder) -> (String, String) {
    kuotad
        .run_with_stdin(&["admin", "add", "budi", "--role", "owner", "--password-stdin"], "rahasia-panjang\n")
        .exits(0);
    let kit = kuotad.json(&["recovery-kit"]);
    let recipient = Recipient::parse(kit["public_key"].as_str().unwrap()).unwrap();
    let (plain, copy) = (kuotad.file("copy.db"), kuotad.file("copy.db.zst.age"));
    kuotad.run(&["backup", &plain]).exits(0);
    let sealing = Sealing { recipient: &recipient, attachment: &[] };
    pack(Path::new(&plain), Path::new(&copy), Some(sealing)).unwrap();
    (kit["secret_key"].as_str().unwrap().to_owned(), copy)
}

#[test]
fn copies_come_back_with_the_kit_typed_or_in_a_file_and_with_no_other() {
    let kuotad = ProgramFolder::new("127.0.0.1:1");
    let (secret, copy) = kit_and_copy(&kuotad);
    std::fs::remove_dir_all(kuotad.data()).unwrap();
    std::fs::create_dir(kuotad.data()).unwrap();
    kuotad.run_with_stdin(&["restore", &copy], "AGE-SECRET-KEY-1MISTYPED\n").exits(1).complains("mistyped");
    let other = "AGE-SECRET-KEY-1UAHC4YXDK6TQ8X87R5ALFKWFPJ5XKFK2P5S9N73NWVR3UU9C36YQDGUTPJ";
    kuotad.run_with_stdin(&["restore", &copy], other).exits(1).complains("not encrypted for this key");
    assert!(!kuotad.data().join("kuota.db").exists() && !kuotad.data().join("kuota.db.unpacked").exists());
    let typed: Vec<String> = secret
        .to_lowercase()
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8(group.to_vec()).unwrap())
        .collect();
    kuotad.run_with_stdin(&["restore", &copy], &format!("{}\n", typed.join(" "))).exits(0);
    kuotad.run(&["admin", "list"]).exits(0).says("budi");
    let key = kuotad.file("key.txt");
    std::fs::write(&key, format!("# from paper\n{secret}\n")).unwrap();
    kuotad.run(&["restore", &copy, "--key-file", &key]).exits(0);
    kuotad.verify().unwrap();
    let add = ["admin", "add", "siti", "--role", "owner", "--password-stdin"];
    kuotad.run_with_stdin(&add, "rahasia-panjang\n").exits(1).complains("take-over");
    kuotad.run(&["take-over"]).exits(1).complains("--old-machine-is-off");
    kuotad.run(&["take-over", "--old-machine-is-off"]).exits(0).says("has the site");
    kuotad.run(&["take-over"]).exits(0).says("nothing to take over");
    kuotad.run_with_stdin(&add, "rahasia-panjang\n").exits(0);
    assert!(!kuotad.data().join("kuota.db.unpacked").exists());
    kuotad
        .run(&["restore", &kuotad.file("copy.db"), "--key-file", &key])
        .exits(1)
        .complains("is not encrypted");
}

#[test]
fn a_kit_is_printed_once_and_replaced_only_when_that_is_said() {
    let kuotad = ProgramFolder::new("127.0.0.1:1");
    std::fs::create_dir_all(kuotad.data()).unwrap();
    let printed = kuotad.run(&["recovery-kit"]);
    printed.exits(0).says("AGE- SECR ET-K EY-1");
    kuotad.run(&["recovery-kit"]).exits(1).complains("--replace");
    let other = kuotad.run(&["recovery-kit", "--replace"]);
    other.exits(0).complains("keep it with this one");
    assert_ne!(printed.out, other.out);
}
