//! Applies the conditions of a selector in turn, and reports the condition that removes the last zone.

use std::collections::BTreeSet;

use super::{AppliesToSpec, SelectedZones, SelectionCertainty, ZoneRoleFilter};
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrTexts;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::{UnreadableNames, Zone, ZoneRole};
use crate::model::{Diagnostic, Network};

/// Selector evaluation: conditions and their context.
pub(super) struct ZoneSelector<'a> {
    pub(super) network: &'a Network,
    pub(super) head: &'a ManifestHeader,
    pub(super) default: ZoneRoleFilter,
    /// Name of the base set of zones in messages.
    pub(super) whole: &'static str,
    /// True if a condition is invalid, so that an empty selection is a follow-up error.
    pub(super) failed: bool,
    /// True if known zones may be meant although they are not selected.
    pub(super) doubtful: bool,
    /// Unreadable parts of the conditions.
    pub(super) lost: &'a UnreadableParts,
}

/// Condition that removed the last zone: location, message and help.
type EmptyCondition = Option<(NodeSpan, String, String)>;

impl ZoneSelector<'_> {
    /// Returns the selected zones of `from`, and reports problems of the conditions.
    pub(super) fn select(
        mut self,
        applies_to: &Spanned<AppliesToSpec>,
        from: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> SelectedZones {
        let AppliesToSpec { zones, labels, only, except } = &applies_to.value;
        self.failed |= !self.lost.is_nothing();
        let mut emptied: EmptyCondition = None;

        let role_filter = zones.map_or(self.default, |zones| zones.value);
        let whole = from.clone();
        let mut selected: Vec<usize> =
            from.into_iter().filter(|&zone| has_role(role_filter, &self.network.zones[zone])).collect();
        if selected.is_empty() {
            // A zone without a readable code may be the intended one.
            let unnamed = |zone: &Zone| zone.unread.code && has_role(role_filter, zone);
            self.failed |= self.network.zones.iter().any(unnamed);
            let extent = zones.map_or(applies_to.extent, |zones| zones.extent);
            let message = format!("{} has no {}", self.whole, role_filter.in_words());
            emptied = Some((extent, message, "change `zones`".to_owned()));
        }
        for (label, values) in &labels.0 {
            let before = selected.clone();
            selected = self.with_label(label, values, selected, problems);
            if selected.is_empty() && !before.is_empty() {
                emptied = Some(self.no_label_left(label, values, role_filter));
            }
        }
        let only = only.as_ref().map_or(&[][..], |only| &only.value);
        if !only.is_empty() {
            let before = selected.clone();
            selected = self.only(only, selected, problems);
            if selected.is_empty() && !before.is_empty() {
                emptied = Some(self.only_left_out(only, role_filter, &whole));
            }
        }
        let before = !selected.is_empty();
        selected = self.except(except, selected, problems);
        if before && selected.is_empty() {
            let extent = except.first().map_or(applies_to.extent, |code| code.extent);
            let message = "`except` excludes every selected zone".to_owned();
            emptied = Some((extent, message, "remove the manifest if no zone needs it".to_owned()));
        }
        if let Some((extent, message, help)) = emptied.filter(|_| !self.failed && selected.is_empty()) {
            let message = format!("`appliesTo` matches no zones: {message}");
            problems.push(
                Diagnostic::error(diagnostic_codes::EMPTY_SELECTION, self.head.place(extent), message)
                    .help(help),
            );
        }
        let certainty = match (self.lost.is_nothing(), self.failed) {
            (false, _) => SelectionCertainty::Unknown,
            (true, true) if selected.is_empty() => SelectionCertainty::Unknown,
            (true, _) if self.doubtful => SelectionCertainty::Partial,
            (true, _) => SelectionCertainty::Certain,
        };
        SelectedZones { zones: selected, certainty }
    }

    fn with_label(
        &mut self,
        label: &Spanned<String>,
        values: &Spanned<TextOrTexts>,
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let zones = &self.network.zones;
        // The label may be among the unreadable fields of a zone.
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
                Diagnostic::error(diagnostic_codes::UNKNOWN_LABEL, self.head.place(label.extent), message)
                    .help(suggestions::among(&label.value, known.collect::<BTreeSet<&str>>())),
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
                    Diagnostic::error(
                        diagnostic_codes::UNKNOWN_LABEL_VALUE,
                        self.head.place(value.extent),
                        message,
                    )
                    .help(suggestions::among(value.value, known().collect::<BTreeSet<&str>>())),
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
        label: &Spanned<String>,
        values: &Spanned<TextOrTexts>,
        role_filter: ZoneRoleFilter,
    ) -> (NodeSpan, String, String) {
        let texts = values.texts();
        let have = self.network.zones.iter().filter(|zone| {
            zone.labels.get(&label.value).is_some_and(|has| texts.iter().any(|value| value.value == has))
        });
        let help = format!(
            "zones with this label: {}",
            suggestions::abbreviated_list(have.map(|zone| zone.code.as_str()))
        );
        let words: Vec<&str> = texts.iter().map(|value| value.value).collect();
        let message = format!(
            "none of the {} selected by the other conditions has the label `{}: {}`",
            match role_filter {
                ZoneRoleFilter::Members => "members",
                ZoneRoleFilter::Network | ZoneRoleFilter::All => "zones",
            },
            label.value,
            words.join(" or ")
        );
        (label.extent, message, help)
    }

    fn only(
        &mut self,
        only: &[Spanned<String>],
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let codes = self.find_zones(only, "only", problems);
        let kept: Vec<usize> =
            selected.into_iter().filter(|zone| codes.iter().any(|(known, _)| known == zone)).collect();
        if !kept.is_empty() && self.lost.is_nothing() {
            let left_out = |zone: usize| {
                !kept.contains(&zone) && self.network.zones[zone].unread.labels == UnreadableNames::default()
            };
            for (zone, extent) in codes.iter().filter(|(zone, _)| left_out(*zone)) {
                let message = format!("another condition excludes `{}`", self.network.zones[*zone].code);
                problems.push(
                    Diagnostic::warning(diagnostic_codes::ONLY_LEFT_OUT, self.head.place(*extent), message)
                        .help("remove it from `only`, or change the other condition"),
                );
            }
        }
        kept
    }

    fn only_left_out(
        &self,
        only: &[Spanned<String>],
        role_filter: ZoneRoleFilter,
        whole: &[usize],
    ) -> (NodeSpan, String, String) {
        let extent = only.first().map(|code| code.extent).unwrap_or_default();
        let named: Vec<usize> = (0..self.network.zones.len())
            .filter(|&zone| only.iter().any(|code| self.network.zones[zone].code.as_str() == code.value))
            .collect();
        let roles: Vec<ZoneRole> = named.iter().map(|&zone| self.network.zones[zone].role).collect();
        let (message, help) = match role_filter {
            _ if !named.iter().any(|zone| whole.contains(zone)) => (
                format!("`only` names no zone of {}", self.whole),
                "use zones that the manifest applies to, or extend its `appliesTo`",
            ),
            ZoneRoleFilter::Members if roles.contains(&ZoneRole::Network) => (
                "`only` names the Network Zone, but `zones` is `members`".to_owned(),
                "write `zones: network` or `zones: all`",
            ),
            ZoneRoleFilter::Network if roles.contains(&ZoneRole::Member) => (
                "`only` names members, but `zones` is `network`".to_owned(),
                "write `zones: members` or `zones: all`",
            ),
            ZoneRoleFilter::Members | ZoneRoleFilter::Network | ZoneRoleFilter::All => (
                "the other conditions exclude every zone in `only`".to_owned(),
                "remove the other conditions: `only` is sufficient",
            ),
        };
        (extent, message, help.to_owned())
    }

    fn except(
        &mut self,
        except: &[Spanned<String>],
        selected: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<usize> {
        let codes = self.find_zones(except, "except", problems);
        for (zone, extent) in codes.iter().filter(|(zone, _)| !selected.contains(zone) && !self.failed) {
            let message =
                format!("`except` names `{}`, which is not selected", self.network.zones[*zone].code);
            problems.push(
                Diagnostic::warning(diagnostic_codes::EXCEPT_NOBODY, self.head.place(*extent), message)
                    .help("remove it"),
            );
        }
        selected.into_iter().filter(|zone| !codes.iter().any(|(known, _)| known == zone)).collect()
    }

    /// Returns the zones with these codes, and reports unknown codes.
    fn find_zones(
        &mut self,
        codes: &[Spanned<String>],
        field: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<(usize, NodeSpan)> {
        let zones = &self.network.zones;
        let mut known = Vec::new();
        for code in codes {
            match zones.iter().position(|zone| zone.code.as_str() == code.value) {
                Some(zone) => known.push((zone, code.extent)),
                None if self.network.unread || zones.iter().any(|zone| zone.unread.code) => {
                    self.failed |= field == "only";
                }
                None => {
                    // An unknown code in `except` removes no zone, so it cannot cause an empty selection.
                    self.failed |= field == "only";
                    self.doubtful |= field == "only";
                    let message = format!("`{field}` names the unknown zone `{}`", code.value);
                    problems.push(
                        Diagnostic::error(
                            diagnostic_codes::UNKNOWN_CODE,
                            self.head.place(code.extent),
                            message,
                        )
                        .help(suggestions::among(&code.value, zones.iter().map(|zone| zone.code.as_str()))),
                    );
                }
            }
        }
        known
    }
}

impl ZoneRoleFilter {
    fn in_words(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Network => "Network Zone",
            Self::All => "zones",
        }
    }
}

fn has_role(zones: ZoneRoleFilter, zone: &Zone) -> bool {
    match (zones, zone.role) {
        (ZoneRoleFilter::All, _)
        | (ZoneRoleFilter::Members, ZoneRole::Member)
        | (ZoneRoleFilter::Network, ZoneRole::Network) => true,
        (ZoneRoleFilter::Members, ZoneRole::Network) | (ZoneRoleFilter::Network, ZoneRole::Member) => false,
    }
}
