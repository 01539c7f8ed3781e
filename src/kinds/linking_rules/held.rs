//! Which external user groups the members have, as each of them spells its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reach::{Placed, members};
use super::{ExternalGroup, ExternalGroups};
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::selection;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes, suggest};
use crate::model::Diagnostic;

/// A code and the members that spell a group so, by their position in the network.
pub struct Spelling {
    pub code: Arc<str>,
    pub extent: Extent,
    pub members: BTreeSet<usize>,
}

/// A code as some members spell it: a variable is that of each.
pub fn spellings(
    code: &At<Text>,
    members: &BTreeSet<usize>,
    scope: &mut Scope<'_, '_>,
) -> impl Iterator<Item = Spelling> + use<> {
    let mut found: BTreeMap<Arc<str>, BTreeSet<usize>> = BTreeMap::new();
    let network = scope.network;
    for &member in members {
        if let Some(text) = scope.text(code, &network.zones[member]) {
            found.entry(text).or_default().insert(member);
        }
    }
    let extent = code.extent;
    found.into_iter().map(move |(code, members)| Spelling { code, extent, members })
}

/// An external user group with the members that have it.
pub struct Held {
    pub code: Arc<str>,
    /// Where its code is declared.
    pub extent: Extent,
    /// Where it is said who has it.
    pub from: Extent,
    pub institutions: BTreeSet<usize>,
    pub of_everyone: bool,
    pub absent: bool,
}

impl Held {
    /// Every group that the manifest speaks of: the union of what it says.
    pub fn all(
        external: &ExternalGroups,
        scope: &mut Scope<'_, '_>,
        told: &mut Vec<Diagnostic>,
    ) -> Vec<Self> {
        let (head, network) = (scope.head, scope.network);
        let all = members(&selection::nameable(network), network);
        let mut held: Vec<Self> = Vec::new();
        for At { value: ExternalGroup { codes, institutions, absent }, .. } in &external.groups {
            let selected = selection::of_manifest(institutions.as_ref(), network, head, told);
            let selected = members(&selected.zones, network);
            let absent = *absent == Some(true);
            let found: Vec<Spelling> =
                codes.iter().flat_map(|code| spellings(code, &selected, scope)).collect();
            for Spelling { code, extent, members: institutions_of } in found {
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

    /// Who has it besides this member.
    pub fn others(&self, zone: usize) -> BTreeSet<usize> {
        self.institutions.iter().copied().filter(|&each| each != zone).collect()
    }

    /// Whether a member shall know it.
    pub fn is_at(&self, zone: usize) -> bool {
        !self.absent && (self.of_everyone || !self.others(zone).is_empty())
    }
}

/// Groups that rules choose by and that no member has.
pub fn undeclared(rules: &[Placed<'_>], held: &[Held], head: &Head) -> Vec<Diagnostic> {
    let there: Vec<&str> = held.iter().filter(|group| !group.absent).map(|group| &*group.code).collect();
    let missing = |group: &&Spelling| !there.contains(&&*group.code);
    let told = |Spelling { code, extent, .. }: &Spelling| {
        let message = format!("no member has a user group `{code}`");
        Diagnostic::error(codes::UNDECLARED_EXTERNAL_GROUP, head.place(*extent), message)
            .help(suggest::among(code, there.iter().copied()))
    };
    rules.iter().flat_map(|placed| &placed.groups).filter(missing).map(told).collect()
}

/// The same group is spoken of in two places.
pub fn twice(code: &str, (extent, first): (Extent, Extent), head: &Head) -> Diagnostic {
    let message = format!("external user group `{code}` is there twice");
    Diagnostic::error(codes::DUPLICATE_ROW, head.place(extent), message)
        .related(head.place(first), "first here")
        .help("name it once, with all members that have it")
}
