//! Help, and what is wrong with arguments, in the language of the reader. clap writes both in English; for readers of
//! Indonesian the tree of commands gets other texts, and an error is a sentence made from its kind and its parts. A text
//! without a translation fails a test.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::args::Args;
use super::help_texts::INDONESIAN;
use super::texts::{ArgumentWords, language, spoken};
use crate::agent::config::Config;
use crate::agent::console::texts::people::People;
use crate::domain::id::MacError;
use crate::domain::units::{AmountError, RupiahError};
use crate::settings::Environment;
use crate::ui::catalogue::fill;
use crate::ui::language::Language;

/// The arguments of this process. Help, and what is wrong with them, is printed, and ends the process.
pub fn arguments() -> Args {
    let given: Vec<OsString> = std::env::args_os().collect();
    let error = match read(Args::command(), &given) {
        Ok(args) => return args,
        Err(error) => error,
    };
    let code = match reader(&given) {
        Language::English => {
            let _ = error.print();
            error.exit_code()
        }
        Language::Indonesian => {
            let (text, code) = told(&given, &error);
            // A closed pipe is no error.
            let _ = if code == 0 {
                std::io::stdout().lock().write_all(text.as_bytes())
            } else {
                std::io::stderr().lock().write_all(text.as_bytes())
            };
            code
        }
    };
    std::process::exit(code)
}

fn read(command: Command, given: &[OsString]) -> Result<Args, clap::Error> {
    let matches = command.try_get_matches_from(given)?;
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut Args::command()))
}

/// The language in which the arguments say to write; else that of the site whose configuration they name.
fn reader(given: &[OsString]) -> Language {
    let asked = value_of(given, "--lang").and_then(|text| language(&text).ok());
    let path = value_of(given, "--config").unwrap_or_else(|| "/etc/kuota/kuotad.toml".to_owned());
    let site =
        || Config::load(&PathBuf::from(path), &Environment::process()).ok().map(|config| config.language);
    spoken(asked, if asked.is_some() { None } else { site() })
}

/// The value of an option, wherever it stands, before anything was parsed.
fn value_of(given: &[OsString], option: &str) -> Option<String> {
    let mut texts = given.iter().skip(1).filter_map(|text| text.to_str());
    while let Some(text) = texts.next() {
        match text.strip_prefix(option) {
            Some("") => return texts.next().map(str::to_owned),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            Some(_) | None => {}
        }
    }
    None
}

/// Help or error in Indonesian, and the exit code.
fn told(given: &[OsString], error: &clap::Error) -> (String, i32) {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_help && let Err(help) = read(indonesian(Args::command()), given) {
        return (help.render().to_string().replace("[OPTIONS]", "[PILIHAN]"), help.exit_code());
    }
    (sentence(error), error.exit_code())
}

/// The tree of commands with texts in Indonesian.
fn indonesian(mut command: Command) -> Command {
    // Adds the arguments and commands that are there without being declared.
    command.build();
    translated(command)
}

fn translated(command: Command) -> Command {
    let about = command.get_about().map(|text| translation(&text.to_string()));
    let long = command.get_long_about().map(|text| translation(&text.to_string()));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .help_template("{about-with-newline}\nPemakaian: {usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("Perintah")
        .subcommand_value_name("PERINTAH")
        .mut_args(argument);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, translated))
}

fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() { "Isian" } else { "Pilihan" };
    let mut more = String::new();
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let takes_value = arg.get_action().takes_values();
    if takes_value && !defaults.is_empty() {
        more = format!(" [bawaan: {}]", defaults.join(", "));
    }
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_value && !choices.is_empty() {
        more = format!("{more} [salah satu: {}]", choices.join(", "));
    }
    let help = arg.get_help().map(|text| translation(&text.to_string()) + &more);
    let long = arg.get_long_help().map(|text| translation(&text.to_string()) + &more);
    // Under a heading of its own clap sorts them by name.
    let arg = match arg.get_index() {
        Some(place) => arg.display_order(place),
        None => arg,
    };
    let mut arg = arg.help_heading(heading).hide_default_value(true).hide_possible_values(true);
    if let Some(help) = help {
        arg = arg.help(help);
    }
    if let Some(long) = long {
        arg = arg.long_help(long);
    }
    arg
}

