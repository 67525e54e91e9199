//! The configuration of `kuotad`: the shipped file, bad files, the environment and what is printed back.

use std::time::Duration;

use kuota::agent::config::{self, Config, Enforcement, Key, TakesEffect, Tls};
use kuota::domain::account::{Overage, Policy};
use kuota::domain::debt::DebtDue;
use kuota::domain::order::OnlineMethod;
use kuota::domain::units::Bytes;
use kuota::relay::config as relay_config;
use kuota::routeros::tls::Tls as RouterTls;
use kuota::settings::{Environment, SectionKeys};

const SHIPPED: &str = include_str!("../../config/kuotad.toml");

fn none() -> Environment {
    Environment::default()
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, "kuotad.toml", &none()).map_err(|e| e.to_string())
}

/// The shipped file with its commented examples switched on.
fn shipped_with_examples() -> String {
    let lines = SHIPPED.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(parse(SHIPPED).unwrap(), Config::default());
    assert_eq!(parse("").unwrap(), Config::default());
}

/// Every row of the table of keys.
fn rows() -> impl Iterator<Item = &'static Key> {
    config::sections().into_iter().flat_map(|section| section.keys)
}

#[test]
fn the_rules_have_the_same_defaults_with_a_file_and_without() {
    assert_eq!(Config::default().policy(), Policy::default());
}

/// Set to write the comments of the tables of keys into the shipped files:
/// `KUOTA_WRITE=1 cargo test --test program comments`.
const WRITE: &str = "KUOTA_WRITE";

