use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

const SHIPPED: &str = include_str!("../../config/relay.toml");
/// What must be written; everything else has a default.
const LEAST: &str = "[[merchant]]\nid = \"m1\"\nserver_key_file = \"/etc/kuota-relay/m1.key\"\n\
                     [[merchant.site]]\nid = \"site-1\"\ntoken_sha256_file = \"/etc/kuota-relay/site-1.sha256\"\n";
const SANDBOX_KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
const PRODUCTION_KEY: &str = "Mid-server-TESTKEYaaaaaaaaaaaaaaa";

fn none() -> Environment {
    Environment::default()
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, "relay.toml", &none()).map_err(|e| e.to_string())
}

fn with(more: &str) -> Result<Config, String> {
    parse(&LEAST.replacen("\n[[merchant.site]]", &format!("\n{more}\n[[merchant.site]]"), 1))
}

#[test]
fn the_shipped_file_is_the_defaults() {
    let shipped = parse(SHIPPED).unwrap();
    assert_eq!(shipped, parse(LEAST).unwrap());
    assert_eq!(Config { merchant: Vec::new(), ..shipped }, Config::default());
}

#[test]
fn the_shipped_file_shows_every_key() {
    let printed = parse(SHIPPED).unwrap().effective_toml();
    for line in printed.lines().filter(|line| !line.is_empty()) {
        let key = line.split(" = ").next().unwrap();
        let is_shown = SHIPPED.lines().any(|l| l == key || l.split(" = ").next() == Some(key));
        assert!(is_shown, "config/relay.toml lacks {key}");
    }
}

#[test]
fn what_is_printed_reads_back_equal() {
    let changed = format!(
        "listen = \"[::1]:0\"\npublic_url = \"https://relay.example/pay/\"\ndatabase = \"sqlite:relay.db\"\n{LEAST}\
         [[merchant.site]]\nid = \"site-2\"\ntoken_sha256_file = \"b\"\n[[merchant]]\nid = \"m2\"\n\
         environment = \"production\"\nserver_key_file = \"c\"\nprevious_key_files = [\"d\", \"e\"]\n\
         merchant_id = \"G123\"\nfee_imposition = true\ncore_url = \"http://127.0.0.1:1/core\"\nsnap_url = \"\"\n"
    );
    let server = format!(
        "database = \"postgres://u@a,b:5433/db?sslrootcert=/ca.pem\"\ndatabase_password_file = \"/pw\"\n\
         database_connections_max = 2\n{LEAST}"
    );
    for text in [SHIPPED, LEAST, &changed, &server] {
        let config = parse(text).unwrap();
        let printed = config.effective_toml();
        assert_eq!(parse(&printed).unwrap(), config, "{printed}");
    }
    let config = parse(&changed).unwrap();
    assert_eq!(config.public_url.as_ref().unwrap().as_str(), "https://relay.example/pay");
    assert_eq!(config.database, Database::Sqlite("relay.db".into()));
    assert_eq!(config.merchant_of_site("site-2").unwrap().id, "m1");
    assert_eq!(config.merchant("m2").unwrap().environment, GatewayEnvironment::Production);
    assert!(config.merchant("m3").is_none() && config.merchant_of_site("m1").is_none());
}

