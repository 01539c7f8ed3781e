//! `AvailabilityGroup`: for whom an electronic resource of the Network Zone is meant.
//!
//! A manifest is one group, or one group for each of some members, because settings that differ between
//! institutions (a proxy, linking parameters) hang on groups.

mod members;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::members::{Campus, Library, Members, Parts};
use super::network::fill;
use super::scope::Scope;
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::node::Extent;
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::{
    CollectionId, Desired, DesiredRecord, Diagnostic, Enforcement, Key, Network, OnConflict, Shape, Value,
};

/// A group of institutions, campuses and libraries that electronic resources can be made available for,
/// or one such group for each of some members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["name"]}, {"required": ["eachMember"]}]))]
pub struct AvailabilityGroup {
    /// The name of the group. Excludes `eachMember`.
    #[schemars(regex(pattern = FILLED))]
    pub name: Option<At<String>>,
    /// What the group is for; Alma takes letters, digits, `_` and spaces.
    pub description: Option<At<String>>,
    /// Who is in the group. Everybody who is not named here is not in it.
    pub members: Option<At<Members>>,
    /// One group for each of some members, instead of one for all of them. Excludes `name`.
    pub each_member: Option<At<EachMember>>,
    /// How strongly the group is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
    /// True for a group, or groups, that shall not be there.
    pub absent: Option<At<bool>>,
}

/// One group for each of some members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EachMember {
    /// Which members; all where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// The name of each group; `{code}` is the member's code.
    #[schemars(regex(pattern = FILLED))]
    pub name: At<String>,
    /// What each group is for; `{code}` is the member's code.
    pub description: Option<At<String>>,
    /// Codes of the campuses that are in the group, instead of the whole institution.
    #[serde(default)]
    pub campuses: Vec<At<Text>>,
    /// Codes of the libraries that are in the group, instead of the whole institution.
    #[serde(default)]
    pub libraries: Vec<At<Text>>,
}

impl KindSpec for AvailabilityGroup {
    const NAME: &'static str = "AvailabilityGroup";
    const ABOUT: &'static str = "For whom electronic resources of the Network Zone are available.";
    const COLLECTIONS: &'static [&'static str] = &[COLLECTION];
    const REACH: Reach = Reach::Network;
    const GATEWAY: &'static [GatewayCollection] = &[GatewayCollection {
        kind: COLLECTION,
        reach: Reach::Network,
        key: &["name"],
        fields: &["description", "institutions", "campuses", "libraries"],
    }];

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == COLLECTION).then(|| Arc::clone(&SHAPE))
    }
}

const COLLECTION: &str = "AvailabilityGroups";

/// What stands for the code of a member in names.
const CODE: &str = "{code}";

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        menu: "Network Zone: Configuration > Resources > General > Inventory Network Groups".into(),
        ..Shape::default()
    })
});

/// One group as it is meant.
struct Group<'n> {
    name: (Arc<str>, Extent),
    description: Option<(Arc<str>, Extent)>,
    parts: Parts<'n>,
}

