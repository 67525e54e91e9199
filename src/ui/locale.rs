//! Formats of amounts, dates and durations: `Rp 10.000`, `1,25 GB`, `22 Nov 2026 14.05 WIB`.

use std::time::Duration;

use jiff::civil::Date;

use crate::clock::Zone;
use crate::domain::units::{Bytes, GB, MB, Timestamp};
use crate::ui::language::Language;

const MONTHS_ID: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The reader's language and the site's zone.
#[derive(Clone, Debug)]
pub(crate) struct Locale {
    /// The language of texts and numbers.
    pub language: Language,
    /// The site's zone.
    pub zone: Zone,
}

impl Locale {
    /// The language's HTML tag.
    pub fn tag(&self) -> &'static str {
        match self.language {
            Language::Indonesian => "id",
            Language::English => "en",
        }
    }

    /// Gigabytes with two digits from 1 GB on, else megabytes: whole ones from 10 MB on, or two digits. An amount
    /// above zero is never shown as zero.
    pub fn quota(&self, bytes: Bytes) -> String {
        match bytes.0 {
            b if b >= GB => format!("{} GB", self.two_digits(b, GB)),
            b if b >= 10 * MB => format!("{} MB", b / MB),
            0 => "0 MB".to_owned(),
            b => format!("{} MB", self.two_digits(b.max(MB / 100), MB)),
        }
    }

    /// `bytes / unit` with two digits, half-up.
    fn two_digits(&self, bytes: u64, unit: u64) -> String {
        self.hundredths((u128::from(bytes) * 100 + u128::from(unit / 2)) / u128::from(unit))
    }

    /// A number of hundredths with two digits.
    pub fn hundredths(&self, hundredths: u128) -> String {
        let point = if self.language == Language::Indonesian { ',' } else { '.' };
        format!("{}{point}{:02}", hundredths / 100, hundredths % 100)
    }

    /// A whole number in groups of three.
    pub fn count(&self, n: u64) -> String {
        let digits = n.to_string();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(if self.language == Language::Indonesian { '.' } else { ',' });
            }
            out.push(digit);
        }
        out
    }

    /// `22 Nov 2026`.
    pub fn day(&self, date: Date) -> String {
        let months = if self.language == Language::Indonesian { &MONTHS_ID } else { &MONTHS_EN };
        let month = usize::try_from(date.month() - 1).ok().and_then(|n| months.get(n)).unwrap_or(&"");
        format!("{} {month} {}", date.day(), date.year())
    }

    /// The local day of an instant.
    pub fn day_of(&self, at: Timestamp) -> String {
        self.day(self.zone.local(at).date)
    }

    /// `14.05`, or `14:05` in English.
    pub fn time(&self, at: Timestamp) -> String {
        let minute = self.zone.local(at).minute_of_day;
        let colon = if self.language == Language::Indonesian { '.' } else { ':' };
        format!("{:02}{colon}{:02}", minute / 60, minute % 60)
    }

    /// `22 Nov 2026 14.05 WIB`.
    pub fn moment(&self, at: Timestamp) -> String {
        format!("{} {} {}", self.day_of(at), self.time(at), self.zone.abbreviation(at))
    }

    /// A duration in its largest unit: `10 menit`, `3 hari`.
    pub fn span(&self, time: Duration) -> String {
        let s = time.as_secs();
        let (n, id, en) = match s {
            s if s >= 2 * 86_400 => (s / 86_400, "hari", "days"),
            s if s >= 2 * 3_600 => (s / 3_600, "jam", "hours"),
            s if s >= 60 => (s / 60, "menit", if s < 120 { "minute" } else { "minutes" }),
            s => (s, "detik", "seconds"),
        };
        format!("{n} {}", if self.language == Language::Indonesian { id } else { en })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::parse_rfc3339;

    fn locale(language: Language) -> Locale {
        Locale { language, zone: Zone::named("Asia/Jakarta").unwrap() }
    }

    #[test]
    fn amounts_and_dates_read_as_in_the_country() {
        let (id, en) = (locale(Language::Indonesian), locale(Language::English));
        let rows = [
            (Bytes::mb(1280), "1,25 GB", "1.25 GB"),
            (Bytes::mb(8704), "8,50 GB", "8.50 GB"),
            (Bytes::gb(1200), "1200,00 GB", "1200.00 GB"),
            (Bytes::mb(512), "512 MB", "512 MB"),
            (Bytes(MB * 5 / 2), "2,50 MB", "2.50 MB"),
            (Bytes(1), "0,01 MB", "0.01 MB"),
            (Bytes::ZERO, "0 MB", "0 MB"),
        ];
        for (bytes, in_id, in_en) in rows {
            assert_eq!((id.quota(bytes).as_str(), en.quota(bytes).as_str()), (in_id, in_en));
        }
        let at = parse_rfc3339("2026-11-22T07:05:00Z").unwrap();
        assert_eq!(id.moment(at), "22 Nov 2026 14.05 WIB");
        assert_eq!(en.moment(at), "22 Nov 2026 14:05 WIB");
        assert_eq!(id.day(jiff::civil::date(2026, 5, 1)), "1 Mei 2026");
        assert_eq!((id.count(1_234_567), en.count(1_234_567)), ("1.234.567".into(), "1,234,567".into()));
        assert_eq!(
            (id.span(Duration::from_mins(10)), en.span(Duration::from_hours(72))),
            ("10 menit".into(), "3 days".into())
        );
    }
}