/// The file with the comment of each table and key replaced by that of the table of keys.
fn with_comments(file: &str, sections: &[SectionKeys]) -> String {
    let key = |path: &str| sections.iter().flat_map(|section| section.keys).find(|key| key.path == path);
    let (mut out, mut comment, mut here) = (String::new(), Vec::new(), "");
    for line in file.lines() {
        // An example is a line switched off: "#" directly before a key or a table.
        let set = line.strip_prefix('#').unwrap_or(line);
        if line.starts_with("# ") || line == "#" {
            comment.push(line.to_owned());
            continue;
        }
        if set.starts_with('[') {
            let name = set.trim_matches(['[', ']']);
            let section = sections.iter().find(|section| section.name == name).expect(name);
            (here, comment) = (section.name, lines(section.comment));
        } else if let Some((name, _)) = set.split_once(" = ") {
            let path = if here.is_empty() { name.to_owned() } else { format!("{here}.{name}") };
            comment = lines(key(&path).expect(&path).comment);
        }
        for line in comment.drain(..).chain([line.to_owned()]) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

fn lines(comment: &[&str]) -> Vec<String> {
    comment.iter().map(|line| format!("#{line}")).collect()
}

fn assert_comments(name: &str, sections: &[SectionKeys]) {
    let path = format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(&path).unwrap();
    let expected = with_comments(&file, sections);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(file == expected, "{name}: run {WRITE}=1 cargo test --test program comments");
}

#[test]
fn the_shipped_files_comments_are_those_of_the_table_of_keys() {
    assert_comments("kuotad.toml", &config::sections());
}

#[test]
fn the_relays_shipped_files_comments_are_those_of_its_table_of_keys() {
    assert_comments("relay.toml", &relay_config::sections());
    for key in relay_config::sections().into_iter().flat_map(|section| section.keys) {
        assert!(!key.indonesian.is_empty() && !key.english.is_empty(), "{}", key.path);
        // A reload of the relay reads its merchants and sites again and nothing else.
        let is_read_again = key.path.starts_with("merchant.");
        let effect = if is_read_again { TakesEffect::AtReload } else { TakesEffect::AtStart };
        assert_eq!(key.effect, effect, "{}", key.path);
    }
}

#[test]
fn the_shipped_file_shows_every_key() {
    let complete = parse(&shipped_with_examples()).unwrap();
    assert!(complete.relay.is_some() && complete.router.tls_fingerprint.is_some());
    assert!(complete.router.tls_ca_file.is_some());
    let mut missing = Vec::new();
    for line in complete.effective_toml().lines().filter(|line| !line.is_empty()) {
        let key = line.split(" = ").next().unwrap();
        let shown = |l: &str| {
            let l = l.strip_prefix('#').unwrap_or(l);
            l == key || l.strip_prefix(key).is_some_and(|rest| rest.starts_with(" = "))
        };
        if !SHIPPED.lines().any(shown) {
            missing.push(key.to_owned());
        }
    }
    assert!(missing.is_empty(), "config/kuotad.toml lacks {missing:?}");
}

#[test]
fn what_is_printed_reads_back_equal() {
    let changed = r#"
        data_dir = "/srv/a \"b\" \\ é"
        timezone = "Asia/Makassar"
        language = "en"
        [portal]
        contact = "0812"
        client_networks = ["10.5.50.1/24", "fd00::/8"]
        [router]
        address = "[fd00::1]:8729"
        tls = "pinned"
        tls_fingerprint = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
        poll_interval = "1500ms"
        lists.fup = "slow"
        [policy]
        overage = "debt"
        debt_limit = "0,3 MB"
        fup_threshold = 1025
        block_hour = "18:05"
        debt_due = "14d"
        [relay]
        url = "http://127.0.0.1:8090/"
        site = "site-2"
        [payment]
        methods = ["gopay"]
    "#;
    for config in [Config::default(), parse(&shipped_with_examples()).unwrap(), parse(changed).unwrap()] {
        let printed = config.effective_toml();
        assert_eq!(parse(&printed).unwrap(), config, "{printed}");
    }
    let config = parse(changed).unwrap();
    assert_eq!(config.policy.debt_due, DebtDue::Days(14));
    assert_eq!(config.policy.block_from_minute, 18 * 60 + 5);
    assert_eq!(config.policy.debt_limit, Bytes(314_573));
    assert_eq!(config.router.tls, Tls::Pinned);
    assert_eq!(config.router.poll_interval, Duration::from_millis(1500));
    assert_eq!(config.payment.methods, [OnlineMethod::Gopay]);
}

/// A file, the start of what is said of it, and a word that must be in it.
const BAD_FILES: [(&str, &str, &str); 68] = [
    (
        "[backup]\ntarget = \"s3://b\"\n[backup.s3]\nkey_id = \"k\"",
        "backup.s3.endpoint: is empty",
        "https://s3.example",
    ),
    ("[backup]\nevery = \"5m\"", "backup.every: must be at least 10m", "0s"),
    ("[backup]\ntarget = \"usb\"", "backup.target: ", "usb:LABEL"),
    ("[backup]\nkeep = \"1h\"", "backup.keep: 1h is out of range", "1d"),
    ("datadir = \"/x\"", "datadir: unknown key", "data_dir"),
    ("[router]\nadress = \"a:1\"", "router.adress: unknown key", "password_file"),
    ("[router.lists]\nfub = \"x\"", "router.lists.fub: unknown key", "fup"),
    ("[ruoter]\naddress = \"a:1\"\nx = 1", "ruoter: unknown key", "router"),
    ("[relay]\nurl = \"http://a\"\nsite = \"s\"\ntoken = \"t\"", "relay.token: unknown key", "token_file"),
    ("[relay]\nurl = \"http://a\"", "relay.site: is missing", "set it"),
    ("[relay]", "relay.url: is missing", "set it"),
    ("[relay]\nurl = \"http://a\"\nsite = \"\"", "relay.site: is empty", "write the name"),
    ("[relay]\nurl = \"a\"\nsite = \"s\"", "relay.url: not a web address", "https://relay.example"),
    ("router = 3", "router: must be", "a section: write [router]"),
    ("timezone = \"Asia/Bandung\"", "timezone: no time zone is named", "Asia/Jakarta"),
    ("timezone = 7", "timezone: must be", "text in quotes"),
    ("colour = \"green\"", "colour: not a colour", "#0b6a4f"),
    ("colour = \"#ffcc00\"", "colour: is too light", "a darker colour, like \"#"),
    ("language = \"jv\"", "language: \"jv\" is not one of", "id, en"),
    ("data_dir = \"\"", "data_dir: is empty", "write a folder"),
    ("[admin]\nlisten = \"8080\"", "admin.listen: ", "an address and a port"),
    ("[admin]\nlisten = 8080", "admin.listen: ", "an address and a port"),
    ("[admin]\nallowed_networks = [\"10.0.0.0/99\"]", "admin.allowed_networks.0: ", "not a network"),
    (
        "[admin]\nallowed_networks = \"10.0.0.0/8\"",
        "admin.allowed_networks: must be",
        "a list in square brackets",
    ),
    ("[admin]\nallowed_networks = []", "admin.allowed_networks: is empty", "nobody"),
    ("[portal]\nclient_networks = []", "portal.client_networks: is empty", "no device"),
    ("[portal]\nlisten = \"0.0.0.0:8080\"", "portal.listen: is the same as admin.listen", "another port"),
    ("[portal]\npublic_url = \"ftp://a\"", "portal.public_url: not a web address", "http://"),
    ("[portal]\nregistration = true", "portal.registration: ", "true"),
    ("[router]\naddress = \"192.168.88.1\"", "router.address: ", "address and port"),
    ("[router]\ntls = \"on\"", "router.tls: \"on\" is not one of", "off, verify, pinned"),
    ("[router]\ntls = \"pinned\"", "router.tls_fingerprint: is missing", "SHA-256"),
    ("[router]\ntls = \"verify\"", "router.tls_ca_file: is missing", "PEM file"),
    ("[router]\ntls = \"verify\"\ntls_ca_file = \"\"", "router.tls_ca_file: is missing", "PEM file"),
    ("[router]\ntls_fingerprint = \"ab\"", "router.tls_fingerprint: not a fingerprint", "64"),
    ("[router]\nusername = \" \"", "router.username: is empty", "RouterOS user"),
    ("[router]\nusage_source = \"queue\"", "router.usage_source: \"queue\" is not one of", "hotspot-host"),
    ("[router]\npoll_interval = \"99ms\"", "router.poll_interval: 99ms is out of range", "100ms to 1d"),
    ("[router]\npoll_interval = \"25h\"", "router.poll_interval: 25h is out of range", "100ms to 1d"),
    ("[router]\npoll_interval = 10", "router.poll_interval: must be", "\"10s\""),
    ("[router]\ntimeout = \"soon\"", "router.timeout: not a time", "\"10s\""),
    ("[router]\ntimeout = \"0s\"", "router.timeout: 0s is out of range", "100ms"),
    ("[router.lists]\nfup = \"\"", "router.lists.fup: is empty", "write a name"),
    (
        "[router.lists]\nfup = \"klient_habis\"",
        "router.lists.habis: is the same list as router.lists.fup",
        "its own",
    ),
    ("[store]\ncommit_interval = \"25h\"", "store.commit_interval: 25h is out of range", "1d"),
    ("[store]\nusage_hours_kept = \"1h\"", "store.usage_hours_kept: 1h is out of range", "1d"),
    ("[policy]\nenforcement = \"off\"", "policy.enforcement: \"off\" is not one of", "on, dry-run"),
    ("[policy]\ndebt_limit = \"lots\"", "policy.debt_limit: \"lots\" is not an amount", "500 MB"),
    ("[policy]\ndebt_limit = -1", "policy.debt_limit: \"-1\" is not an amount", "500 MB"),
    ("[policy]\ndebt_limit = 1.5", "policy.debt_limit: must be an amount", "500 MB"),
    ("[policy]\ndebt_limit = \"500\"", "policy.debt_limit: \"500\" has no unit", "500 MB"),
    (
        "[policy]\ndebt_limit = \"10.240 MB\"",
        "policy.debt_limit: \"10.240 MB\" can be read in two",
        "10240 MB",
    ),
    ("[policy]\ndebt_limit = \"2000 TB\"", "policy.debt_limit: too large", "1024 TB"),
    ("[policy]\noverage = \"debt\"\ndebt_limit = 0", "policy.debt_limit: must be more than 0", "overage"),
    ("[policy]\nfup_rate = \"1M\"", "policy.fup_rate: ", "1M/1M"),
    ("[policy]\nblock_hour = \"24:00\"", "policy.block_hour: not a time of day", "18:30"),
    ("[policy]\ndebt_due = \"soon\"", "policy.debt_due: ", "end_of_month"),
    ("[policy]\nprice_rounding_rp = 0", "policy.price_rounding_rp: 0 is out of range", "1 to"),
    ("[policy]\noverdue_grace_days = -1", "policy.overdue_grace_days: ", "-1"),
    ("[policy]\noverdue_grace_days = \"3\"", "policy.overdue_grace_days: must be a whole number", "write 3"),
    ("[policy]\nblock_overdue = \"ya\"", "policy.block_overdue: must be true or false", "the text \"ya\""),
    ("[policy]\ncashier_credit_rp = \"50.000\"", "policy.cashier_credit_rp: must be rupiah", "write 50000"),
    (
        "[policy]\ncashier_credit_rp = \"Rp 50.000\"",
        "policy.cashier_credit_rp: must be rupiah",
        "write 50000",
    ),
    ("[policy]\ncashier_credit_rp = \"lots\"", "policy.cashier_credit_rp: must be rupiah", "such as 50000"),
    ("[policy]\nprice_rounding_rp = 1.5", "policy.price_rounding_rp: must be rupiah", "not 1.5"),
    ("[payment]\nmethods = [\"qris\", \"qris\"]", "payment.methods: names a method twice", "once"),
    ("[payment]\nmethods = [\"cash\"]", "payment.methods.0: \"cash\" is not one of", "qris"),
    ("[router\naddress = 1", "is not TOML", "kuotad.toml"),
];

#[test]
fn a_bad_file_is_told_by_key_and_reason() {
    for (text, starts, contains) in BAD_FILES {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(starts) && error.contains(contains), "{text}\n  gave: {error}");
        // A mistake of a whole section, or of the file's form, shows where it is.
        let is_shown = text == "[relay]" || text.starts_with("[router\n");
        assert!(is_shown || error.lines().count() == 1, "one mistake, one line: {error}");
    }
}

#[test]
fn no_mistake_of_any_key_is_told_in_the_words_of_programs() {
    let theirs = [
        "u64",
        "u32",
        "u16",
        "i64",
        "string",
        "sequence",
        "struct",
        "bool",
        "boolean",
        "map",
        "unsigned",
        "signed",
        "float",
        "socket",
        "variant",
        "enum",
        "syntax",
        "option",
        "type",
        "invalid",
        "expected",
        "deserialize",
    ];
    let values = [
        "true",
        "-1",
        "1.5",
        "\"?\"",
        "[true]",
        "[\"?\"]",
        "{ a = 1 }",
        "2026-11-29",
        "\"\"",
        "99999999999999999999",
    ];
    let mut told = 0;
    for row in rows() {
        let (section, key) = row
            .path
            .rsplit_once('.')
            .map_or((String::new(), row.path), |(section, key)| (format!("[{section}]\n"), key));
        for value in values {
            let text = format!("{section}{key} = {value}");
            let Err(error) = parse(&text) else { continue };
            told += 1;
            let plain = error.split(" (kuotad.toml").next().unwrap();
            let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase);
            let odd: Vec<String> = words.filter(|word| theirs.contains(&word.as_str())).collect();
            assert!(odd.is_empty() || plain.contains("is not TOML"), "{text}: {error}");
        }
    }
    assert!(told > 300, "{told}");
}

