//! `setup`: a configuration, the first owner and the router's script from a few answers.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use super::admins::ADMINS;
use super::api::Api;
use super::assemble::router_client;
use super::failure::Failure;
use super::output::{complain, say};
use super::texts::SetupWords;
use crate::agent::config::Config;
use crate::agent::config::files::is_default;
use crate::agent::router::site_plan::site_plan;
use crate::protocol::admin::admins::{AddAdmin, AdminView};
use crate::protocol::admin::auth::{LogIn, LoggedInView};
use crate::protocol::admin::values::{AdminName, Password, RoleName};
use crate::routeros::Router;
use crate::settings::without_mark;
use crate::settings::{Environment, HttpUrl, Network, RouterAddress, Secret};
use crate::store::Role;
use crate::tools::whole_file;
use crate::ui::catalogue::fill;
use crate::ui::language::Language;

/// The router's script, in the folder of the configuration.
const SCRIPT_FILE: &str = "router-setup.rsc";
/// The router's password, in the folder of the configuration.
const PASSWORD_FILE: &str = "router.password";
/// The longest answer.
const ANSWER_BYTES_MAX: usize = 4096;

/// The answers. On a terminal, missing ones are prompted for.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Host and port of the router's API.
    #[arg(long, value_name = "HOST:PORT")]
    router_address: Option<RouterAddress>,
    /// The agent's user on the router.
    #[arg(long, value_name = "NAME")]
    router_user: Option<String>,
    /// Read that user's password from a line of stdin, the first one.
    #[arg(long)]
    router_password_stdin: bool,
    /// How customers reach the portal.
    #[arg(long, value_name = "URL")]
    portal_url: Option<HttpUrl>,
    /// A network of customers' devices; may be given more than once.
    #[arg(long = "client-network", value_name = "NETWORK")]
    client_networks: Vec<Network>,
    /// How customers reach the owner.
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// Name of the hotspot, as customers read it.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Time zone: WIB, WITA, WIT, or a name like Asia/Jakarta.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Log-in name of the first owner.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Read the owner's password from a line of stdin, after the router's.
    #[arg(long)]
    owner_password_stdin: bool,
    /// Folder of the store.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Ask nothing: what is not given is as by default.
    #[arg(long)]
    yes: bool,
    /// Replace a configuration that is there.
    #[arg(long)]
    force: bool,
}

/// Every answer.
struct SetupAnswers {
    config: Config,
    text: String,
    router_password: Secret,
    owner: String,
    owner_password: Secret,
}

pub(super) async fn run(args: SetupArgs, path: &Path, language: Language) -> Result<(), Failure> {
    let words = SetupWords::of(language);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let folder = std::path::absolute(&folder).map_err(Failure::said)?;
    let password_file = folder.join(PASSWORD_FILE);
    if path.exists() && !args.force && !is_default(path) {
        return Err(is_there(path));
    }
    let answers = gather(&args, &mut Asker::new(args.yes, words), &password_file, language)?;
    if !args.force && is_other(&password_file, &answers.router_password) {
        return Err(is_there(&password_file));
    }
    let data_dir = &answers.config.data_dir;
    let keeper = keeper(data_dir);
    make_private(data_dir)?;
    let made = make_owner(&answers, args.force, words).await?;
    close_to_others(data_dir)?;
    let script = folder.join(SCRIPT_FILE);
    fs::create_dir_all(&folder).map_err(|error| refused(&folder, &error))?;
    replace(&password_file, answers.router_password.expose(), 0o600)?;
    replace(&script, &site_plan(&answers.config, None).script(), 0o644)?;
    // The configuration is written last: until it exists, the same answers complete an interrupted set-up.
    replace(path, &answers.text, 0o640)?;
    if let Some(keeper) = keeper {
        hand_over(keeper, &[path, &password_file], data_dir)?;
    }
    let written = fill(words.written, &[&path.display().to_string()]);
    say(&format!("{written}\n{made}\n{}", next_steps(&answers, &script, words)))?;
    test_router(&answers, words).await
}

fn is_there(file: &Path) -> Failure {
    Failure::worded(|words| words.exists, &[&file.display().to_string()])
}

