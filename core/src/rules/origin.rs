//! Which primary the lung metastases come from, where there is more than one.
//!
//! A person's statement decides unless the morphology of the metastases is that of another primary; without one the
//! morphology decides where it matches one primary only. The first primary is never taken by default: with nothing that
//! decides, the interval is unknown.

use crate::domain::{
    history::HistoryParts,
    primary::{FIRST_PRIMARY, Morphology, Primary},
};

/// The primary of the lung metastases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin<'h> {
    /// This one: the only one, the stated one, or the only one whose morphology matches.
    Known(&'h Primary),
    /// There are several, and nothing on record decides.
    Open,
    /// No primary is on record.
    NotRecorded,
}

impl<'h> Origin<'h> {
    /// Reads it from the record.
    #[must_use]
    pub fn of(parts: &'h HistoryParts) -> Self {
        let first = parts.lung_metastases.as_ref();
        if let Some(stated) = first.and_then(|first| first.from_primary.as_ref()) {
            let stated = if stated.as_str() == FIRST_PRIMARY {
                parts.primary.as_ref()
            } else {
                parts.other_primaries.iter().find(|primary| primary.id.as_ref() == Some(stated))
            };
            return stated.map_or(Self::NotRecorded, |stated| {
                if Self::contradicted(parts, stated) { Self::Open } else { Self::Known(stated) }
            });
        }
        let several = primaries(parts).nth(1).is_some();
        match primaries(parts).next() {
            Some(only) if !several => return Self::Known(only),
            Some(_) => {}
            None => return Self::NotRecorded,
        }
        let Some(found) = first.and_then(|first| first.icd_o_3) else { return Self::Open };
        // One whose type was not coded may match too.
        let mut matching =
            primaries(parts).filter(|one| one.icd_o_3.is_none_or(|code| code.code() == found.code()));
        match (matching.next(), matching.next()) {
            (Some(only), None) if only.icd_o_3.is_some() => Self::Known(only),
            _ => Self::Open,
        }
    }

    /// Whether the morphology of the metastases is that of another primary and not that of the stated one.
    #[must_use]
    pub fn contradicted(parts: &HistoryParts, stated: &Primary) -> bool {
        let code = |primary: &Primary| primary.icd_o_3.map(Morphology::code);
        let found = parts.lung_metastases.as_ref().and_then(|first| first.icd_o_3).map(Morphology::code);
        let own = code(stated);
        let differ = own.is_some() && found.is_some() && own != found;
        differ && primaries(parts).any(|other| code(other) == found)
    }

    /// The primary, where it is known.
    #[must_use]
    pub const fn primary(self) -> Option<&'h Primary> {
        match self {
            Self::Known(primary) => Some(primary),
            Self::Open | Self::NotRecorded => None,
        }
    }

    /// Every primary it can be.
    #[must_use]
    pub fn possible(self, parts: &'h HistoryParts) -> Vec<&'h Primary> {
        match self {
            Self::Known(primary) => vec![primary],
            Self::Open => primaries(parts).collect(),
            Self::NotRecorded => Vec::new(),
        }
    }
}

fn primaries(parts: &HistoryParts) -> impl Iterator<Item = &Primary> {
    parts.primary.iter().chain(&parts.other_primaries)
}
