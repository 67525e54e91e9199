//! The configuration that the package brings.

use std::path::Path;

/// Its text.
const SHIPPED: &str = include_str!("../../../config/kuotad.toml");

/// Whether a configuration is that of the package, with comments added at most. Nobody has decided anything by it.
pub fn is_shipped(file: &Path) -> bool {
    let keys = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    std::fs::read_to_string(file).is_ok_and(|text| keys(&text) == keys(SHIPPED))
}