/// The text in Indonesian; the text itself where there is none.
fn translation(english: &str) -> String {
    known(english).unwrap_or(english).to_owned()
}

fn known(english: &str) -> Option<&'static str> {
    let plain = if english.ends_with("..") { english } else { english.trim_end_matches('.') };
    INDONESIAN.iter().find(|(known, _)| *known == plain).map(|(_, text)| *text)
}

/// What is wrong with the arguments, with how they are used.
fn sentence(error: &clap::Error) -> String {
    let words = ArgumentWords::of(Language::Indonesian);
    let Some(what) = wrong(words, error) else { return error.render().to_string() };
    let mut out = fill(words.wrong, &[&what]) + "\n";
    if let Some(usage) = error.get(ContextKind::Usage) {
        let usage = usage.to_string().replace("Usage:", words.usage);
        let usage = usage.replace("[OPTIONS]", "[PILIHAN]").replace("<COMMAND>", "<PERINTAH>");
        out = format!("{out}\n{usage}\n");
    }
    format!("{out}\n{}\n", words.more_help)
}

fn wrong(words: &ArgumentWords, error: &clap::Error) -> Option<String> {
    let part = |kind| error.get(kind).map(listed).unwrap_or_default();
    let (arg, value) = (part(ContextKind::InvalidArg), part(ContextKind::InvalidValue));
    let suggested =
        |kind| error.get(kind).map(|text| fill(words.suggested, &[&listed(text)])).unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => fill(words.no_value, &[&arg]),
        ErrorKind::InvalidValue => fill(words.bad_choice, &[&value, &arg, &part(ContextKind::ValidValue)]),
        ErrorKind::ValueValidation => fill(words.bad_value, &[&value, &arg, &reason(error, &value)]),
        ErrorKind::UnknownArgument => fill(words.unknown, &[&arg]) + &suggested(ContextKind::SuggestedArg),
        ErrorKind::InvalidSubcommand => {
            let name = part(ContextKind::InvalidSubcommand);
            fill(words.unknown_command, &[&name]) + &suggested(ContextKind::SuggestedSubcommand)
        }
        ErrorKind::ArgumentConflict => fill(words.conflict, &[&arg, &part(ContextKind::PriorArg)]),
        ErrorKind::MissingRequiredArgument => fill(words.missing, &[&arg]),
        ErrorKind::MissingSubcommand => words.missing_command.to_owned(),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            fill(words.number_of_values, &[&arg])
        }
        ErrorKind::InvalidUtf8 => words.not_utf8.to_owned(),
        _ => return None,
    })
}

/// Why a value cannot be read. What people type most has a sentence of its own.
fn reason(error: &clap::Error, value: &str) -> String {
    let people = People::of(Language::Indonesian);
    let Some(source) = error.source() else { return String::new() };
    if let Some(amount) = source.downcast_ref::<AmountError>() {
        return match amount {
            AmountError::NoUnit { readings: [first, second], .. } => {
                fill(people.amount_unit, &[value, first, second])
            }
            AmountError::Ambiguous { readings: [first, second], .. } => {
                fill(people.amount_two, &[value, first, second])
            }
            AmountError::Nothing(_) => fill(people.amount_zero, &[value]),
            AmountError::Malformed(_) | AmountError::TooLarge => fill(people.bad_amount, &[value]),
        };
    }
    if source.downcast_ref::<RupiahError>().is_some() {
        return fill(people.bad_rupiah, &[value]);
    }
    if source.downcast_ref::<MacError>().is_some() {
        return fill(people.bad_mac, &[value]);
    }
    source.to_string()
}

