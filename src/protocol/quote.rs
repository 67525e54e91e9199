//! A quote as JSON: in API answers, and frozen in stores.

use serde::{Deserialize, Serialize};

use crate::domain::id::{DebtId, PackageId};
use crate::domain::order::{Item, Line};
use crate::domain::units::{Bytes, Rupiah};

/// One line of a quote as JSON: in API answers, and frozen in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Line"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LineWire {
    /// A package.
    Package {
        /// Its id.
        package_id: PackageId,
        /// Its name.
        name: String,
        /// Quota it gives; 0 for an unlimited plan.
        bytes: u64,
        /// Whether it is an unlimited plan.
        unlimited: bool,
        /// Days it is valid.
        days: u32,
        /// Its price.
        price_rp: u64,
    },
    /// A debt item, whole or in part.
    Debt {
        /// Its id.
        debt_id: DebtId,
        /// Its note.
        name: String,
        /// Bytes this line settles.
        bytes: u64,
        /// The item's full price.
        full_price_rp: u64,
        /// The price of this line.
        price_rp: u64,
    },
    /// Usage beyond the paid quota.
    Overage {
        /// Bytes this line settles.
        bytes: u64,
        /// The price of this line.
        price_rp: u64,
    },
}

impl From<&Line> for LineWire {
    fn from(line: &Line) -> Self {
        let (bytes, price_rp, name) = (line.bytes.0, line.price.0, line.name.clone());
        match &line.item {
            Item::Package { id, unlimited, days } => {
                Self::Package { package_id: *id, name, bytes, unlimited: *unlimited, days: *days, price_rp }
            }
            Item::Debt { id, price } => {
                Self::Debt { debt_id: *id, name, bytes, full_price_rp: price.0, price_rp }
            }
            Item::Overage => Self::Overage { bytes, price_rp },
        }
    }
}

impl From<LineWire> for Line {
    fn from(wire: LineWire) -> Self {
        let (item, name, bytes, price) = match wire {
            LineWire::Package { package_id, name, bytes, unlimited, days, price_rp } => {
                (Item::Package { id: package_id, unlimited, days }, name, bytes, price_rp)
            }
            LineWire::Debt { debt_id, name, bytes, full_price_rp, price_rp } => {
                (Item::Debt { id: debt_id, price: Rupiah(full_price_rp) }, name, bytes, price_rp)
            }
            LineWire::Overage { bytes, price_rp } => (Item::Overage, String::new(), bytes, price_rp),
        };
        Self { item, name, bytes: Bytes(bytes), price: Rupiah(price) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_way_to_json_and_back() {
        let line = |item| Line { item, name: "n".into(), bytes: Bytes(1), price: Rupiah(2) };
        let nil = uuid::Uuid::nil();
        let lines = [
            line(Item::Package { id: PackageId(nil), unlimited: true, days: 30 }),
            line(Item::Debt { id: DebtId(nil), price: Rupiah(3) }),
            Line { name: String::new(), ..line(Item::Overage) },
        ];
        for line in lines {
            let json = serde_json::to_string(&LineWire::from(&line)).unwrap();
            assert_eq!(Line::from(serde_json::from_str::<LineWire>(&json).unwrap()), line, "{json}");
        }
    }
}