#[test]
fn a_bad_file_is_told_by_key_and_reason() {
    let site = |id: &str| format!("[[merchant.site]]\nid = \"{id}\"\ntoken_sha256_file = \"x\"\n");
    let merchant = |id: &str| format!("[[merchant]]\nid = \"{id}\"\nserver_key_file = \"x\"\n");
    let rows = [
        (format!("listn = \"a\"\n{LEAST}"), "listn: unknown key", "public_url"),
        (format!("listen = \"8090\"\n{LEAST}"), "listen: ", "an address and a port"),
        (format!("public_url = \"relay.example\"\n{LEAST}"), "public_url: not a web address", "https://"),
        (format!("connections_max = 15\n{LEAST}"), "connections_max: 15 is out of range", "16 to 65536"),
        (format!("public_url = 3\n{LEAST}"), "public_url: must be", "text"),
        (
            format!("database = \"postgres://u@h\"\n{LEAST}"),
            "database: names no database",
            "postgres://user@host",
        ),
        (format!("database = \"postgres:db\"\n{LEAST}"), "database: is no database", "postgres://user@host"),
        (format!("database = \"postgres://u:geheim@h/db\"\n{LEAST}"), "database: has a password", "_file"),
        (
            format!("database = \"postgres://u@h/db?sslmode=prefer\"\n{LEAST}"),
            "database: has an sslmode",
            "full",
        ),
        (
            format!("database = \"postgres://u@h/db?sslmod=x\"\n{LEAST}"),
            "database: is no PostgreSQL",
            "sslmod",
        ),
        (format!("database_connections_max = 1\n{LEAST}"), "database_connections_max: 1 is out", "2 to 500"),
        (format!("database = \"sqlite:\"\n{LEAST}"), "database: is no database", "sqlite:/var/lib"),
        (format!("database = \"/var/lib/x.db\"\n{LEAST}"), "database: is no database", "sqlite:/var/lib"),
        (format!("database = \"sqlite::memory:\"\n{LEAST}"), "database: memory forgets", "sqlite:/var/lib"),
        (format!("database = \"sqlite:/var/lib/\"\n{LEAST}"), "database: names a folder", "sqlite:/var/lib"),
        ("merchant = \"m1\"".to_owned(), "merchant: must be", "a list in square brackets"),
        ("[[merchant]]\nserver_key_file = \"a\"".to_owned(), "merchant.0.id: is missing", "set it"),
        ("[[merchant]]\nid = \"a\"".to_owned(), "merchant.0.server_key_file: is missing", "set it"),
        (
            format!("{LEAST}[[merchant.site]]\nid = \"b\""),
            "merchant.0.site.1.token_sha256_file: is missing",
            "set it",
        ),
        (format!("{LEAST}token = \"x\""), "merchant.0.site.0.token: unknown key", "token_sha256_file"),
        (
            LEAST.replace("m1\"\n", "m1\"\nserver_key = \"x\"\n"),
            "merchant.0.server_key: unknown key",
            "snap_url",
        ),
        (LEAST.replace("\"m1\"", "\"m/1\""), "merchant.0.id: \"m/1\" is no id", "letters"),
        (LEAST.replace("\"m1\"", "\"\""), "merchant.0.id: \"\" is no id", "letters"),
        (LEAST.replace("\"site-1\"", "\"..\""), "merchant.0.site.0.id: \"..\" is no id", "point"),
        (LEAST.replace("/etc/kuota-relay/m1.key", " "), "merchant.0.server_key_file: is empty", "file"),
        (merchant("a") + &merchant("a"), "merchant.1.id: \"a\" is taken by merchant.0.id", "of its own"),
        (
            merchant("a") + &site("s") + &merchant("b") + &site("s"),
            "merchant.1.site.0.id: \"s\" is taken by merchant.0.site.0.id",
            "of its own",
        ),
    ];
    for (text, starts, contains) in &rows {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(starts) && error.contains(contains), "{text}\n  gave: {error}");
        assert_eq!(error.lines().count(), 1, "one mistake, one line: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
    let rows = [
        ("environment = \"live\"", "merchant.0.environment: \"live\" is not one of", "sandbox, production"),
        ("merchant_id = \"G 1\"", "merchant.0.merchant_id: is no merchant id", "dashboard"),
        ("core_url = \"ftp://a\"", "merchant.0.core_url: not a web address", "http://"),
        ("previous_key_files = [\"\"]", "merchant.0.previous_key_files.0: is empty", "file"),
        ("fee_imposition = \"yes\"", "merchant.0.fee_imposition: must be", "true or false"),
    ];
    for (line, starts, contains) in rows {
        let error = with(line).expect_err(line);
        assert!(error.starts_with(starts) && error.contains(contains), "{line}\n  gave: {error}");
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = Environment::from([
        ("KUOTA_RELAY__LISTEN", "127.0.0.1:9"),
        ("KUOTA_RELAY__PUBLIC_URL", "https://relay.example"),
        ("KUOTA_RELAY__DATABASE", "sqlite:/srv/relay.db"),
        ("KUOTA__ROUTER__ADDRESS", "is a setting of the agent"),
    ]);
    let config = Config::parse(LEAST, "relay.toml", &env).unwrap();
    assert_eq!(config.listen.port(), 9);
    assert!(config.public_url.unwrap().is_https());
    assert_eq!(config.database, Database::Sqlite("/srv/relay.db".into()));
    let env = Environment::from([("KUOTA_RELAY__LISTN", "a"), ("KUOTA_RELAY__MERCHANT", "m1")]);
    let error = Config::parse(LEAST, "relay.toml", &env).unwrap_err().to_string();
    assert!(
        error.contains("listn: unknown key") && error.contains("(environment KUOTA_RELAY__LISTN)"),
        "{error}"
    );
    assert!(error.contains("merchant.0: must be"), "{error}");
}

#[test]
fn addresses_in_clear_are_warned_of_unless_they_stay_here() {
    let config = format!(
        "public_url = \"http://relay.example\"\n{}",
        LEAST.replacen(
            "\n[[merchant.site]]",
            "\ncore_url = \"http://10.0.0.1:81/x\"\nsnap_url = \"http://127.0.0.1:82\"\n[[merchant.site]]",
            1
        )
    );
    let keys = |config: &Config| config.warnings().into_iter().map(|w| w.key).collect::<Vec<_>>();
    assert_eq!(keys(&parse(&config).unwrap()), ["public_url", "merchant.0.core_url"]);
    assert!(keys(&parse(LEAST).unwrap()).is_empty());
    let no_site = parse("[[merchant]]\nid = \"m1\"\nserver_key_file = \"x\"").unwrap();
    assert_eq!(keys(&no_site), ["merchant.0.site"]);
}

/// A folder with a key and a token's hash, and the configuration that names them.
fn with_files(key: &str, hash: &str) -> (tempfile::TempDir, Config) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = parse(LEAST).unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    };
    config.merchant[0].server_key_file = file("m1.key", key);
    config.merchant[0].site[0].token_sha256_file = file("site-1.sha256", hash);
    (dir, config)
}

