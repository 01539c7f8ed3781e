//! Decides which zones a manifest, or an override of it, speaks of.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::envelope::Head;
use super::lost::Lost;
use super::node::Extent;
use super::suggest;
use super::text::OneOrMany;
use super::typed::{At, Fields};
use crate::model::network::{Names, Role, Zone};
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

struct Select<'a> {
    network: &'a Network,
    head: &'a Head,
    default: Zones,
    /// What is selected from, in words.
    whole: &'static str,
    /// Whether a condition is wrong in itself, so that an empty selection is only its consequence.
    failed: bool,
    /// Whether zones that are known may be meant although they are not selected.
    doubtful: bool,
    /// What of the conditions could not be read.
    lost: &'a Lost,
}

/// The condition that left nothing: what to say about it, where, and the way out.
type Emptied = Option<(Extent, String, String)>;

impl Select<'_> {
    fn select(
        mut self,
        applies_to: &At<AppliesTo>,
        from: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Selection {
        let AppliesTo { zones, labels, only, except } = &applies_to.value;
        self.failed |= !self.lost.is_nothing();
        let mut emptied: Emptied = None;

        let wanted = zones.map_or(self.default, |zones| zones.value);
        let whole = from.clone();
        let mut selected: Vec<usize> =
            from.into_iter().filter(|&zone| has_role(wanted, &self.network.zones[zone])).collect();
        if selected.is_empty() {
            // A zone that cannot be named may be the one that is meant.
            let unnamed = |zone: &Zone| zone.unread.code && has_role(wanted, zone);
            self.failed |= self.network.zones.iter().any(unnamed);
            let extent = zones.map_or(applies_to.extent, |zones| zones.extent);
            let message = format!("{} has no {}", self.whole, wanted.in_words());
            emptied = Some((extent, message, "choose other `zones`".to_owned()));
        }
        for (label, values) in &labels.0 {
            let before = selected.clone();
            selected = self.with_label(label, values, selected, problems);
            if selected.is_empty() && !before.is_empty() {
                emptied = Some(self.no_label_left(label, values, wanted));
            }
        }
        let only = only.as_ref().map_or(&[][..], |only| &only.value);
        if !only.is_empty() {
            let before = selected.clone();
            selected = self.only(only, selected, problems);
            if selected.is_empty() && !before.is_empty() {
                emptied = Some(self.only_left_out(only, wanted, &whole));
            }
        }
        let before = !selected.is_empty();
        selected = self.except(except, selected, problems);
        if before && selected.is_empty() {
            let extent = except.first().map_or(applies_to.extent, |code| code.extent);
            let message = "`except` leaves out every zone that was selected".to_owned();
            emptied = Some((extent, message, "remove the manifest if it is for nobody".to_owned()));
        }
        if let Some((extent, message, help)) = emptied.filter(|_| !self.failed && selected.is_empty()) {
            let message = format!("`appliesTo` matches nothing: {message}");
            problems
                .push(Diagnostic::error(codes::EMPTY_SELECTION, self.head.place(extent), message).help(help));
        }
        let certainty = match (self.lost.is_nothing(), self.failed) {
            (false, _) => Certainty::Unknown,
            (true, true) if selected.is_empty() => Certainty::Unknown,
            (true, _) if self.doubtful => Certainty::Partial,
            (true, _) => Certainty::Sure,
        };
        Selection { zones: selected, certainty }
    }

    fn with_label(
        &mut self,
        label: &At<String>,
        values: &At<OneOrMany>,
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let zones = &self.network.zones;
        // What a zone says may be what could not be read.
        let unread = |zone: &Zone| zone.unread.labels.contains(&label.value);
        let unnamed =
            |zone: &Zone| zone.unread.code && (unread(zone) || zone.labels.contains_key(&label.value));
        self.doubtful |= selected.iter().any(|&zone| unread(&zones[zone]));
        self.failed |= self.doubtful || zones.iter().any(unnamed);
        let complete = !self.network.unread && !zones.iter().any(unread);
        if !zones.iter().any(|zone| zone.labels.contains_key(&label.value)) {
            self.failed = true;
            if !complete {
                return Vec::new();
            }
            let known = zones.iter().flat_map(|zone| zone.labels.keys().map(String::as_str));
            let message = format!("no zone has a label `{}`", label.value);
            problems.push(
                Diagnostic::error(codes::UNKNOWN_LABEL, self.head.place(label.extent), message)
                    .help(suggest::among(&label.value, known.collect::<BTreeSet<&str>>())),
            );
            return Vec::new();
        }
        let texts = values.texts();
        for value in &texts {
            let known = || zones.iter().filter_map(|zone| zone.labels.get(&label.value)).map(String::as_str);
            if complete && !known().any(|each| each == value.value) {
                (self.failed, self.doubtful) = (true, true);
                let message = format!("no zone has the label `{}: {}`", label.value, value.value);
                problems.push(
                    Diagnostic::error(codes::UNKNOWN_LABEL_VALUE, self.head.place(value.extent), message)
                        .help(suggest::among(value.value, known().collect::<BTreeSet<&str>>())),
                );
            }
        }
        let matches = |zone: &Zone| {
            zone.labels.get(&label.value).is_some_and(|has| texts.iter().any(|value| value.value == has))
        };
        selected.into_iter().filter(|&zone| matches(&zones[zone])).collect()
    }

    fn no_label_left(
        &self,
        label: &At<String>,
        values: &At<OneOrMany>,
        wanted: Zones,
    ) -> (Extent, String, String) {
        let texts = values.texts();
        let have = self.network.zones.iter().filter(|zone| {
            zone.labels.get(&label.value).is_some_and(|has| texts.iter().any(|value| value.value == has))
        });
        let help = format!("zones with this label: {}", suggest::some(have.map(|zone| zone.code.as_str())));
        let words: Vec<&str> = texts.iter().map(|value| value.value).collect();
        let message = format!(
            "none of the {} that the other conditions select has the label `{}: {}`",
            match wanted {
                Zones::Members => "members",
                Zones::Network | Zones::All => "zones",
            },
            label.value,
            words.join(" or ")
        );
        (label.extent, message, help)
    }

    fn only(
        &mut self,
        only: &[At<String>],
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let codes = self.known(only, "only", problems);
        let kept: Vec<usize> =
            selected.into_iter().filter(|zone| codes.iter().any(|(known, _)| known == zone)).collect();
        if !kept.is_empty() && self.lost.is_nothing() {
            let left_out = |zone: usize| {
                !kept.contains(&zone) && self.network.zones[zone].unread.labels == Names::default()
            };
            for (zone, extent) in codes.iter().filter(|(zone, _)| left_out(*zone)) {
                let message = format!("another condition leaves out `{}`", self.network.zones[*zone].code);
                problems.push(
                    Diagnostic::warning(codes::ONLY_LEFT_OUT, self.head.place(*extent), message)
                        .help("remove it from `only`, or change the other condition"),
                );
            }
        }
        kept
    }

    fn only_left_out(&self, only: &[At<String>], wanted: Zones, whole: &[usize]) -> (Extent, String, String) {
        let extent = only.first().map(|code| code.extent).unwrap_or_default();
        let named: Vec<usize> = (0..self.network.zones.len())
            .filter(|&zone| only.iter().any(|code| self.network.zones[zone].code.as_str() == code.value))
            .collect();
        let roles: Vec<Role> = named.iter().map(|&zone| self.network.zones[zone].role).collect();
        let (message, help) = match wanted {
            _ if !named.iter().any(|zone| whole.contains(zone)) => (
                format!("`only` names no zone of {}", self.whole),
                "name zones that the manifest itself applies to, or widen its own `appliesTo`",
            ),
            Zones::Members if roles.contains(&Role::Network) => (
                "`only` names the network zone, but `zones` is `members`".to_owned(),
                "write `zones: network` or `zones: all`",
            ),
            Zones::Network if roles.contains(&Role::Member) => (
                "`only` names members, but `zones` is `network`".to_owned(),
                "write `zones: members` or `zones: all`",
            ),
            Zones::Members | Zones::Network | Zones::All => (
                "the other conditions leave out every zone that `only` names".to_owned(),
                "remove those conditions: `only` is enough",
            ),
        };
        (extent, message, help.to_owned())
    }

    fn except(
        &mut self,
        except: &[At<String>],
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let codes = self.known(except, "except", problems);
        for (zone, extent) in codes.iter().filter(|(zone, _)| !selected.contains(zone) && !self.failed) {
            let message = format!(
                "`except` leaves out `{}`, which is not selected anyway",
                self.network.zones[*zone].code
            );
            problems.push(
                Diagnostic::warning(codes::EXCEPT_NOBODY, self.head.place(*extent), message)
                    .help("remove it"),
            );
        }
        selected.into_iter().filter(|zone| !codes.iter().any(|(known, _)| known == zone)).collect()
    }

    /// The zones of these codes; those that do not exist are told.
    fn known(
        &mut self,
        codes: &[At<String>],
        field: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<(usize, Extent)> {
        let zones = &self.network.zones;
        let mut known = Vec::new();
        for code in codes {
            match zones.iter().position(|zone| zone.code.as_str() == code.value) {
                Some(zone) => known.push((zone, code.extent)),
                None if self.network.unread || zones.iter().any(|zone| zone.unread.code) => {
                    self.failed |= field == "only";
                }
                None => {
                    // An unknown exception takes nothing away, so that it empties nothing either.
                    self.failed |= field == "only";
                    self.doubtful |= field == "only";
                    let message =
                        format!("`{field}` names `{}`, which is no zone of the network", code.value);
                    problems.push(
                        Diagnostic::error(codes::UNKNOWN_CODE, self.head.place(code.extent), message)
                            .help(suggest::among(&code.value, zones.iter().map(|zone| zone.code.as_str()))),
                    );
                }
            }
        }
        known
    }
}

impl Zones {
    fn in_words(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Network => "network zone",
            Self::All => "zones",
        }
    }
}

fn has_role(zones: Zones, zone: &Zone) -> bool {
    match (zones, zone.role) {
        (Zones::All, _) | (Zones::Members, Role::Member) | (Zones::Network, Role::Network) => true,
        (Zones::Members, Role::Network) | (Zones::Network, Role::Member) => false,
    }
}
