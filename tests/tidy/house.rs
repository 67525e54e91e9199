//! Lists of cases of ours are matched case by case, so that a new case makes the compiler ask.

use super::scan::{Source, line_of};

/// Enums of ours whose cases are never caught by `_`.
const ENUMS: [&str; 31] = [
    "Book",
    "CallKind",
    "CashMethod",
    "CliCommand",
    "Command",
    "DebtStatus",
    "Decision",
    "Effect",
    "Expiry",
    "FeedEffect",
    "Flag",
    "Fraud",
    "GatewayStatus",
    "Item",
    "Kind",
    "Method",
    "OnlineMethod",
    "OrderKind",
    "OrderState",
    "OutboxWork",
    "Overage",
    "PaymentEffect",
    "Reason",
    "Refusal",
    "RelayCommand",
    "Role",
    "Side",
    "Status",
    "Undated",
    "UserCommand",
    "ValidityChange",
];

/// Files with another enum of such a name: the simulators' own, and pairs of a question and an answer of any kind.
const ELSEWHERE: [&str; 2] = ["src/sim/", "src/routeros/session.rs"];

/// Every arm `_ =>` beside arms that name a case of one of [`ENUMS`]. The arms of a match begin at one column, as
/// rustfmt writes them.
pub fn check_catch_alls(source: &Source) -> Vec<String> {
    if ELSEWHERE.iter().any(|path| source.path.starts_with(path)) {
        return Vec::new();
    }
    let code: String = source.product().into_iter().collect();
    let lines: Vec<&str> = code.lines().collect();
    let first = line_of(&source.code, 0);
    let found = (0..lines.len()).filter(|i| is_catch_all(lines[*i]));
    let caught = found.filter_map(|i| Some((i, enum_beside(&lines, i)?)));
    caught
        .map(|(i, name)| format!("{}:{}: `_` catches cases of {name}; name them", source.path, i + first))
        .collect()
}

fn is_catch_all(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("_ =>") || line.starts_with("_ if ")
}

/// The enum that the other arms of the match around line `at` name.
fn enum_beside(lines: &[&str], at: usize) -> Option<&'static str> {
    let column = indent(lines[at]);
    let is_inside = |line: &&&str| line.trim().is_empty() || indent(line) >= column;
    let before = lines[..at].iter().rev().take_while(is_inside);
    let after = lines[at + 1..].iter().take_while(is_inside);
    let mut arms = before.chain(after).filter(|line| indent(line) == column);
    let own = owner(lines, at);
    arms.find_map(|line| {
        let pattern = line.split("=>").next().unwrap_or_default();
        let names = |name: &str| {
            names_case(pattern, name) || own.is_some_and(|own| own == name) && names_case(pattern, "Self")
        };
        ENUMS.into_iter().find(|name| names(name))
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a pattern has a case `name::Something`.
fn names_case(pattern: &str, name: &str) -> bool {
    let path = format!("{name}::");
    pattern.match_indices(&path).any(|(at, _)| {
        let is_word = !pattern[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        is_word && pattern[at + path.len()..].starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// The type of the `impl` block at the margin that line `at` is in.
fn owner<'a>(lines: &[&'a str], at: usize) -> Option<&'a str> {
    let head = lines[..at].iter().rev().find(|line| !line.starts_with([' ', '}']) && !line.is_empty())?;
    let name = head.strip_prefix("impl ")?.trim_end_matches(" {");
    Some(name.rsplit(" for ").next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        check_catch_alls(&Source::new("src/domain/x.rs", text)).len()
    }

    #[test]
    fn a_case_of_ours_that_is_caught_is_found() {
        let bad = [
            "fn f(k: Kind) {\n    match k {\n        Kind::Usage => 1,\n        _ => 2,\n    }\n}\n",
            "fn f(k: Kind) {\n    match (k, s) {\n        (Kind::Usage, _) => {\n            1\n        }\n        _ => 2,\n    }\n}\n",
            "fn f() {\n    match a {\n        x::Command::Block(_)\n        | x::Command::Buy(..) => 1,\n        _ if b => 2,\n        c => 3,\n    }\n}\n",
            "impl Kind {\n    fn f(self) {\n        match self {\n            Self::Usage => 1,\n            _ => 2,\n        }\n    }\n}\n",
            "impl Display for Reason {\n    fn f(self) {\n        match self {\n            Some(Self::Fup) => 1,\n            _ => 2,\n        }\n    }\n}\n",
        ];
        for text in bad {
            assert_eq!(findings(text), 1, "{text}");
        }
    }

    #[test]
    fn other_matches_may_catch_the_rest() {
        let good = [
            "fn f(k: Kind) {\n    match k {\n        Kind::Usage => 1,\n        Kind::Grant => 2,\n    }\n}\n",
            "fn f(n: u8) {\n    match n {\n        1 => Kind::Usage,\n        _ => Kind::Grant,\n    }\n}\n",
            "fn f(e: Error) {\n    match e.kind() {\n        ErrorKind::NotFound => 1,\n        _ => 2,\n    }\n}\n",
            "fn f(n: u8, k: Kind) {\n    match k {\n        Kind::Usage => match n {\n            1 => 1,\n            _ => 2,\n        },\n        Kind::Grant => 2,\n    }\n}\n",
            "impl Other {\n    fn f(self) {\n        match self {\n            Self::Usage => 1,\n            _ => 2,\n        }\n    }\n}\n",
        ];
        for text in good {
            assert_eq!(findings(text), 0, "{text}");
        }
    }
}
