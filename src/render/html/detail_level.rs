//! Detail levels of a page, from complete to empty.

/// Detail level, ordered from complete to empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DetailLevel {
    /// Complete content.
    Everything,
    /// No unchanged fields of changed records, no date or author of the last change.
    Changes,
    /// No long values.
    Short,
    /// No observed values, no locations in manifests.
    Wanted,
    /// Field names without values.
    Names,
    /// Record keys without fields.
    Keys,
    /// Record counts per collection.
    Counts,
    /// Zones without collections.
    Zones,
    /// Totals of the plan.
    Totals,
    /// Only a notice that the plan does not fit.
    Nothing,
}

/// Number of characters above which a value counts as long.
pub const LONG: usize = 400;

impl DetailLevel {
    /// All levels with content, most detail first.
    pub const ALL: [Self; 9] = [
        Self::Everything,
        Self::Changes,
        Self::Short,
        Self::Wanted,
        Self::Names,
        Self::Keys,
        Self::Counts,
        Self::Zones,
        Self::Totals,
    ];

    /// Returns the omitted content, as the end of the sentence "This plan is too large for one page, so
    /// ...".
    pub fn omitted_content(self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            Self::Changes => {
                Some("it leaves out what stays as it is in each record, and who changed it last.")
            }
            Self::Short => Some(
                "it leaves out values of more than 400 characters, what stays as it is in each record, and who \
                 changed it last.",
            ),
            Self::Wanted => Some(
                "it shows the values that are wanted, but neither those that the zones hold nor where they are declared.",
            ),
            Self::Names => Some("it names the fields that change, but leaves out all values."),
            Self::Keys => Some("it names the records that change, but not what changes in them."),
            Self::Counts => Some("it counts the records that change, but does not name them."),
            Self::Zones => Some("it counts the records that change in each zone, and shows nothing else."),
            Self::Totals | Self::Nothing => Some("it shows nothing but what the plan adds up to."),
        }
    }
}
