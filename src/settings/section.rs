//! One row for each key of the configuration: name, type, default, range, when a change takes effect, and its
//! purpose. Structs, defaults, range checks, the reload, the comments of the shipped file and the settings page are
//! generated from these rows.

use std::time::Duration;

use super::{Finding, duration_text};

/// When a changed key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesEffect {
    /// When the program reads its configuration again.
    AtReload,
    /// At the next start of the program.
    AtStart,
}

/// Who may change a key besides the owner of the file and the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskChange {
    /// Nobody.
    FileOnly,
    /// The first run in the browser, and nobody afterwards.
    SetUp,
    /// An owner at the desk.
    Free,
    /// An owner at the desk who proves again who that is and gives the secret of this name, because the key decides where
    /// that secret is sent.
    WithSecret(&'static str),
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
    /// Whether the desk may change it.
    pub desk: DeskChange,
    /// The least and the greatest value in the notation of the file, where there is a range.
    pub range: Option<fn() -> [String; 2]>,
    /// Its purpose in one sentence, Indonesian.
    pub indonesian: &'static str,
    /// Its purpose in one sentence, English.
    pub english: &'static str,
}

/// A value that may be out of range.
pub(crate) trait Ranged: Copy + PartialOrd {
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
        duration_text(self)
    }
}

macro_rules! ranged_numbers {
    ($($number:ty),+) => {$(
        impl Ranged for $number {
            fn written(self) -> String {
                self.to_string()
            }
        }
    )+};
}
ranged_numbers!(u32, u64, usize);

/// A table of the configuration file.
pub(crate) trait Section {
    /// Adds this section and those below it, in the order of the shipped file.
    fn describe(out: &mut Vec<SectionKeys>);
    /// Adds a finding for each value that is out of range. `prefix` is the path of this section with its point, such
    /// as `router.lists.` or `merchant.0.`.
    fn check_ranges(&self, prefix: &str, out: &mut Vec<Finding>);
    /// Copies the keys that take effect at a reload.
    fn take_live(&mut self, new: &Self);
}

/// A section that may be absent.
impl<T: Section> Section for Option<T> {
    fn describe(out: &mut Vec<SectionKeys>) {
        T::describe(out);
    }

    fn check_ranges(&self, prefix: &str, out: &mut Vec<Finding>) {
        if let Some(section) = self {
            section.check_ranges(prefix, out);
        }
    }

    fn take_live(&mut self, new: &Self) {
        if let (Some(section), Some(new)) = (self, new) {
            section.take_live(new);
        }
    }
}

/// A section that may be written several times, `[[name]]`.
impl<T: Section> Section for Vec<T> {
    fn describe(out: &mut Vec<SectionKeys>) {
        T::describe(out);
    }

    fn check_ranges(&self, prefix: &str, out: &mut Vec<Finding>) {
        for (i, section) in self.iter().enumerate() {
            section.check_ranges(&format!("{prefix}{i}."), out);
        }
    }

    // Nothing says which section of the new list was which of the old one.
    fn take_live(&mut self, _: &Self) {}
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
/// with a range where there is one, and `AtReload / Free` or another [`DeskChange`] where the desk may change it; tables below the section follow the rows, with a default alone.
/// The caller has `Section`, `Serialize` and `Deserialize` in scope.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        $section:ident $name:literal $prefix:literal [$($container:tt)+] {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $($wire:literal)?: $type:ty $([$($attribute:tt)+])? = $default:expr,
                $([$min:expr, $max:expr],)?
                $effect:ident $(/ $desk:ident $(($secret:literal))?)?, $indonesian:literal, $english:literal;
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
            fn describe(out: &mut Vec<$crate::settings::SectionKeys>) {
                const KEYS: &[$crate::settings::Key] = &[$($crate::settings::Key {
                    path: concat!($prefix, section!(@wire $field $($wire)?)),
                    comment: &[$($doc),+],
                    effect: $crate::settings::TakesEffect::$effect,
                    desk: section!(@desk $($desk $(($secret))?)?),
                    range: section!(@bounds $type $(, $min, $max)?),
                    indonesian: $indonesian,
                    english: $english,
                }),+];
                out.push($crate::settings::SectionKeys {
                    name: $name,
                    comment: &[$($section_doc),+],
                    keys: KEYS,
                });
                $(<$below_type as Section>::describe(out);)*
            }

            fn check_ranges(&self, prefix: &str, out: &mut Vec<$crate::settings::Finding>) {
                let _ = (prefix, &out);
                $(section!(
                    @range out, self.$field, prefix, section!(@wire $field $($wire)?) $(, $min, $max)?
                );)+
                $(self.$below.check_ranges(&format!("{prefix}{}.", stringify!($below)), out);)*
            }

            fn take_live(&mut self, new: &Self) {
                $(match $crate::settings::TakesEffect::$effect {
                    $crate::settings::TakesEffect::AtReload => self.$field.clone_from(&new.$field),
                    $crate::settings::TakesEffect::AtStart => {}
                })+
                $(self.$below.take_live(&new.$below);)*
            }
        }
    };
    (@desk) => { $crate::settings::DeskChange::FileOnly };
    (@desk $desk:ident $(($secret:literal))?) => { $crate::settings::DeskChange::$desk $(($secret))? };
    (@bounds $type:ty) => { None };
    (@bounds $type:ty, $min:expr, $max:expr) => {
        Some(|| [$min, $max].map(<$type as $crate::settings::Ranged>::written))
    };
    (@wire $field:ident) => { stringify!($field) };
    (@wire $field:ident $wire:literal) => { $wire };
    (@range $out:ident, $value:expr, $prefix:ident, $key:expr) => {};
    (@range $out:ident, $value:expr, $prefix:ident, $key:expr, $min:expr, $max:expr) => {
        $out.extend($crate::settings::Ranged::finding($value, &format!("{}{}", $prefix, $key), $min, $max));
    };
}
pub(crate) use section;

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    section! {
        /// The whole.
        Whole "" "" [default, deny_unknown_fields] {
            /// How many.
            count: u32 = 1, [1, 9], AtReload, "Jumlah.", "How many.";
        }
        /// `[[part]]`.
        part: Vec<Part> = Vec::new();
    }

    section! {
        /// One of several.
        Part "part" "part." [default, deny_unknown_fields] {
            /// Its size.
            size "length": u64 = 2, [2, 4], AtReload, "Ukuran.", "Its size.";
        }
    }

    #[test]
    fn a_range_is_checked_in_each_of_several_sections_and_named_by_its_place() {
        let whole = Whole { count: 0, part: vec![Part { size: 2 }, Part { size: 5 }] };
        let mut findings = Vec::new();
        whole.check_ranges("", &mut findings);
        let keys: Vec<&str> = findings.iter().map(|finding| finding.key.as_str()).collect();
        assert_eq!(keys, ["count", "part.1.length"]);
        assert_eq!(findings[1].reason, "5 is out of range: write 2 to 4");
    }

    #[test]
    fn several_sections_are_described_once_and_keep_what_they_were_started_with() {
        let mut sections = Vec::new();
        Whole::describe(&mut sections);
        let paths = sections.iter().flat_map(|section| section.keys).map(|key| key.path);
        assert_eq!(paths.collect::<Vec<_>>(), ["count", "part.length"]);
        let mut running = Whole { count: 1, part: vec![Part { size: 2 }] };
        running.take_live(&Whole { count: 3, part: vec![Part { size: 4 }, Part { size: 2 }] });
        assert_eq!((running.count, running.part.len(), running.part[0].size), (3, 1, 2));
    }
}
