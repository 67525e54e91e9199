//! Which machine has the site: instance numbers, and the marker row on the router that says which one was there last.
//!
//! Every machine that takes a site over has a larger number than all before it. Whoever meets a larger one than its own
//! is the older twin and changes nothing any more.

use std::fmt;
use std::str::FromStr;

use super::usage::RowId;

/// A number further ahead than this was written by no take-over: it is not believed.
pub const JUMP_MAX: u32 = 1000;
/// What a marker's comment says after our tag, before the site and the instance.
const MARKER_WORD: &str = "site";

/// One machine's turn with the site. Two machines that take over at the same moment have the same number and differ by
/// their claims, which are random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    number: u32,
    claim: u32,
}

impl Instance {
    /// The machine on which the site began.
    pub const FIRST: Self = Self { number: 1, claim: 0 };

    /// An instance; `None` for the number 0.
    pub const fn new(number: u32, claim: u32) -> Option<Self> {
        if number == 0 { None } else { Some(Self { number, claim }) }
    }

    /// Its number, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The instance after this one.
    #[must_use]
    pub const fn next(self, claim: u32) -> Self {
        Self { number: self.number.saturating_add(1), claim }
    }

    /// Whether a machine that is `own` has to stop because this one exists. One that is too far ahead stops nobody.
    pub fn fences(self, own: Self) -> bool {
        let is_other = self.number > own.number || (self.number == own.number && self.claim != own.claim);
        is_other && self.is_believable_from(own)
    }

    /// Whether take-overs since `known` can have led to this number.
    pub fn is_believable_from(self, known: Self) -> bool {
        self.number <= known.number.saturating_add(JUMP_MAX)
    }
}

/// `3-0a1b2c3d`, as the relay, the marker and the store have it.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}-{:08x}", self.number, self.claim)
    }
}

/// Not an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no instance, which is a number from 1, a hyphen and eight hexadecimal digits")]
pub struct NoInstance;

impl FromStr for Instance {
    type Err = NoInstance;

    fn from_str(text: &str) -> Result<Self, NoInstance> {
        let (number, claim) = text.split_once('-').ok_or(NoInstance)?;
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit())
            && claim.len() == 8
            && claim.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|_| is_plain).ok_or(NoInstance)?;
        Self::new(number, u32::from_str_radix(claim, 16).map_err(|_| NoInstance)?).ok_or(NoInstance)
    }
}

/// A site on a router, as its marker says it: the site's tag, which tells sites apart, and the machine that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteMark {
    /// The site's tag.
    pub site: String,
    /// The machine.
    pub instance: Instance,
}

impl SiteMark {
    /// What the comment of the marker says after our tag.
    pub fn words(&self) -> String {
        format!("{MARKER_WORD} {} {}", self.site, self.instance)
    }
}

/// One row of the marker's list with our tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkerRow {
    /// The row's `.id`.
    pub row: RowId,
    /// The tag of the site; empty where the comment is none of a marker.
    pub site: String,
    /// The machine; `None` where the comment names none.
    pub instance: Option<Instance>,
    /// The row lives in memory only and would not outlive a reboot.
    pub dynamic: bool,
    /// The row is switched off.
    pub disabled: bool,
}

/// The site and the machine of a comment without our tag. What makes no sense is empty, and none.
pub fn read_marker(words: &str) -> (String, Option<Instance>) {
    let mut parts = words.split_ascii_whitespace();
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(MARKER_WORD), Some(site), instance, None) => {
            (site.to_owned(), instance.and_then(|text| text.parse().ok()))
        }
        _ => (String::new(), None),
    }
}

/// A change of marker rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkerEdit {
    /// Add the marker.
    Add(SiteMark),
    /// Have our row say this, and switch it on.
    Set(RowId, SiteMark),
    /// Remove our row.
    Remove(RowId),
}

/// The latest machine that markers of the site name.
pub fn marked(own: &SiteMark, rows: &[MarkerRow]) -> Option<Instance> {
    let ours = rows.iter().filter(|row| row.site == own.site).filter_map(|row| row.instance);
    ours.filter(|found| found.is_believable_from(own.instance)).max_by_key(|found| found.number)
}

/// The machine that took the site over from `own`, by the markers on the router.
pub fn fence(own: &SiteMark, rows: &[MarkerRow]) -> Option<Instance> {
    let found = rows.iter().filter(|row| row.site == own.site).filter_map(|row| row.instance);
    found.filter(|found| found.fences(own.instance)).max_by_key(|found| found.number)
}