#[test]
fn every_mistake_is_found_at_once_with_its_place() {
    let env = Environment::from([("KUOTA__ROUTER__ADRESS", "a:1"), ("KUOTA__POLICY__BLOCK_OVERDUE", "ja")]);
    let text = "languge = \"id\"\n[policy]\ndebt_limit = \"x\"\nfup_rate = \"y\"";
    let error = Config::parse(text, "kuotad.toml", &env).unwrap_err();
    let keys: Vec<&str> = error.findings.iter().map(|f| f.key.as_str()).collect();
    let expected =
        ["languge", "policy.debt_limit", "policy.fup_rate", "policy.block_overdue", "router.adress"];
    assert_eq!(keys, expected, "{error}");
    assert!(error.to_string().contains("(environment KUOTA__ROUTER__ADRESS)"), "{error}");
    assert!(error.findings[0].to_string().ends_with("(kuotad.toml)"), "{error}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = Environment::from([
        ("KUOTA__ROUTER__ADDRESS", "router.lan:8729"),
        ("KUOTA__ROUTER__LISTS__FUP", "slow"),
        ("KUOTA__PORTAL__CONTACT", "0812"),
        ("KUOTA__PORTAL__CLIENT_NETWORKS", "10.1.0.0/16, 10.2.0.0/16"),
        ("KUOTA__PAYMENT__METHODS", "[\"gopay\", 'qris']"),
        ("KUOTA__POLICY__OVERAGE", "debt"),
        ("KUOTA__POLICY__ENFORCEMENT", "on"),
        ("KUOTA__POLICY__DEBT_LIMIT", "1 GB"),
        ("KUOTA__POLICY__BLOCK_OVERDUE", "false"),
        ("KUOTA__POLICY__OVERDUE_GRACE_DAYS", "3"),
        ("KUOTA__RELAY__URL", "https://relay.example/"),
        ("KUOTA__RELAY__SITE", "7"),
        ("KUOTA_OTHER", "is not a setting"),
    ]);
    let text =
        "[router]\naddress = \"10.0.0.1:8728\"\nusername = \"kept\"\n[policy]\nenforcement = \"dry-run\"";
    let config = Config::parse(text, "kuotad.toml", &env).unwrap();
    assert_eq!(config.router.address.to_string(), "router.lan:8729");
    assert_eq!(config.router.username, "kept");
    assert_eq!(config.router.lists.fup.as_str(), "slow");
    assert_eq!(config.router.lists.active.as_str(), "klient_aktif");
    assert_eq!(config.portal.contact, "0812");
    assert_eq!(config.portal.client_networks.len(), 2);
    assert_eq!(config.payment.methods, [OnlineMethod::Gopay, OnlineMethod::Qris]);
    assert_eq!((config.policy.overage, config.policy.enforcement), (Overage::Debt, Enforcement::On));
    assert_eq!(config.policy.debt_limit, Bytes::gb(1));
    assert_eq!((config.policy.block_overdue, config.policy.overdue_grace_days), (false, 3));
    let relay = config.relay.unwrap();
    assert_eq!((relay.url.as_str(), relay.site.as_str()), ("https://relay.example", "7"));
}

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nowhere.toml");
    let error = Config::load(&path, &none()).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()) && error.contains("--config"), "{error}");
    std::fs::write(&path, SHIPPED).unwrap();
    assert_eq!(Config::load(&path, &none()).unwrap(), Config::default());
    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(Config::load(&path, &none()).is_err());
}

