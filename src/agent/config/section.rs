//! One row for each key of the configuration: name, type, default, range, when a change takes effect, and its
//! purpose. Structs, defaults, range checks, the reload, the comments of the shipped file and the settings page are
//! generated from these rows.

use std::time::Duration;

use super::Language;
use crate::settings::{self, Finding};

/// When a changed key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesEffect {
    /// When the daemon reads its configuration again.
    AtReload,
    /// At the next start of the daemon.
    AtStart,
}

/// The description of a key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The full path, such as `policy.debt_limit`.
    pub path: &'static str,
    /// Its comment in the shipped file, by line. Each line begins with a space.
    pub comment: &'static [&'static str],
    /// When a change takes effect.
    pub effect: TakesEffect,
    indonesian: &'static str,
    english: &'static str,
}

impl Key {
    /// The purpose of the key, in one sentence.
    pub const fn meaning(&self, language: Language) -> &'static str {
        match language {
            Language::Indonesian => self.indonesian,
            Language::English => self.english,
        }
    }

    pub(super) const fn row(
        path: &'static str,
        comment: &'static [&'static str],
        effect: TakesEffect,
        [indonesian, english]: [&'static str; 2],
    ) -> Self {
        Self { path, comment, effect, indonesian, english }
    }
}

/// A value that may be out of range.
pub(super) trait Ranged: Copy + PartialOrd {
    /// The value in the notation of the file.
    fn written(self) -> String;

    /// The finding for a value outside of `min` to `max`.
    fn finding(self, key: &str, min: Self, max: Self) -> Option<Finding> {
        let reason =
            || format!("{} is out of range: write {} to {}", self.written(), min.written(), max.written());
        (self < min || self > max).then(|| Finding::new(key, reason()))
    }
}

impl Ranged for Duration {
    fn written(self) -> String {
        settings::duration_text(self)
    }
}

impl Ranged for u32 {
    fn written(self) -> String {
        self.to_string()
    }
}

impl Ranged for u64 {
    fn written(self) -> String {
        self.to_string()
    }
}

/// A table of the configuration file.
pub(super) trait Section {
    /// Adds this section and those below it, in the order of the shipped file.
    fn describe(out: &mut Vec<SectionKeys>);
    /// Adds a finding for each value that is out of range.
    fn check_ranges(&self, out: &mut Vec<Finding>);
    /// Copies the keys that take effect at a reload.
    fn take_live(&mut self, new: &Self);
}

/// A section that may be absent.
impl<T: Section> Section for Option<T> {
    fn describe(out: &mut Vec<SectionKeys>) {
        T::describe(out);
    }

    fn check_ranges(&self, out: &mut Vec<Finding>) {
        if let Some(section) = self {
            section.check_ranges(out);
        }
    }

    fn take_live(&mut self, new: &Self) {
        if let (Some(section), Some(new)) = (self, new) {
            section.take_live(new);
        }
    }
}

/// The keys of one table of the configuration file.
#[derive(Clone, Copy, Debug)]
pub struct SectionKeys {
    /// The table's name, such as `router.lists`; empty for keys before the first table.
    pub name: &'static str,
    /// Its comment in the shipped file, by line. Each line begins with a space.
    pub comment: &'static [&'static str],
    /// Its keys in the order of the shipped file.
    pub keys: &'static [Key],
}

/// Declares a section. A row reads
///
/// ```text
/// /// The comment of the shipped file.
/// field "its name there, where it differs": Type [serde attributes] = default, [min, max], AtReload,
///     "what it is for, Indonesian", "English";
/// ```
///
/// with a range where there is one; tables below the section follow the rows, with a default alone.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        $section:ident $name:literal $prefix:literal [$($container:tt)+] {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $($wire:literal)?: $type:ty $([$($attribute:tt)+])? = $default:expr,
                $([$min:expr, $max:expr],)?
                $effect:ident, $indonesian:literal, $english:literal;
            )+
        }
        $(
            $(#[doc = $below_doc:literal])+
            $below:ident: $below_type:ty $([$($below_attribute:tt)+])? = $below_default:expr;
        )*
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde($($container)+)]
        pub struct $section {
            $(
                $(#[doc = $doc])+
                $(#[serde(rename = $wire)])?
                $(#[serde($($attribute)+)])?
                pub $field: $type,
            )+
            $(
                $(#[doc = $below_doc])+
                $(#[serde($($below_attribute)+)])?
                pub $below: $below_type,
            )*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default,)+ $($below: $below_default,)* }
            }
        }

        impl Section for $section {
            fn describe(out: &mut Vec<SectionKeys>) {
                const KEYS: &[Key] = &[$(Key::row(
                    concat!($prefix, section!(@wire $field $($wire)?)),
                    &[$($doc),+],
                    TakesEffect::$effect,
                    [$indonesian, $english],
                )),+];
                out.push(SectionKeys { name: $name, comment: &[$($section_doc),+], keys: KEYS });
                $(<$below_type as Section>::describe(out);)*
            }

            fn check_ranges(&self, out: &mut Vec<Finding>) {
                let _ = &out;
                $(section!(
                    @range out, self.$field, concat!($prefix, section!(@wire $field $($wire)?)) $(, $min, $max)?
                );)+
                $(self.$below.check_ranges(out);)*
            }

            fn take_live(&mut self, new: &Self) {
                $(match TakesEffect::$effect {
                    TakesEffect::AtReload => self.$field.clone_from(&new.$field),
                    TakesEffect::AtStart => {}
                })+
                $(self.$below.take_live(&new.$below);)*
            }
        }
    };
    (@wire $field:ident) => { stringify!($field) };
    (@wire $field:ident $wire:literal) => { $wire };
    (@range $out:ident, $value:expr, $key:expr) => {};
    (@range $out:ident, $value:expr, $key:expr, $min:expr, $max:expr) => {
        $out.extend(Ranged::finding($value, $key, $min, $max));
    };
}
pub(super) use section;
