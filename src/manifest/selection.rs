//! Decides which zones a manifest, or an override of it, speaks of.

mod zone_selector;

use schemars::JsonSchema;
use serde::Deserialize;

use self::zone_selector::ZoneSelector;
use super::deserialize::{OrderedFields, Spanned};
use super::envelope::ManifestHeader;
use super::text_or_variable::TextOrTexts;
use super::unreadable::UnreadableParts;
use crate::model::{Diagnostic, Network};

/// Which zones something applies to. All conditions must hold; a condition that is left out, or
/// an empty list, says nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliesToSpec {
    /// Members (the default), the network zone, or all. In an override: all that the manifest applies to;
    /// in a `Network`: all.
    pub zones: Option<Spanned<ZoneRoleFilter>>,
    /// Labels that a zone must have, each with one of the values.
    #[serde(default)]
    pub labels: OrderedFields<Spanned<TextOrTexts>>,
    /// Codes of the zones to choose from.
    pub only: Option<Spanned<Vec<Spanned<String>>>>,
    /// Codes of zones to leave out.
    #[serde(default)]
    pub except: Vec<Spanned<String>>,
}

/// Zones by their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ZoneRoleFilter {
    /// The institution zones.
    Members,
    /// The network zone.
    Network,
    /// Both.
    All,
}

/// Zones of a network.
#[derive(Debug, Clone)]
pub struct SelectedZones {
    /// By their position in the network, in its order.
    pub zones: Vec<usize>,
    /// Whether it is these, or only those of which it can be said.
    pub certainty: SelectionCertainty,
}

/// How much is known of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionCertainty {
    /// These zones and no other.
    Certain,
    /// Conditions are wrong, or something that they depend on, so that others may be meant.
    Partial,
    /// Conditions could not be read, so that it may be any zones.
    Unknown,
}

/// The zones that a manifest applies to.
pub fn of_manifest(
    applies_to: Option<&Spanned<AppliesToSpec>>,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    let lost = head.lost_spec().field("appliesTo");
    let everyone = Spanned { value: AppliesToSpec::default(), extent: head.extent };
    of_field((applies_to.unwrap_or(&everyone), lost), network, head, problems)
}

/// The zones that a part of the network's own manifest speaks of.
pub fn of_part(
    part: (&Spanned<AppliesToSpec>, &UnreadableParts),
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    among(ZoneRoleFilter::All, part, network, head, problems)
}

/// The zones that a field of a manifest speaks of: members where it says nothing else.
pub fn of_field(
    field: (&Spanned<AppliesToSpec>, &UnreadableParts),
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    among(ZoneRoleFilter::Members, field, network, head, problems)
}

fn among(
    default: ZoneRoleFilter,
    (applies_to, lost): (&Spanned<AppliesToSpec>, &UnreadableParts),
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    let (whole, failed) = ("the network", network.unread);
    ZoneSelector { network, head, default, whole, failed, doubtful: false, lost }.select(
        applies_to,
        nameable(network),
        problems,
    )
}

/// The zones that can be named.
pub fn nameable(network: &Network) -> Vec<usize> {
    (0..network.zones.len()).filter(|&zone| !network.zones[zone].unread.code).collect()
}

/// The zones of a manifest's own selection that an override of it applies to.
pub fn of_override(
    (applies_to, lost): (&Spanned<AppliesToSpec>, &UnreadableParts),
    within: &SelectedZones,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    let whole = "the manifest's own selection";
    let failed = network.unread || within.certainty != SelectionCertainty::Certain;
    ZoneSelector { network, head, default: ZoneRoleFilter::All, whole, failed, doubtful: false, lost }.select(
        applies_to,
        within.zones.clone(),
        problems,
    )
}
