//! Resolves the external user groups of the members, with each member's own codes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule_audience::{ScopedRule, members};
use super::{ExternalGroupSpec, ExternalGroupsSpec};
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::Diagnostic;

/// Group code with the network indices of the members that use it.
pub struct GroupSpelling {
    pub code: Arc<str>,
    pub extent: NodeSpan,
    pub members: BTreeSet<usize>,
}

/// Returns the code of a group per member; variables take each member's value.
pub fn spellings(
    code: &Spanned<TextOrVariable>,
    members: &BTreeSet<usize>,
    scope: &mut ManifestExpansion<'_, '_>,
) -> impl Iterator<Item = GroupSpelling> + use<> {
    let mut found: BTreeMap<Arc<str>, BTreeSet<usize>> = BTreeMap::new();
    let network = scope.network;
    for &member in members {
        if let Some(text) = scope.resolve_text(code, &network.zones[member]) {
            found.entry(text).or_default().insert(member);
        }
    }
    let extent = code.extent;
    found.into_iter().map(move |(code, members)| GroupSpelling { code, extent, members })
}

/// External user group with its members.
pub struct ResolvedExternalGroup {
    pub code: Arc<str>,
    /// Location of the group code.
    pub extent: NodeSpan,
    /// Location of the declared institutions.
    pub from: NodeSpan,
    pub institutions: BTreeSet<usize>,
    pub of_everyone: bool,
    pub absent: bool,
}

impl ResolvedExternalGroup {
    /// Returns all groups of the manifest; declarations of the same group are merged.
    pub fn resolve_groups(
        external: &ExternalGroupsSpec,
        scope: &mut ManifestExpansion<'_, '_>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<Self> {
        let (head, network) = (scope.head, scope.network);
        let all = members(&selection::nameable(network), network);
        let mut held: Vec<Self> = Vec::new();
        for Spanned { value: ExternalGroupSpec { codes, institutions, absent }, .. } in &external.groups {
            let selected = selection::of_manifest(institutions.as_ref(), network, head, told);
            let selected = members(&selected.zones, network);
            let absent = *absent == Some(true);
            let found: Vec<GroupSpelling> =
                codes.iter().flat_map(|code| spellings(code, &selected, scope)).collect();
            for GroupSpelling { code, extent, members: institutions_of } in found {
                match held.iter_mut().find(|other| other.code == code) {
                    None => {
                        let from = institutions.as_ref().map_or(extent, |said| said.extent);
                        held.push(Self {
                            code,
                            extent,
                            from,
                            institutions: institutions_of,
                            of_everyone: false,
                            absent,
                        });
                    }
                    Some(other) if other.absent != absent => {
                        told.push(twice(&code, (extent, other.extent), head));
                    }
                    Some(other) => other.institutions.extend(institutions_of),
                }
            }
        }
        held.iter_mut().for_each(|group| group.of_everyone = group.institutions == all);
        held
    }

    /// Returns the other members with this group.
    pub fn other_members(&self, zone: usize) -> BTreeSet<usize> {
        self.institutions.iter().copied().filter(|&each| each != zone).collect()
    }

    /// Returns true if the group must exist at a member.
    pub fn is_at(&self, zone: usize) -> bool {
        !self.absent && (self.of_everyone || !self.other_members(zone).is_empty())
    }
}

/// Reports groups used by rules but declared for no member.
pub fn check_undeclared_groups(
    rules: &[ScopedRule<'_>],
    held: &[ResolvedExternalGroup],
    head: &ManifestHeader,
) -> Vec<Diagnostic> {
    let there: Vec<&str> = held.iter().filter(|group| !group.absent).map(|group| &*group.code).collect();
    let missing = |group: &&GroupSpelling| !there.contains(&&*group.code);
    let told = |GroupSpelling { code, extent, .. }: &GroupSpelling| {
        let message = format!("no member has the user group `{code}`");
        Diagnostic::error(diagnostic_codes::UNDECLARED_EXTERNAL_GROUP, head.place(*extent), message)
            .help(suggestions::among(code, there.iter().copied()))
    };
    rules.iter().flat_map(|placed| &placed.groups).filter(missing).map(told).collect()
}

/// Returns the diagnostic for a duplicate group.
pub fn twice(code: &str, (extent, first): (NodeSpan, NodeSpan), head: &ManifestHeader) -> Diagnostic {
    let message = format!("external user group `{code}` is declared twice");
    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
        .with_secondary_span(head.place(first), "first here")
        .help("declare the group once, with all its members")
}
