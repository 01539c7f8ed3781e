//! Determines the audience of each rule at each member, and rules hidden by earlier rules.

use std::collections::BTreeSet;

use super::LinkingRuleSpec;
use super::external_groups::{GroupSpelling, ResolvedExternalGroup, spellings};
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, SelectedZones};
use crate::manifest::unreadable::NOTHING;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::ZoneRole;
use crate::model::{Diagnostic, Network};

/// Rule with its target and source institutions, as network indices.
pub struct ScopedRule<'a> {
    pub rule: &'a Spanned<LinkingRuleSpec>,
    pub targets: BTreeSet<usize>,
    pub sources: BTreeSet<usize>,
    /// External user groups of the rule, with the codes of its source institutions; empty for any group.
    pub groups: Vec<GroupSpelling>,
}

/// Audience of a rule at one member.
pub struct RuleAudience<'a> {
    /// Source institutions, without the member itself; never empty.
    pub sources: BTreeSet<usize>,
    /// External user groups; `None` for any group.
    pub groups: Option<Vec<&'a GroupSpelling>>,
}

/// Returns the members among zones.
pub fn members(zones: &[usize], network: &Network) -> BTreeSet<usize> {
    zones.iter().copied().filter(|&zone| network.zones[zone].role == ZoneRole::Member).collect()
}

impl<'a> ScopedRule<'a> {
    pub fn new(
        rule: &'a Spanned<LinkingRuleSpec>,
        targets: &SelectedZones,
        scope: &mut ManifestExpansion<'_, '_>,
        told: &mut Vec<Diagnostic>,
    ) -> Self {
        let (head, network) = (scope.head, scope.network);
        let sources = selection::of_manifest(rule.value.sources.as_ref(), network, head, told);
        let own = rule.value.applies_to.as_ref();
        let own = own.map(|own| selection::of_override((own, &NOTHING), targets, network, head, told).zones);
        let targets = members(own.as_ref().unwrap_or(&targets.zones), network);
        let sources = members(&sources.zones, network);
        let mut groups: Vec<GroupSpelling> = Vec::new();
        for spelling in rule.value.user_groups.iter().flat_map(|code| spellings(code, &sources, scope)) {
            match groups.iter_mut().find(|other| other.code == spelling.code) {
                Some(other) => other.members.extend(spelling.members),
                None => groups.push(spelling),
            }
        }
        Self { rule, targets, sources, groups }
    }

    /// Returns the audience of the rule at a member, or `None` for an empty audience. Without groups of other
    /// members, if the manifest declares the members' groups.
    pub fn audience_at(
        &self,
        zone: usize,
        held: Option<&[ResolvedExternalGroup]>,
    ) -> Option<RuleAudience<'_>> {
        let Spanned { value: rule, .. } = self.rule;
        let sources: BTreeSet<usize> =
            self.sources.iter().copied().filter(|&source| source != zone).collect();
        let is_there = |group: &&GroupSpelling| {
            let known = |held: &[ResolvedExternalGroup]| {
                held.iter().any(|each| each.is_at(zone) && each.code == group.code)
            };
            group.members.iter().any(|member| *member != zone) && held.is_none_or(known)
        };
        let groups: Vec<&GroupSpelling> = self.groups.iter().filter(is_there).collect();
        let any = rule.user_groups.is_empty();
        let nobody = rule.is_absent()
            || !self.targets.contains(&zone)
            || sources.is_empty()
            || (groups.is_empty() && !any);
        (!nobody).then_some(RuleAudience { sources, groups: (!any).then_some(groups) })
    }
}

impl RuleAudience<'_> {
    /// Returns true if the rule matches users of this source institution and group; no group means any.
    fn matches(&self, source: usize, group: Option<&str>) -> bool {
        self.sources.contains(&source)
            && match (&self.groups, group) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(groups), Some(group)) => groups.iter().any(|each| *each.code == *group),
            }
    }
}

/// Reports rules without an audience at any member.
pub fn reach(
    rules: &[ScopedRule<'_>],
    held: Option<&[ResolvedExternalGroup]>,
    head: &ManifestHeader,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (index, placed) in rules.iter().enumerate().filter(|(_, placed)| !placed.rule.value.is_absent()) {
        let Spanned { value: rule, .. } = placed.rule;
        let name = &rule.name;
        let here: Vec<(usize, RuleAudience<'_>)> =
            placed.targets.iter().filter_map(|&zone| Some((zone, placed.audience_at(zone, held)?))).collect();
        if here.is_empty() && placed.sources.is_empty() {
            // Only the Network Zone is selected; `only_members` reports this.
            continue;
        }
        if here.is_empty() {
            let message = format!(
                "rule `{}` matches no institution: a member is not its own source institution",
                name.value
            );
            problems.push(
                Diagnostic::error(diagnostic_codes::NO_SOURCE_LEFT, head.place(name.extent), message)
                    .help("select other members in `sources`, or remove the rule"),
            );
            continue;
        }
        let mut by = BTreeSet::new();
        let covered = here.iter().all(|(zone, here)| {
            let earlier: Vec<(usize, RuleAudience<'_>)> = (rules[..index].iter().enumerate())
                .filter(|(_, earlier)| earlier.rule.value.enabled.is_none_or(|enabled| enabled.value))
                .filter_map(|(index, earlier)| Some((index, earlier.audience_at(*zone, held)?)))
                .collect();
            takes_all(&earlier, here, &mut by)
        });
        // Alma does not apply a disabled rule anyway.
        if covered && rule.enabled.is_none_or(|enabled| enabled.value) {
            let by: Vec<&Spanned<String>> = by.iter().map(|&index| &rules[index].rule.value.name).collect();
            problems.push(unreachable(name, &by, head));
        }
    }
    problems
}

/// Returns true if earlier rules match the whole audience of a rule; adds their indices to `by`.
fn takes_all(
    earlier: &[(usize, RuleAudience<'_>)],
    here: &RuleAudience<'_>,
    by: &mut BTreeSet<usize>,
) -> bool {
    let groups: Vec<Option<&str>> = match &here.groups {
        None => vec![None],
        Some(groups) => groups.iter().map(|group| Some(&*group.code)).collect(),
    };
    let mut pairs = here.sources.iter().flat_map(|source| groups.iter().map(move |group| (*source, *group)));
    pairs.all(|(source, group)| match earlier.iter().find(|(_, here)| here.matches(source, group)) {
        Some((found, _)) => {
            by.insert(*found);
            true
        }
        None => false,
    })
}

fn unreachable(name: &Spanned<String>, by: &[&Spanned<String>], head: &ManifestHeader) -> Diagnostic {
    let message = format!(
        "rule `{}` never applies: {} already {} its whole audience",
        name.value,
        suggestions::abbreviated_list(by.iter().map(|name| name.value.as_str())),
        if by.len() == 1 { "matches" } else { "match" }
    );
    let problem = Diagnostic::error(diagnostic_codes::RULE_UNREACHABLE, head.place(name.extent), message);
    let earlier = |problem: Diagnostic, name: &&Spanned<String>| {
        problem.with_secondary_span(head.place(name.extent), "earlier rule")
    };
    by.iter().fold(problem, earlier).help(
        "Alma applies the first matching rule: move this rule up, or \
                                           remove it",
    )
}
