//! How much of a plan a page shows. It gives way in this order, and each step is taken for the whole page:
//! a page of which some parts are complete and others are not would be read as complete.

/// From everything to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DetailLevel {
    /// Everything.
    Everything,
    /// Without what stays as it is in records that change, and who changed them last.
    Changes,
    /// Without long values.
    Short,
    /// Without what the zones hold, and without places in manifests.
    Wanted,
    /// Names of fields, without values.
    Names,
    /// Records, without fields.
    Keys,
    /// Numbers of records.
    Counts,
    /// Zones, without collections.
    Zones,
    /// What the plan adds up to.
    Totals,
    /// That there is a plan.
    Nothing,
}

/// Characters of a value that is long.
pub const LONG: usize = 400;

impl DetailLevel {
    /// All that show something, the most first.
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

    /// What is missing, as an end of "This plan is too large for one page, so ...".
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
