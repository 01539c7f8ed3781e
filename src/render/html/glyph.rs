//! Signs of changes and states, each with a shape of its own.

use maud::{Markup, html};

use crate::model::{ApplyMode, Change, ChangeAction, ChangeOrigin};
use crate::render::decisions::DecisionVariant;

/// Shapes of all signs, as symbols of a hidden image.
pub const SYMBOLS: &str = include_str!("glyphs.svg");

/// Sign of a change or of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Glyph {
    /// Record to create.
    Add,
    /// Record to update.
    Change,
    /// Record to update by hand, or attestation that is missing.
    Manual,
    /// Difference that zonal reports, postpones or leaves to the zone.
    Reported,
    /// Record to switch off.
    Disable,
    /// Record to delete.
    Remove,
    /// Change that waits.
    Held,
    /// Record that the manifests and the zone changed differently.
    Conflict,
    /// Collection that zonal cannot plan.
    Failed,
    /// Collection of a zone without a response.
    Unknown,
}

impl Glyph {
    /// All signs with a legend, in the order of a cell.
    pub const ALL: [Self; 10] = [
        Self::Add,
        Self::Change,
        Self::Manual,
        Self::Reported,
        Self::Disable,
        Self::Remove,
        Self::Held,
        Self::Conflict,
        Self::Failed,
        Self::Unknown,
    ];

    /// Returns the sign of an action of this mode.
    pub fn of_change(change: &Change, is_disable: bool) -> Self {
        match (change.mode, change.action) {
            (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => Self::Reported,
            (ApplyMode::Manual, _) => Self::Manual,
            (ApplyMode::Apply, ChangeAction::Create) => Self::Add,
            (ApplyMode::Apply, ChangeAction::Update) if is_disable => Self::Disable,
            (ApplyMode::Apply, ChangeAction::Update) => Self::Change,
            (ApplyMode::Apply, ChangeAction::Delete) => Self::Remove,
        }
    }

    /// Returns the sign of a variant's action.
    pub fn of_variant(variant: &DecisionVariant<'_>) -> Self {
        Self::of_change(variant.example, variant.is_disable)
    }

    /// Returns the sign of a variant's state, if apply does not make the change now.
    pub fn of_state(variant: &DecisionVariant<'_>) -> Option<Self> {
        match (variant.example.origin, variant.deferral) {
            (Some(ChangeOrigin::Conflict), _) => Some(Self::Conflict),
            (_, Some(_)) => Some(Self::Held),
            (_, None) => None,
        }
    }

    /// Returns the name of the shape.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Manual => "manual",
            Self::Reported => "reported",
            Self::Disable => "disable",
            Self::Remove => "remove",
            Self::Held => "held",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Returns words for a number of records: `3 to add`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Add => "to add",
            Self::Change => "to change",
            Self::Manual => "by hand",
            Self::Reported => "reported only or left for later",
            Self::Disable => "to disable",
            Self::Remove => "to delete",
            Self::Held => "deferred",
            Self::Conflict => "in conflict",
            Self::Failed => "cannot be planned",
            Self::Unknown => "unknown: the zone could not be read",
        }
    }

    /// Returns the sign of the terminal, for counts.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Change => "~",
            Self::Manual => ">",
            Self::Reported => ".",
            Self::Disable => "⊘",
            Self::Remove => "−",
            Self::Held => "‖",
            Self::Conflict => "!",
            Self::Failed => "✕",
            Self::Unknown => "?",
        }
    }

    /// Returns the horizontal position in a cell: additions at the left, removals at the right.
    pub fn offset(self) -> u32 {
        match self {
            Self::Add => 0,
            Self::Change | Self::Manual | Self::Reported | Self::Failed | Self::Unknown => 10,
            Self::Disable | Self::Remove => 20,
            Self::Held | Self::Conflict => 30,
        }
    }

    /// Returns the sign as an image without a name.
    pub fn image(self) -> Markup {
        html! { svg.g aria-hidden="true" { use href={ "#g-" (self.name()) } {} } }
    }
}