/// Whether a file has a different secret. A truncated file has no secret.
fn is_other(file: &Path, secret: &Secret) -> bool {
    fs::read_to_string(file)
        .map_or_else(|_| file.exists(), |text| !text.trim().is_empty() && text.trim() != secret.expose())
}

/// Reads the answers missing from the flags, and checks all of them before anything is written.
fn gather(
    args: &SetupArgs,
    asker: &mut Asker,
    password_file: &Path,
    language: Language,
) -> Result<SetupAnswers, Failure> {
    let (default, words) = (Config::default(), asker.words);
    let name = asker.word(words.name, args.name.clone(), &default.name)?;
    let zone = asker.word(words.zone, args.timezone.clone(), "WIB")?;
    let usual = default.router.address.to_string();
    let address = asker.word(words.router, text(args.router_address.as_ref()), &usual)?;
    let user = asker.word(words.router_user, args.router_user.clone(), &default.router.username)?;
    let router_password =
        asker.secret(words.router_password, args.router_password_stdin, "--router-password-stdin")?;
    let usual = default.portal.public_url.as_str();
    let portal = asker.word(words.portal, text(args.portal_url.as_ref()), usual)?;
    let given = args.client_networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let given = Some(given).filter(|given| !given.is_empty());
    let usual = default.portal.client_networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let networks = asker.word(words.networks, given, &usual)?;
    let contact = asker.word(words.contact, args.contact.clone(), "")?;
    let owner = asker.word(words.owner, args.owner.clone(), "owner")?;
    let owner_password =
        asker.secret(words.owner_password, args.owner_password_stdin, "--owner-password-stdin")?;
    let data_dir = args.data_dir.clone().unwrap_or_else(|| default.data_dir.clone());
    let data_dir = std::path::absolute(data_dir).map_err(Failure::said)?;
    let [data, secret] = [&*data_dir, password_file].map(|path| {
        path.to_str().ok_or_else(|| Failure::said(format!("{}: the name is no UTF-8", path.display())))
    });
    let networks: Vec<&str> = networks.split([' ', ',']).filter(|network| !network.is_empty()).collect();
    // A JSON text or list of texts is valid TOML too.
    let text = format!(
        "# Written by kuotad setup. Every key and its default: kuotad check-config\n\
         data_dir = {}\nname = {}\ntimezone = {}\nlanguage = {}\n\n[portal]\npublic_url = {}\nclient_networks = {}\ncontact = {}\n\n\
         [router]\naddress = {}\nusername = {}\npassword_file = {}\n",
        json!(data?),
        json!(name),
        json!(zone_name(&zone)),
        json!(language),
        json!(portal),
        json!(networks),
        json!(contact),
        json!(address),
        json!(user),
        json!(secret?),
    );
    let config = Config::parse(&text, "your answers", &Environment::default())?;
    Ok(SetupAnswers { config, text, router_password, owner, owner_password })
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

/// The zone that people call by the letters on their clocks.
fn zone_name(zone: &str) -> &str {
    match zone.to_ascii_uppercase().as_str() {
        "WIB" => "Asia/Jakarta",
        "WITA" => "Asia/Makassar",
        "WIT" => "Asia/Jayapura",
        _ => zone,
    }
}

/// How often two passwords may differ.
const REPEATS_MAX: usize = 3;

/// Gets the answers that are not given by flags.
struct Asker {
    asks: bool,
    words: &'static SetupWords,
}

impl Asker {
    fn new(yes: bool, words: &'static SetupWords) -> Self {
        Self { asks: !yes && io::stdin().is_terminal() && io::stderr().is_terminal(), words }
    }

    /// An answer: given, prompted for, or the default.
    fn word(&mut self, question: &str, given: Option<String>, usual: &str) -> Result<String, Failure> {
        if let Some(given) = given {
            return Ok(given);
        }
        if !self.asks {
            return Ok(usual.to_owned());
        }
        let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
        prompt(&format!("{question}{shown}: "))?;
        let answer = line()?;
        Ok(if answer.trim().is_empty() { usual.to_owned() } else { answer.trim().to_owned() })
    }

    /// A password: from stdin if requested, else from the terminal without echo.
    fn secret(&mut self, question: &str, from_stdin: bool, flag: &str) -> Result<Secret, Failure> {
        let answer = if from_stdin {
            line()?
        } else if self.asks {
            self.repeated(question)?
        } else {
            return Err(Failure::worded(|words| words.no_terminal, &[flag]));
        };
        if answer.trim().is_empty() {
            return Err(Failure::said(format!("{question}: it is empty")));
        }
        Ok(Secret::new(answer.trim()))
    }
}

impl Asker {
    /// A hidden answer, typed twice: nobody sees a slip.
    fn repeated(&self, question: &str) -> Result<String, Failure> {
        for _ in 0..REPEATS_MAX {
            let answer = hidden(question)?;
            if answer.trim().is_empty() || hidden(&fill(self.words.again, &[question]))? == answer {
                return Ok(answer);
            }
            prompt(&format!("{}\n", self.words.differs))?;
        }
        Err(Failure::said(self.words.differs))
    }
}

/// An answer that the terminal does not show.
fn hidden(question: &str) -> Result<String, Failure> {
    prompt(&format!("{question}: "))?;
    let quiet = Quiet::begin();
    let answer = line();
    drop(quiet);
    answer
}

/// Prompts go to stderr; stdout is for results.
fn prompt(text: &str) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes()).and_then(|()| err.flush()).map_err(Failure::said)
}