/// What makes `own` the only marker of its site. A machine that never took over has none while it has nothing on the router
/// (`has_rows`); one that did keeps it, so that the one before stays fenced. Markers of other sites are left alone.
pub fn plan_marker(own: &SiteMark, rows: &[MarkerRow], has_rows: bool) -> Vec<MarkerEdit> {
    let is_wanted = has_rows || own.instance != Instance::FIRST;
    let ours = rows.iter().filter(|row| row.site == own.site);
    let (mut lasting, surplus): (Vec<&MarkerRow>, Vec<&MarkerRow>) =
        ours.partition(|row| is_wanted && !row.dynamic);
    lasting.sort_by_key(|row| (row.instance != Some(own.instance), row.disabled));
    let mut kept = lasting.into_iter();
    let first = kept.next();
    let mut edits: Vec<MarkerEdit> =
        surplus.into_iter().chain(kept).map(|row| MarkerEdit::Remove(row.row.clone())).collect();
    match first {
        None if is_wanted => edits.push(MarkerEdit::Add(own.clone())),
        Some(row) if row.instance != Some(own.instance) || row.disabled => {
            edits.push(MarkerEdit::Set(row.row.clone(), own.clone()));
        }
        None | Some(_) => {}
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u32, claim: u32) -> Instance {
        Instance::new(number, claim).unwrap()
    }

    fn own(number: u32) -> SiteMark {
        SiteMark { site: "0a1b".to_owned(), instance: at(number, 7) }
    }

    fn row(id: &str, words: &str) -> MarkerRow {
        let (site, instance) = read_marker(words);
        MarkerRow { row: RowId(id.to_owned()), site, instance, dynamic: false, disabled: false }
    }

    #[test]
    fn an_instance_is_read_as_it_was_written_and_nothing_else_is_one() {
        for instance in [Instance::FIRST, at(3, 0x0a1b_2c3d), at(u32::MAX, u32::MAX)] {
            assert_eq!(instance.to_string().parse(), Ok(instance));
        }
        for text in
            ["", "3", "0-00000000", "+3-00000000", "3-0000000", "3-0000000g", "3-+0000000", " 3-00000000"]
        {
            assert_eq!(text.parse::<Instance>(), Err(NoInstance), "{text}");
        }
        for text in ["4294967296-00000000", "99999999999999999999999999-00000000"] {
            assert_eq!(text.parse::<Instance>(), Err(NoInstance), "{text}");
        }
        assert_eq!(at(u32::MAX, 1).next(2).number(), u32::MAX);
    }

    #[test]
    fn a_larger_number_or_another_claim_fences_and_one_out_of_reach_does_not() {
        for (found, fences) in [
            ("site 0a1b 3-00000007", false),
            ("site 0a1b 2-00000001", false),
            ("site 0a1b 3-00000008", true),
            ("site 0a1b 4-00000000", true),
            ("site 0a1b 1003-00000000", true),
            ("site 0a1b 1004-00000000", false),
            ("site 0a1b 4294967295-00000000", false),
            ("site ffff 4-00000000", false),
            ("site 0a1b 4-00000000 more", false),
            ("site 0a1b", false),
            ("Budi", false),
        ] {
            assert_eq!(fence(&own(3), &[row("*1", found)]).is_some(), fences, "{found}");
        }
        let rows = [row("*1", "site 0a1b 5-00000000"), row("*2", "site 0a1b 9-00000000")];
        assert_eq!(fence(&own(3), &rows), Some(at(9, 0)));
    }

    #[test]
    fn the_marker_is_written_once_and_mended() {
        let right = row("*1", &own(3).words());
        let edits = |rows: &[MarkerRow]| plan_marker(&own(3), rows, true);
        assert_eq!(edits(&[]), [MarkerEdit::Add(own(3))]);
        assert_eq!(edits(std::slice::from_ref(&right)), []);
        let set = |id: &str| MarkerEdit::Set(RowId(id.to_owned()), own(3));
        let remove = |id: &str| MarkerEdit::Remove(RowId(id.to_owned()));
        assert_eq!(edits(&[row("*2", "site 0a1b 2-00000000")]), [set("*2")]);
        assert_eq!(edits(&[row("*2", "site 0a1b nonsense")]), [set("*2")]);
        assert_eq!(
            edits(&[row("*2", "site 0a1b 4294967295-00000000")]),
            [set("*2")],
            "one that is not believed"
        );
        assert_eq!(edits(&[row("*2", "site 0a1b 2-00000000"), right.clone()]), [remove("*2")]);
        assert_eq!(edits(&[MarkerRow { disabled: true, ..right.clone() }]), [set("*1")]);
        assert_eq!(
            edits(&[MarkerRow { dynamic: true, ..right.clone() }]),
            [remove("*1"), MarkerEdit::Add(own(3))]
        );
        assert_eq!(edits(&[row("*9", "site ffff 8-00000000"), right]), [], "another site's");
    }

    #[test]
    fn a_site_that_never_moved_leaves_no_marker_on_a_router_without_its_rows() {
        let first = SiteMark { instance: Instance::FIRST, ..own(1) };
        assert_eq!(plan_marker(&first, &[], false), []);
        let left = [row("*1", &first.words())];
        assert_eq!(plan_marker(&first, &left, false), [MarkerEdit::Remove(RowId("*1".to_owned()))]);
        assert_eq!(plan_marker(&own(2), &[], false), [MarkerEdit::Add(own(2))]);
    }
}
