//! Licence expressions of dependencies, judged against what this product may be built from.

/// Licences that may be combined into a work under AGPL-3.0. `deny.toml` holds the same list.
pub const ALLOWED: [&str; 15] = [
    "0BSD",
    "AGPL-3.0-only",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether the expression can be satisfied with the allowed licences alone. `A/B` is the old way to write
/// `A OR B`. The error says what is not an expression.
pub fn satisfiable(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let answer = any(&mut words)?;
    if words.is_empty() { Ok(answer) } else { Err(format!("{expression:?} goes on after its end")) }
}

fn any(words: &mut Vec<&str>) -> Result<bool, String> {
    let mut answer = all(words)?;
    while words.last() == Some(&"OR") {
        words.pop();
        answer |= all(words)?;
    }
    Ok(answer)
}

fn all(words: &mut Vec<&str>) -> Result<bool, String> {
    let mut answer = one(words)?;
    while words.last() == Some(&"AND") {
        words.pop();
        answer &= one(words)?;
    }
    Ok(answer)
}

fn one(words: &mut Vec<&str>) -> Result<bool, String> {
    match words.pop() {
        Some("(") => {
            let answer = any(words)?;
            if words.pop() == Some(")") { Ok(answer) } else { Err("a parenthesis is not closed".to_owned()) }
        }
        None | Some("AND" | "OR" | "WITH" | ")") => Err("a licence is missing".to_owned()),
        Some(name) if words.last() == Some(&"WITH") => {
            words.pop();
            let exception = words.pop().ok_or("an exception is missing")?;
            Ok(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()))
        }
        Some(name) => Ok(ALLOWED.contains(&name)),
    }
}

/// What is wrong with the packages in the answer of `cargo metadata`.
pub fn findings(metadata: &serde_json::Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    if packages.is_empty() {
        return vec!["cargo metadata names no packages".to_owned()];
    }
    let judge = |package: &serde_json::Value| {
        let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
        let Some(licence) = package["license"].as_str() else {
            return Some(format!("{name} names no licence"));
        };
        match satisfiable(licence) {
            Ok(true) => None,
            Ok(false) => Some(format!("{name} is under {licence}, which the list does not allow")),
            Err(why) => Some(format!("{name}: {licence:?} is no licence expression: {why}")),
        }
    };
    packages.iter().filter_map(judge).collect()
}