fn listed(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(all) => all.join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn in_indonesian(line: &str) -> (String, i32) {
        let given = given(line);
        told(&given, &read(Args::command(), &given).unwrap_err())
    }

    /// Every text of the tree.
    fn texts(command: &Command, found: &mut Vec<String>) {
        let of_command = [command.get_about(), command.get_long_about()].into_iter().flatten();
        found.extend(of_command.map(ToString::to_string));
        for arg in command.get_arguments() {
            found
                .extend([arg.get_help(), arg.get_long_help()].into_iter().flatten().map(ToString::to_string));
        }
        command.get_subcommands().for_each(|sub| texts(sub, found));
    }

    #[test]
    fn every_text_of_the_help_is_in_indonesian() {
        let mut command = Args::command();
        command.build();
        let mut found = Vec::new();
        texts(&command, &mut found);
        assert!(found.len() > 200, "{}", found.len());
        let missing: Vec<&String> = found.iter().filter(|text| known(text).is_none()).collect();
        assert!(missing.is_empty(), "without a line in src/cli/help_texts.rs: {missing:#?}");
        // Which of clap's own texts are said depends on the command.
        let declared = INDONESIAN.iter().filter(|(english, _)| !english.starts_with("Print help"));
        for (english, _) in declared {
            let is_said = |text: &String| text == english || text.strip_suffix('.') == Some(*english);
            assert!(found.iter().any(is_said), "said nowhere: {english}");
        }
    }

    #[test]
    fn help_has_no_english_headings() {
        for line in ["kuotad --help", "kuotad user buy --help", "kuotad debt -h", "kuotad help user"] {
            let (help, code) = in_indonesian(line);
            assert_eq!(code, 0, "{line}");
            assert!(help.contains("Pemakaian: kuotad"), "{help}");
            for english in
                ["Usage", "Options:", "Commands:", "Arguments:", "default", "possible values", "Print "]
            {
                assert!(!help.contains(english), "{line}: {english} is in {help}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_arguments_is_a_sentence() {
        for (line, says) in [
            ("kuotad jual", "perintah \u{201c}jual\u{201d} tidak dikenal"),
            ("kuotad user lst", "maksud Anda list?"),
            ("kuotad user list --statu x", "--statu tidak dikenal; maksud Anda --status?"),
            ("kuotad user credit", "masih kurang: "),
            ("kuotad user credit Budi 10 --reason x", "Tulis 10 MB atau 10 GB"),
            ("kuotad package add P --quota 1GB --days 7 --price-rp 50,000", "bukan rupiah bulat"),
            ("kuotad user bind Budi 02:00", "bukan alamat MAC"),
            ("kuotad --lang fr user list", "tidak dapat diterima"),
            ("kuotad --log-format xml user list", "pilih salah satu: auto, text, json"),
            ("kuotad debt settle Budi --method cash --all --amount-rp 5000", "tidak dapat dipakai bersama"),
            ("kuotad --config", "perlu nilai"),
        ] {
            let (text, code) = in_indonesian(line);
            assert_eq!(code, 2, "{line}");
            assert!(text.starts_with("kesalahan: ") && text.contains(says), "{line}: {text}");
            for english in ["error:", "Usage:", "For more"] {
                assert!(!text.contains(english), "{line}: {text}");
            }
        }
    }

    #[test]
    fn the_language_is_found_before_anything_is_parsed() {
        let found = |line: &str| value_of(&given(line), "--lang");
        assert_eq!(found("kuotad --lang id user"), Some("id".to_owned()));
        assert_eq!(found("kuotad user --lang=en --help"), Some("en".to_owned()));
        assert_eq!(found("kuotad user --language=en"), None);
        assert_eq!(found("kuotad --lang"), None);
        assert_eq!(reader(&given("kuotad --lang=id x")), Language::Indonesian);
    }
}
