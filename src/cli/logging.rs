//! The destination of log lines: the journal under systemd, else text or JSON on stderr.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// The journal if systemd started the process and it answers, else human text on stderr.
    #[default]
    Auto,
    /// Human text on stderr, also under systemd.
    Text,
    /// One JSON object a line on stderr.
    Json,
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Sets up logging for the process, once. `RUST_LOG` chooses what is logged, by target and level; if it is missing or invalid, everything
/// from `level` up is. Does nothing if logging is set up already, as in tests.
pub fn init(format: LogFormat, level: &str) {
    let (filter, filter_error) = filter(std::env::var("RUST_LOG").ok().as_deref(), level);
    let (output, journal_error) = output(format);
    let subscriber = tracing_subscriber::registry().with(output.with_filter(filter));
    if subscriber.try_init().is_err() {
        return;
    }
    if let Some(error) = filter_error {
        tracing::warn!(%error, "RUST_LOG makes no sense; logging from {level} up");
    }
    if let Some(error) = journal_error {
        tracing::warn!(%error, "the journal does not answer; logging to stderr");
    }
}

fn filter(directives: Option<&str>, level: &str) -> (Targets, Option<String>) {
    let usual = || level.parse().expect("every command's level is one");
    let Some(directives) = directives.filter(|d| !d.trim().is_empty()) else {
        return (usual(), None);
    };
    match directives.parse::<Targets>() {
        Ok(filter) => (filter, None),
        Err(error) => (usual(), Some(error.to_string())),
    }
}

fn output(format: LogFormat) -> (BoxedLayer, Option<std::io::Error>) {
    match format {
        LogFormat::Json => {
            (tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed(), None)
        }
        LogFormat::Auto if std::env::var_os("JOURNAL_STREAM").is_some() => match tracing_journald::layer() {
            Ok(journal) => (journal.boxed(), None),
            Err(error) => (text(), Some(error)),
        },
        LogFormat::Auto | LogFormat::Text => (text(), None),
    }
}

fn text() -> BoxedLayer {
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rust_log_everything_from_the_usual_level_up_is_logged() {
        for absent in [None, Some(""), Some(" ")] {
            let (filter, error) = filter(absent, "info");
            assert_eq!((filter.to_string().as_str(), error), ("info", None));
        }
        assert_eq!(filter(Some("kuota=debug"), "info").0.to_string(), "kuota=debug");
    }

    #[test]
    fn nonsense_in_rust_log_is_told_and_does_not_stop_the_program() {
        let (filter, error) = filter(Some("kuota=loud=very"), "info");
        assert_eq!(filter.to_string(), "info");
        assert!(error.is_some());
    }
}