#[test]
fn secrets_are_read_apart_and_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = parse(&shipped_with_examples()).unwrap();
    config.router.password_file = dir.path().join("router.password");
    let relay = config.relay.as_mut().unwrap();
    relay.token_file = dir.path().join("relay.token");
    let error = config.load_secrets(&none()).unwrap_err();
    let keys: Vec<&str> = error.findings.iter().map(|f| f.key.as_str()).collect();
    assert_eq!(keys, ["router.password_file", "relay.token_file"]);

    std::fs::write(&config.router.password_file, "hunter2\n").unwrap();
    let credentials = dir.path().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::write(credentials.join("relay.token"), "t0ken\n").unwrap();
    let env = Environment::from([("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())]);
    let secrets = config.load_secrets(&env).unwrap();
    assert_eq!(secrets.router_password.expose(), "hunter2");
    assert_eq!(secrets.relay_token.as_ref().unwrap().expose(), "t0ken");
    let shown = format!("{secrets:?} {config:?} {}", config.effective_toml());
    assert!(!shown.contains("hunter2") && !shown.contains("t0ken"));
}

#[test]
fn the_routers_encryption_is_made_of_what_the_keys_say() {
    let fixture = |name: &str| format!("{}/tests/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let tls = |text: &str| parse(&format!("[router]\n{text}")).unwrap().router.client_tls();
    assert!(matches!(tls("tls = \"off\"").unwrap(), RouterTls::Off));
    let pinned = format!("tls = \"pinned\"\ntls_fingerprint = \"{}\"", "AB:".repeat(31) + "AB");
    assert!(matches!(tls(&pinned).unwrap(), RouterTls::Pinned(pin) if pin == [0xAB; 32]));
    let verify = |file: &str| tls(&format!("tls = \"verify\"\ntls_ca_file = \"{file}\""));
    assert!(matches!(verify(&fixture("ca.pem")).unwrap(), RouterTls::Verify(_)));
    for (file, why) in [("nowhere.pem", "cannot be read"), ("README.md", "no certificate of an authority")] {
        let error = verify(&fixture(file)).unwrap_err().to_string();
        assert!(error.starts_with("router.tls_ca_file: ") && error.contains(file), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

/// For every key another value than its default, as a variable has it.
const OTHER_VALUES: [(&str, &str); 60] = [
    ("data_dir", "/srv/kuota"),
    ("timezone", "Asia/Makassar"),
    ("language", "en"),
    ("name", "Warung"),
    ("colour", "#1d4ed8"),
    ("source_url", "https://src.example"),
    ("admin.listen", "127.0.0.1:9000"),
    ("admin.allowed_networks", "10.0.0.0/8"),
    ("admin.hosts", "kuota.lan"),
    ("admin.metrics_networks", "10.0.0.9"),
    ("portal.listen", "127.0.0.1:9001"),
    ("portal.public_url", "http://10.0.0.2:8081"),
    ("portal.client_networks", "10.9.0.0/24"),
    ("portal.registration", "payment"),
    ("portal.contact", "0812"),
    ("router.address", "10.0.0.1:8728"),
    ("router.tls", "pinned"),
    ("router.tls_fingerprint", "1111111111111111111111111111111111111111111111111111111111111111"),
    ("router.tls_ca_file", "/etc/ca.pem"),
    ("router.username", "agen"),
    ("router.password_file", "/etc/sandi"),
    ("router.usage_source", "hotspot-host"),
    ("router.poll_interval", "5s"),
    ("router.timeout", "3s"),
    ("router.lists.active", "a1"),
    ("router.lists.fup", "a2"),
    ("router.lists.habis", "a3"),
    ("router.lists.expired", "a4"),
    ("router.lists.inactive", "a5"),
    ("router.lists.blocked", "a6"),
    ("store.commit_interval", "5s"),
    ("store.usage_hours_kept", "30d"),
    ("policy.enforcement", "dry-run"),
    ("policy.overage", "debt"),
    ("policy.debt_limit", "900 MB"),
    ("policy.fup_threshold", "1 GB"),
    ("policy.fup_rate", "2M/2M"),
    ("policy.block_overdue", "false"),
    ("policy.overdue_grace_days", "3"),
    ("policy.block_hour", "06:00"),
    ("policy.debt_due", "14d"),
    ("policy.expiry", "extend"),
    ("policy.price_rounding_rp", "500"),
    ("policy.max_devices_per_user", "9"),
    ("policy.cashier_credit_rp", "7000"),
    ("policy.pay_window", "3m"),
    ("policy.offline_grace", "1h"),
    ("backup.every", "1h"),
    ("backup.keep", "30d"),
    ("backup.target", "usb:KUOTA"),
    ("backup.recipient_file", "/etc/kuota/copies.recipient"),
    ("backup.s3.endpoint", "https://s3.example"),
    ("backup.s3.region", "auto"),
    ("backup.s3.key_id", "NOTREAL"),
    ("backup.s3.secret_file", "/etc/kuota/other.secret"),
    ("clock.trust", "always"),
    ("relay.url", "https://other.example"),
    ("relay.site", "lain"),
    ("relay.token_file", "/etc/lain"),
    ("payment.mode", "snap"),
];
/// Keys that have one value only.
const ONE_VALUE: [&str; 1] = ["router.usage_source"];

/// A configuration with every optional part, and one key changed.
fn with_key(key: &str, value: &str) -> Config {
    let name = format!("KUOTA__{}", key.to_uppercase().replace('.', "__"));
    let env = Environment::from([(name.as_str(), value)]);
    Config::parse(&shipped_with_examples(), "kuotad.toml", &env).unwrap_or_else(|e| panic!("{key}: {e}"))
}

#[test]
fn a_key_takes_effect_at_a_reload_everywhere_or_at_the_next_start_everywhere() {
    let running = parse(&shipped_with_examples()).unwrap();
    let tried: Vec<&str> = OTHER_VALUES.iter().map(|(key, _)| *key).chain(["payment.methods"]).collect();
    let untried: Vec<String> =
        running.keys().into_keys().filter(|key| !tried.contains(&key.as_str())).collect();
    assert!(untried.is_empty(), "give these keys another value here: {untried:?}");
    let live: Vec<&str> =
        rows().filter(|key| key.effect == TakesEffect::AtReload).map(|key| key.path).collect();
    for (key, value) in OTHER_VALUES.into_iter().chain([("payment.methods", "qris")]) {
        let new = with_key(key, value);
        assert_eq!(new == running, ONE_VALUE.contains(&key), "{key}");
        let mut in_force = running.clone();
        in_force.take_live(&new);
        let is_live = live.contains(&key);
        assert_eq!(in_force, if is_live { new.clone() } else { running.clone() }, "{key}");
        // What the engine is told comes from the configuration in force and from nothing else.
        let rules = (running.policy(), in_force.policy(), new.policy());
        assert_eq!(rules.1, if is_live { rules.2 } else { rules.0 }, "{key}");
    }
    for key in rows() {
        assert!(running.keys().contains_key(key.path), "{} is no key", key.path);
    }
}
