//! Decides which zones a manifest, or an override of it, speaks of.

mod select;

use schemars::JsonSchema;
use serde::Deserialize;

use self::select::Select;
use super::envelope::Head;
use super::lost::Lost;
use super::text::OneOrMany;
use super::typed::{At, Fields};
use crate::model::{Diagnostic, Network};

/// Which zones something applies to. All conditions must hold; a condition that is left out, or
/// an empty list, says nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliesTo {
    /// Members (the default), the network zone, or all. In an override: all that the manifest applies to;
    /// in a `Network`: all.
    pub zones: Option<At<Zones>>,
    /// Labels that a zone must have, each with one of the values.
    #[serde(default)]
    pub labels: Fields<At<OneOrMany>>,
    /// Codes of the zones to choose from.
    pub only: Option<At<Vec<At<String>>>>,
    /// Codes of zones to leave out.
    #[serde(default)]
    pub except: Vec<At<String>>,
}

/// Zones by their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Zones {
    /// The institution zones.
    Members,
    /// The network zone.
    Network,
    /// Both.
    All,
}

/// Zones of a network.
#[derive(Debug, Clone)]
pub struct Selection {
    /// By their position in the network, in its order.
    pub zones: Vec<usize>,
    /// Whether it is these, or only those of which it can be said.
    pub certainty: Certainty,
}

/// How much is known of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// These zones and no other.
    Sure,
    /// Conditions are wrong, or something that they depend on, so that others may be meant.
    Partial,
    /// Conditions could not be read, so that it may be any zones.
    Unknown,
}

/// The zones that a manifest applies to.
pub fn of_manifest(
    applies_to: Option<&At<AppliesTo>>,
    network: &Network,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    let lost = head.lost_spec().field("appliesTo");
    let everyone = At { value: AppliesTo::default(), extent: head.extent };
    of_field((applies_to.unwrap_or(&everyone), lost), network, head, problems)
}

/// The zones that a part of the network's own manifest speaks of.
pub fn of_part(
    part: (&At<AppliesTo>, &Lost),
    network: &Network,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    among(Zones::All, part, network, head, problems)
}

/// The zones that a field of a manifest speaks of: members where it says nothing else.
pub fn of_field(
    field: (&At<AppliesTo>, &Lost),
    network: &Network,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    among(Zones::Members, field, network, head, problems)
}

fn among(
    default: Zones,
    (applies_to, lost): (&At<AppliesTo>, &Lost),
    network: &Network,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    let (whole, failed) = ("the network", network.unread);
    Select { network, head, default, whole, failed, doubtful: false, lost }.select(
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
    (applies_to, lost): (&At<AppliesTo>, &Lost),
    within: &Selection,
    network: &Network,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) -> Selection {
    let whole = "the manifest's own selection";
    let failed = network.unread || within.certainty != Certainty::Sure;
    Select { network, head, default: Zones::All, whole, failed, doubtful: false, lost }.select(
        applies_to,
        within.zones.clone(),
        problems,
    )
}
