//! Resolves the selectors of manifests and overrides to zones.

mod zone_selector;

use schemars::JsonSchema;
use serde::Deserialize;

use self::zone_selector::ZoneSelector;
use super::deserialize::{OrderedFields, Spanned};
use super::envelope::ManifestHeader;
use super::text_or_variable::TextOrTexts;
use super::unreadable::UnreadableParts;
use crate::model::{Diagnostic, Network};

/// Selector of zones. All conditions must match; an omitted condition or an empty list matches every zone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliesToSpec {
    /// `members` (the default), `network` or `all`. In an override, the default is all zones of the manifest;
    /// in a `Network`, all zones.
    pub zones: Option<Spanned<ZoneRoleFilter>>,
    /// Labels that a zone must have, each with one of the values.
    #[serde(default)]
    pub labels: OrderedFields<Spanned<TextOrTexts>>,
    /// Codes of the zones to include.
    pub only: Option<Spanned<Vec<Spanned<String>>>>,
    /// Codes of the zones to exclude.
    #[serde(default)]
    pub except: Vec<Spanned<String>>,
}

/// Zones by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ZoneRoleFilter {
    /// Institution Zones.
    Members,
    /// Network Zone.
    Network,
    /// All zones.
    All,
}

/// Zones selected from a network.
#[derive(Debug, Clone)]
pub struct SelectedZones {
    /// Indices of the zones in the network, in network order.
    pub zones: Vec<usize>,
    /// Completeness of the selection.
    pub certainty: SelectionCertainty,
}

/// Reliability of a selection after errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionCertainty {
    /// Exactly these zones.
    Certain,
    /// Conditions or their inputs are invalid, so other zones may be meant too.
    Partial,
    /// Conditions are unreadable, so any zones may be meant.
    Unknown,
}

/// Returns the zones that a manifest applies to.
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

/// Returns the zones that a part of the `Network` manifest applies to.
pub fn of_part(
    part: (&Spanned<AppliesToSpec>, &UnreadableParts),
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    among(ZoneRoleFilter::All, part, network, head, problems)
}

/// Returns the zones that a field of a manifest applies to (default: members).
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

/// Returns the zones with a readable code.
pub fn nameable(network: &Network) -> Vec<usize> {
    (0..network.zones.len()).filter(|&zone| !network.zones[zone].unread.code).collect()
}

/// Returns the zones of the manifest's selection that an override applies to.
pub fn of_override(
    (applies_to, lost): (&Spanned<AppliesToSpec>, &UnreadableParts),
    within: &SelectedZones,
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> SelectedZones {
    let whole = "the manifest's selection";
    let failed = network.unread || within.certainty != SelectionCertainty::Certain;
    ZoneSelector { network, head, default: ZoneRoleFilter::All, whole, failed, doubtful: false, lost }.select(
        applies_to,
        within.zones.clone(),
        problems,
    )
}