/// A line of stdin without its end.
fn line() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::said(format!("stdin cannot be read: {error}")))?;
    if line.len() > ANSWER_BYTES_MAX {
        return Err(Failure::worded(|words| words.too_long, &[]));
    }
    Ok(without_mark(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// Turns off the terminal's echo until dropped, if the terminal supports it.
struct Quiet(bool);

impl Quiet {
    fn begin() -> Self {
        Self(stty("-echo"))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if self.0 {
            stty("echo");
            let _ = prompt("\n");
        }
    }
}

fn stty(word: &str) -> bool {
    let done = Command::new("stty").arg(word).stdout(Stdio::null()).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// Creates the first owner before any file is written, so that a refused password leaves nothing. After an
/// interrupted set-up an owner of that name exists already: the password must then be the same.
async fn make_owner(answers: &SetupAnswers, may_exist: bool, words: &SetupWords) -> Result<String, Failure> {
    let api = Api::open(&answers.config, Environment::process()).await?;
    let (owner, password) = (&answers.owner, answers.owner_password.expose());
    let admins: Vec<AdminView> = api.list(ADMINS, |page| page, usize::MAX).await?;
    let Some(known) = admins.iter().find(|admin| admin.name == *owner) else {
        let body = AddAdmin {
            name: AdminName(owner.clone()),
            role: RoleName(Role::Owner),
            password: Password(password.to_owned()),
        };
        api.post::<AdminView>(ADMINS, &body).await?;
        return Ok(fill(words.may_log_in, &[owner]));
    };
    if may_exist {
        return Ok(fill(words.as_before, &[owner]));
    }
    let log_in = LogIn { username: owner.clone(), password: password.to_owned(), otp: None };
    let is_same = api.post::<LoggedInView>("/api/v1/login", &log_in).await.is_ok();
    if known.role.0 == Role::Owner && is_same {
        return Ok(fill(words.may_log_in, &[owner]));
    }
    let folder = answers.config.data_dir.display().to_string();
    Err(Failure::worded(|words| words.owner_differs, &[&folder, owner]))
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    Failure::said(format!("{}: {error}", path.display()))
}

/// Replaces a file whole.
fn replace(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    whole_file::replace(path, text, mode).map_err(|error| refused(path, &error))
}

/// The service's user, who runs it and owns its files.
const SERVICE_USER: &str = "kuota";
/// The file with the system's users.
const USERS_FILE: &str = "/etc/passwd";

/// The owner of the data folder or, if it does not exist yet, the service's user if the system has one.
fn keeper(data_dir: &Path) -> Option<(u32, u32)> {
    match fs::metadata(data_dir) {
        Ok(folder) => Some((folder.uid(), folder.gid())),
        Err(_) => fs::read_to_string(USERS_FILE).ok().and_then(|users| ids_of(SERVICE_USER, &users)),
    }
}

/// User and group of a name, from the lines of `passwd`.
fn ids_of(name: &str, users: &str) -> Option<(u32, u32)> {
    let fields =
        users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

/// Creates the data folder if it is missing, readable by its owner only.
fn make_private(data_dir: &Path) -> Result<(), Failure> {
    if data_dir.exists() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o750).create(data_dir);
    made.map_err(|error| refused(data_dir, &error))
}

/// Makes the files that this set-up created in the data folder readable by their owner only, whatever the umask.
fn close_to_others(data_dir: &Path) -> Result<(), Failure> {
    let own = fs::metadata(data_dir).map(|folder| folder.uid());
    for entry in fs::read_dir(data_dir).map_err(|error| refused(data_dir, &error))?.flatten() {
        let path = entry.path();
        let Ok(file) = fs::symlink_metadata(&path) else { continue };
        let is_ours = file.uid() == 0 || own.as_ref().is_ok_and(|own| *own == file.uid());
        if file.is_file() && is_ours && file.permissions().mode() & 0o077 != 0 {
            match fs::set_permissions(&path, fs::Permissions::from_mode(0o600)) {
                // They belong to a running daemon whose group the caller is in; it sets their permissions itself.
                Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                    return Err(refused(&path, &error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Gives files created by root to the owner of the data folder, as whom the service runs.
fn hand_over((uid, gid): (u32, u32), files: &[&Path], data_dir: &Path) -> Result<(), Failure> {
    let by_root = |path: &Path| fs::metadata(path).is_ok_and(|file| file.uid() == 0);
    let inside = fs::read_dir(data_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let made = files.iter().copied().chain([data_dir]).map(Path::to_path_buf);
    for path in made.chain(inside) {
        if uid != 0 && by_root(&path) {
            chown(&path, Some(uid), Some(gid)).map_err(|error| refused(&path, &error))?;
        }
    }
    Ok(())
}

fn next_steps(answers: &SetupAnswers, script: &Path, words: &SetupWords) -> String {
    let port = answers.config.admin.listen.port().to_string();
    let (script, user) = (script.display().to_string(), &answers.config.router.username);
    fill(words.next, &[&script, SCRIPT_FILE, user, &port])
}

/// Tests the log-in to the router. It may fail, because the script creates the user.
async fn test_router(answers: &SetupAnswers, words: &SetupWords) -> Result<(), Failure> {
    let password = answers.router_password.clone();
    let router = router_client(&answers.config, move || password.clone())?;
    match router.read_hosts().await {
        Ok(hosts) => {
            let version = router.health().version.unwrap_or_default();
            say(&fill(words.router_answers, &[&version, &hosts.rows.len().to_string()]))
        }
        Err(error) => {
            complain(&fill(words.router_refuses, &[&error.to_string()]));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_user_is_found_among_the_systems() {
        let users = "root:x:0:0:root:/root:/bin/sh\nkuota-relay:x:7:8::/:/x\nkuota:x:990:991:kuota:/var/lib/kuota:/x\n";
        assert_eq!(ids_of("kuota", users), Some((990, 991)));
        assert_eq!(
            (ids_of("kuot", users), ids_of("kuota", "kuota"), ids_of("kuota", "")),
            (None, None, None)
        );
    }

    #[test]
    fn a_zone_is_named_as_clocks_name_it() {
        let rows = [("WIB", "Asia/Jakarta"), ("wita", "Asia/Makassar"), ("Wit", "Asia/Jayapura")];
        for (zone, name) in rows.into_iter().chain([("Asia/Pontianak", "Asia/Pontianak")]) {
            assert_eq!(zone_name(zone), name);
        }
    }

    #[test]
    fn a_password_file_that_was_cut_off_is_no_other_secret() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("router.password");
        let secret = Secret::new("rahasia");
        assert!(!is_other(&file, &secret));
        for (text, other) in [("rahasia\n", false), ("", false), ("lain\n", true)] {
            fs::write(&file, text).unwrap();
            assert_eq!(is_other(&file, &secret), other, "{text:?}");
        }
    }
}