impl Spec for AvailabilityGroup {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let each = self.each_member.as_ref().map(|each| &each.value);
        let descriptions = [self.description.as_ref(), each.and_then(|each| each.description.as_ref())];
        problems.extend(descriptions.into_iter().flatten().filter_map(|text| punctuated(text, head)));
        let absent = self.absent.is_some_and(|absent| absent.value);
        match (each, &self.name) {
            (Some(each), _) => problems.extend(self.check_each(each, head)),
            (None, Some(name)) if name.value.contains(CODE) => {
                let message = format!("`{CODE}` stands for nothing in the name of one group");
                problems.push(
                    Diagnostic::error(codes::GROUP_PLACEHOLDER, head.place(name.extent), message)
                        .help("use `eachMember` for a group of each member"),
                );
            }
            (None, Some(name)) if !absent && head.lost_spec().is_nothing() => {
                let nobody = self.members.as_ref().is_none_or(|members| members.value.is_nobody());
                if nobody {
                    let message =
                        format!("the group `{}` has no members, so that it is for nobody", name.value);
                    problems.push(
                        Diagnostic::error(codes::EMPTY_GROUP, head.place(name.extent), message)
                            .help("say who is in it with `members`, or write `absent: true`"),
                    );
                }
            }
            (None, _) => {}
        }
        let described = self.description.is_some() || self.members.is_some();
        if let Some(said) = self.absent.filter(|_| absent && described) {
            let message = "an absent group has members or a description";
            problems.push(
                Diagnostic::error(codes::ABSENT_WITH_FIELDS, head.place(said.extent), message)
                    .help("remove them, or remove `absent`"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let groups = match &self.each_member {
            Some(each) => each.value.groups(&mut scope),
            None => self.group(&mut scope).into_iter().collect(),
        };
        let mut collection = scope
            .collection(CollectionId::whole(COLLECTION), &["name"], &SHAPE)
            .enforced(self.enforcement, self.conflict);
        let absent = self.absent.is_some_and(|absent| absent.value);
        for Group { name: (name, extent), description, parts } in groups {
            let mut entry = scope.record(extent).with("name", name, extent);
            if absent {
                collection.add(entry.absent());
                continue;
            }
            parts.judge(&mut scope);
            if let Some((description, extent)) = description {
                entry = entry.with("description", description, extent);
            }
            for (field, codes) in parts.fields() {
                entry = entry.with(field, Value::list(codes), extent);
            }
            if parts.has_places() {
                // As the vendor's help has it for groups of campuses and libraries.
                entry = entry.note(
                    "who is outside these campuses and libraries may still see the titles, and cannot reach them",
                );
            }
            collection.add(entry);
        }
        scope.want(nz, collection);
        scope.finish();
    }
}

impl AvailabilityGroup {
    fn check_each(&self, each: &EachMember, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let beside = [
            ("description", self.description.as_ref().map(|said| said.extent)),
            ("members", self.members.as_ref().map(|said| said.extent)),
        ];
        for (field, extent) in beside {
            let Some(extent) = extent else { continue };
            let message = format!("`{field}` speaks of one group, and `eachMember` of one for each member");
            problems.push(
                Diagnostic::error(codes::BESIDE_EACH_MEMBER, head.place(extent), message)
                    .help(format!("remove it, or write a manifest of its own with `name` and `{field}`")),
            );
        }
        for text in [Some(&each.name), each.description.as_ref()].into_iter().flatten() {
            if let Err(word) = fill(&text.value, "") {
                let message = format!("unknown placeholder `{{{word}}}`");
                problems.push(
                    Diagnostic::error(codes::PLACEHOLDER, head.place(text.extent), message)
                        .help("only `{code}` is replaced, by the member's code"),
                );
            }
        }
        if !each.name.value.contains(CODE) {
            let message = format!("the groups of all members would be called `{}`", each.name.value);
            problems.push(
                Diagnostic::error(codes::ONE_NAME_FOR_ALL, head.place(each.name.extent), message)
                    .help("put `{code}` into the name: it becomes the member's code"),
            );
        }
        problems
    }

    fn group<'n>(&self, scope: &mut Scope<'_, 'n>) -> Option<Group<'n>> {
        let name = self.name.as_ref()?;
        let mut parts = Parts::default();
        if let Some(members) = &self.members {
            let Members { institutions, campuses, libraries } = &members.value;
            if let Some(institutions) = institutions {
                parts.institutions = scope.zones(Some(institutions));
            }
            for Campus { institution, campus } in campuses {
                let Some(zone) = scope.member(institution) else { continue };
                parts.campus(scope, zone, &campus.value, campus.extent);
            }
            for Library { institution, library } in libraries {
                let Some(zone) = scope.member(institution) else { continue };
                parts.library(scope, zone, &library.value, library.extent);
            }
        }
        let description = self.description.as_ref();
        Some(Group {
            name: (name.value.as_str().into(), name.extent),
            description: description.map(|text| (text.value.as_str().into(), text.extent)),
            parts,
        })
    }
}

impl EachMember {
    fn groups<'n>(&self, scope: &mut Scope<'_, 'n>) -> Vec<Group<'n>> {
        let mut groups = Vec::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let filled = |text: &At<String>| {
                // Another placeholder has been told.
                let filled = fill(&text.value, zone.code.as_str()).unwrap_or_else(|_| text.value.clone());
                (Arc::from(filled), text.extent)
            };
            let mut parts = Parts::default();
            if self.campuses.is_empty() && self.libraries.is_empty() {
                parts.institutions.push(zone);
            }
            for campus in &self.campuses {
                let Some(code) = scope.text(campus, zone) else { continue };
                parts.campus(scope, zone, &code, campus.extent);
            }
            for library in &self.libraries {
                let Some(code) = scope.text(library, zone) else { continue };
                parts.library(scope, zone, &code, library.extent);
            }
            let (name, description) = (filled(&self.name), self.description.as_ref().map(filled));
            groups.push(Group { name, description, parts });
        }
        groups
    }
}

/// The page of groups takes no punctuation in a description (the vendor's help).
fn punctuated(description: &At<String>, head: &Head) -> Option<Diagnostic> {
    // A placeholder that is not known is told as such.
    let text = fill(&description.value, "").ok()?;
    let taken = |c: char| c.is_alphanumeric() || c.is_whitespace() || c == '_';
    let found = text.chars().find(|c| !taken(*c))?;
    let message = format!("the description of a group holds `{found}`, and Alma takes no punctuation there");
    let place = head.place(description.extent);
    Some(
        Diagnostic::error(codes::PUNCTUATION, place, message)
            .help("write it with letters, digits, `_` and spaces"),
    )
}

/// Groups of one network whose names a person would take for the same.
pub fn differ_only_in_case(desired: &Desired) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for collections in desired.zones.values() {
        let mut seen: BTreeMap<String, (&Key, &DesiredRecord)> = BTreeMap::new();
        let groups = collections.iter().filter(|collection| *collection.id.kind == *COLLECTION);
        for (key, record) in groups.flat_map(|collection| &collection.records) {
            match seen.get(&key.to_string().to_lowercase()) {
                Some((other, first)) if *other != key => {
                    let message =
                        format!("the groups `{other}` and `{key}` differ only in upper and lower case");
                    found.push(
                        Diagnostic::warning(
                            codes::GROUPS_DIFFER_IN_CASE,
                            record.provenance.place.clone(),
                            message,
                        )
                        .related(first.provenance.place.clone(), "the other one")
                        .help("give one of them another name"),
                    );
                }
                Some(_) => {}
                None => drop(seen.insert(key.to_string().to_lowercase(), (key, record))),
            }
        }
    }
    found
}