/// The SHA-256 of "token".
const HASH: &str = "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0";

#[test]
fn secrets_are_read_apart_and_never_shown() {
    let (dir, mut config) = with_files(&format!(" {SANDBOX_KEY}\r\n"), &format!("{}\n", HASH.to_uppercase()));
    let previous = dir.path().join("old.key");
    std::fs::write(&previous, "SB-Mid-server-OLDaaaa\n").unwrap();
    config.merchant[0].previous_key_files = vec![previous];
    let secrets = config.load_secrets(&none()).unwrap();
    let keys = secrets.merchant("m1").unwrap();
    assert_eq!(keys.server_key.expose(), SANDBOX_KEY);
    assert_eq!(keys.previous_keys[0].expose(), "SB-Mid-server-OLDaaaa");
    assert_eq!(secrets.token("site-1"), token_hash(HASH));
    assert!(secrets.token("site-1").is_some() && secrets.token("site-2").is_none());
    assert!(secrets.merchant("m2").is_none());
    let shown = format!("{secrets:?} {keys:?} {config:?} {}", config.effective_toml());
    assert!(!shown.contains("TESTKEY") && !shown.contains("OLDaaaa") && !shown.contains(HASH), "{shown}");
}

#[test]
fn credentials_replace_files() {
    let (dir, config) = with_files("from a file", "from a file");
    for (name, text) in [("m1.server_key", SANDBOX_KEY), ("site-1.token_sha256", HASH)] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let env = Environment::from([("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap())]);
    let secrets = config.load_secrets(&env).unwrap();
    assert_eq!(secrets.merchant("m1").unwrap().server_key.expose(), SANDBOX_KEY);
    assert_eq!(secrets.token("site-1"), token_hash(HASH));
}

#[test]
fn a_bad_secret_is_told_by_key_and_never_quoted() {
    let (dir, mut config) = with_files(SANDBOX_KEY, "secret-of-63-digits");
    config.merchant[0].server_key_file = dir.path().join("nowhere");
    let error = config.load_secrets(&none()).unwrap_err();
    let keys: Vec<&str> = error.findings.iter().map(|f| f.key.as_str()).collect();
    assert_eq!(keys, ["merchant.0.server_key_file", "merchant.0.site.0.token_sha256_file"]);
    let text = error.to_string();
    assert!(text.contains("nowhere") && text.contains("m1.server_key") && text.contains("64"), "{text}");
    assert!(!text.contains("secret-of"), "{text}");

    let (_dir, mut config) = with_files(SANDBOX_KEY, HASH);
    let other = SiteConfig { id: "site-2".to_owned(), ..config.merchant[0].site[0].clone() };
    config.merchant[0].site.push(other);
    let error = config.load_secrets(&none()).unwrap_err().to_string();
    assert!(
        error.contains("merchant.0.site.1.token_sha256_file: holds the same token as site site-1"),
        "{error}"
    );
}

#[test]
fn a_key_of_the_other_world_is_refused_unless_the_gateway_is_another() {
    use GatewayEnvironment::{Production, Sandbox};
    for (environment, key, core_url, is_refused) in [
        (Sandbox, SANDBOX_KEY, None, false),
        (Sandbox, PRODUCTION_KEY, None, true),
        (Sandbox, PRODUCTION_KEY, Some("http://127.0.0.1:1"), false),
        (Sandbox, "anything", None, false),
        (Production, PRODUCTION_KEY, None, false),
        (Production, SANDBOX_KEY, None, true),
        (Production, "anything", None, false),
    ] {
        let (_dir, mut config) = with_files(key, HASH);
        config.merchant[0].environment = environment;
        config.merchant[0].core_url = core_url.map(|url| url.parse().unwrap());
        let read = config.load_secrets(&none());
        assert_eq!(read.is_err(), is_refused, "{environment:?} {key} {core_url:?}");
        if let Err(error) = read {
            let error = error.to_string();
            assert!(error.starts_with("merchant.0.server_key_file: holds a key of "), "{error}");
            assert!(!error.contains("TESTKEY"), "{error}");
        }
    }
}

#[test]
fn the_databases_password_is_read_where_there_is_a_server() {
    let (dir, mut config) = with_files(SANDBOX_KEY, HASH);
    let none = Environment::default();
    config.database_password_file = dir.path().join("password");
    assert_eq!(config.load_database_password(&none).unwrap(), None, "a file needs none");
    config.database = "postgres://u@h/db".parse().unwrap();
    let error = config.load_database_password(&none).unwrap_err().to_string();
    assert!(error.starts_with("database_password_file: "), "{error}");
    std::fs::write(dir.path().join("password"), "from a file\n").unwrap();
    let read =
        |config: &Config, env| config.load_database_password(env).unwrap().unwrap().expose().to_owned();
    assert_eq!(read(&config, &none), "from a file");
    assert_eq!(config.warnings().len(), 1, "{:?}", config.warnings());
    let env = Environment::from([("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap())]);
    config.database_password_file = PathBuf::new();
    assert_eq!(config.load_database_password(&none).unwrap(), None);
    std::fs::write(dir.path().join("database_password"), "from a credential").unwrap();
    assert_eq!(read(&config, &env), "from a credential");
}

#[test]
fn a_key_that_everybody_can_read_is_warned_of() {
    let (_dir, config) = with_files(SANDBOX_KEY, HASH);
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
    let open = Permissions::from_mode(0o644);
    std::fs::set_permissions(&config.merchant[0].server_key_file, open).unwrap();
    let [warning] = &config.warnings()[..] else { panic!("{:?}", config.warnings()) };
    assert_eq!(warning.key, "merchant.0.server_key_file");
    assert!(warning.reason.contains("chmod 0600"), "{warning}");
}

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nowhere.toml");
    let error = Config::load(&path, &none()).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()) && error.contains("--config"), "{error}");
    std::fs::write(&path, SHIPPED).unwrap();
    assert_eq!(Config::load(&path, &none()).unwrap(), parse(SHIPPED).unwrap());
}
