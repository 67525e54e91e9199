//! `packaging/man` and `packaging/completions`: generated from the command line, kept in the repository, so that packages
//! need no second build. `KUOTA_WRITE=1 cargo test --test program manuals` writes them.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use kuota::cli::Args;
use kuota::cli::relay::RelayArgs;

/// Rewrites the files instead of comparing them.
const WRITE: &str = "KUOTA_WRITE";
/// Not in packages, which are built without the simulators.
const NOT_PACKAGED: &str = "demo";

#[test]
fn the_manuals_are_those_of_the_command_line() {
    for command in programs() {
        let mut page = Vec::new();
        manual(&command, &mut page).unwrap();
        held(&format!("man/{}.1", command.get_name()), &page);
    }
}

#[test]
fn the_completions_are_those_of_the_command_line() {
    for mut command in programs() {
        let name = command.get_name().to_owned();
        for (shell, file) in [
            (Shell::Bash, name.clone()),
            (Shell::Zsh, format!("_{name}")),
            (Shell::Fish, format!("{name}.fish")),
        ] {
            let mut script = Vec::new();
            generate(shell, &mut command, name.clone(), &mut script);
            held(&format!("completions/{file}"), &script);
        }
    }
}

#[test]
fn every_command_has_a_section_in_the_manual() {
    for command in programs() {
        let file = packaging().join(format!("man/{}.1", command.get_name()));
        let page = std::fs::read_to_string(file).unwrap();
        let leaves = leaves(&command);
        assert!(leaves.len() > 10, "{}", command.get_name());
        for leaf in leaves {
            let heading = format!(".SH \"{}\"", section(&leaf));
            assert_eq!(page.matches(&heading).count(), 1, "{heading}");
        }
    }
}

fn programs() -> Vec<Command> {
    let built = |name: &'static str, command: Command| {
        let mut packaged = Command::new(name)
            .version(env!("CARGO_PKG_VERSION"))
            .about(command.get_about().cloned().unwrap_or_default())
            .args(command.get_arguments().cloned())
            .subcommands(command.get_subcommands().filter(|sub| sub.get_name() != NOT_PACKAGED).cloned())
            .subcommand_required(true);
        packaged.build();
        packaged
    };
    vec![built("kuotad", Args::command()), built("kuota-relay", RelayArgs::command())]
}

/// Commands that do something, not groups of them.
fn leaves(command: &Command) -> Vec<Command> {
    let subs: Vec<&Command> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    if subs.is_empty() {
        return vec![command.clone()];
    }
    subs.into_iter().flat_map(leaves).collect()
}

fn section(leaf: &Command) -> String {
    leaf.get_bin_name().unwrap_or_default().to_uppercase()
}

/// One page for a program: the arguments of all commands, then a section for each command.
fn manual(command: &Command, page: &mut dyn io::Write) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("kuota");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for leaf in leaves(command) {
        writeln!(page, ".SH \"{}\"", section(&leaf))?;
        if let Some(about) = leaf.get_long_about().or(leaf.get_about()) {
            writeln!(page, "{}", escaped(&about.to_string()))?;
        }
        let mut parts = Vec::new();
        let man = Man::new(own_arguments(leaf));
        man.render_synopsis_section(&mut parts)?;
        man.render_options_section(&mut parts)?;
        let parts = String::from_utf8(parts).map_err(io::Error::other)?;
        page.write_all(parts.replace("\n.SH ", "\n.SS ").as_bytes())?;
    }
    writeln!(page, ".SH \"SEE ALSO\"")?;
    writeln!(page, "/usr/share/doc/kuota*/, https://www.gnu.org/licenses/agpl\\-3.0.html")
}

/// Without the arguments of every command, which the page lists once.
fn own_arguments(leaf: Command) -> Command {
    leaf.mut_args(|arg| if arg.is_global_set() || arg.get_id() == "help" { arg.hide(true) } else { arg })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-").replace("\n.", "\n\\&.").replace("\n'", "\n\\&'")
}

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

fn held(name: &str, generated: &[u8]) {
    let path = packaging().join(name);
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_default();
    assert!(kept == generated, "{}: run `KUOTA_WRITE=1 cargo test --test program manuals`", path.display());
}
