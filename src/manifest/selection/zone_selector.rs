//! Condition after condition, and which of them left nothing: so that what is told names the one that is wrong.

use std::collections::BTreeSet;

use super::{AppliesToSpec, SelectedZones, SelectionCertainty, ZoneRoleFilter};
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrTexts;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::{UnreadableNames, Zone, ZoneRole};
use crate::model::{Diagnostic, Network};

/// Conditions, and what they are held against.
pub(super) struct ZoneSelector<'a> {
    pub(super) network: &'a Network,
    pub(super) head: &'a ManifestHeader,
    pub(super) default: ZoneRoleFilter,
    /// What is selected from, in words.
    pub(super) whole: &'static str,
    /// Whether a condition is wrong in itself, so that an empty selection is only its consequence.
    pub(super) failed: bool,
    /// Whether zones that are known may be meant although they are not selected.
    pub(super) doubtful: bool,
    /// What of the conditions could not be read.
    pub(super) lost: &'a UnreadableParts,
}

/// The condition that left nothing: what to say about it, where, and the way out.
type EmptyCondition = Option<(NodeSpan, String, String)>;

impl ZoneSelector<'_> {
    /// The zones that are left of some; what is wrong with the conditions is told.
    pub(super) fn select(
        mut self,
        applies_to: &Spanned<AppliesToSpec>,
        from: Vec<usize>,
        problems: &mut Vec<Diagnostic>,
    ) -> SelectedZones {
        let AppliesToSpec { zones, labels, only, except } = &applies_to.value;
        self.failed |= !self.lost.is_nothing();
        let mut emptied: EmptyCondition = None;

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
        wanted: ZoneRoleFilter,
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
            "none of the {} that the other conditions select has the label `{}: {}`",
            match wanted {
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
                let message = format!("another condition leaves out `{}`", self.network.zones[*zone].code);
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
        wanted: ZoneRoleFilter,
        whole: &[usize],
    ) -> (NodeSpan, String, String) {
        let extent = only.first().map(|code| code.extent).unwrap_or_default();
        let named: Vec<usize> = (0..self.network.zones.len())
            .filter(|&zone| only.iter().any(|code| self.network.zones[zone].code.as_str() == code.value))
            .collect();
        let roles: Vec<ZoneRole> = named.iter().map(|&zone| self.network.zones[zone].role).collect();
        let (message, help) = match wanted {
            _ if !named.iter().any(|zone| whole.contains(zone)) => (
                format!("`only` names no zone of {}", self.whole),
                "name zones that the manifest itself applies to, or widen its own `appliesTo`",
            ),
            ZoneRoleFilter::Members if roles.contains(&ZoneRole::Network) => (
                "`only` names the network zone, but `zones` is `members`".to_owned(),
                "write `zones: network` or `zones: all`",
            ),
            ZoneRoleFilter::Network if roles.contains(&ZoneRole::Member) => (
                "`only` names members, but `zones` is `network`".to_owned(),
                "write `zones: members` or `zones: all`",
            ),
            ZoneRoleFilter::Members | ZoneRoleFilter::Network | ZoneRoleFilter::All => (
                "the other conditions leave out every zone that `only` names".to_owned(),
                "remove those conditions: `only` is enough",
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
            let message = format!(
                "`except` leaves out `{}`, which is not selected anyway",
                self.network.zones[*zone].code
            );
            problems.push(
                Diagnostic::warning(diagnostic_codes::EXCEPT_NOBODY, self.head.place(*extent), message)
                    .help("remove it"),
            );
        }
        selected.into_iter().filter(|zone| !codes.iter().any(|(known, _)| known == zone)).collect()
    }

    /// The zones of these codes; those that do not exist are told.
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
                    // An unknown exception takes nothing away, so that it empties nothing either.
                    self.failed |= field == "only";
                    self.doubtful |= field == "only";
                    let message =
                        format!("`{field}` names `{}`, which is no zone of the network", code.value);
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
            Self::Network => "network zone",
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
