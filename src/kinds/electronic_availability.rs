//! `ElectronicAvailability`: which groups an e-resource of the network zone is available for, and what each
//! of them sees of it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::{Collection, Entry, Scope};
use super::{Expansion, KindSpec, Spec};
use crate::manifest::check::{DIGITS, FILLED};
use crate::manifest::node::Extent;
use crate::manifest::selection::{AppliesTo, Zones};
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, Shape, Unlisted, Value};

/// The groups that one e-resource of the network zone is available for. While it has none, it is available
/// to the whole network; with the first one, to that group alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["collection"]}, {"required": ["service"]}, {"required": ["portfolio"]}]))]
pub struct ElectronicAvailability {
    /// Id of the e-collection. Excludes `service` and `portfolio`.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: Option<String>,
    /// The e-service. Excludes `collection` and `portfolio`.
    pub service: Option<ServiceId>,
    /// The portfolio. Excludes `collection` and `service`.
    pub portfolio: Option<PortfolioId>,
    /// The groups, by name.
    #[serde(default)]
    pub groups: Vec<At<GroupSpec>>,
    /// One group for each of some members, for what differs from member to member.
    #[serde(default)]
    pub per_member: Vec<At<PerMemberSpec>>,
    /// What happens to groups that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedGroups,
    /// How strongly all of this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
}

/// An e-service by its ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceId {
    /// Id of its e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// Its own id.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// A portfolio by its ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortfolioId {
    /// Id of its e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// Id of its e-service.
    #[schemars(regex(pattern = DIGITS))]
    pub service: String,
    /// Its own id.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// A group and what is different for it. A field that is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSpec {
    /// Name of the group, one of the network zone's Inventory Network Groups.
    #[schemars(regex(pattern = FILLED))]
    pub group: At<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<At<ProxyEnabled>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<At<Nullable<Text>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<At<Nullable<Text>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<At<Nullable<Text>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<At<Nullable<Text>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// A group of each of some members. A field that is left out is not zonal's and never changes; a variable
/// is the member's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerMemberSpec {
    /// Which members; all where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Name of each member's group, with `{code}` in the place of the member's code: `SUB-{code}`.
    #[schemars(regex(pattern = FILLED))]
    pub group: At<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<At<ProxyEnabled>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<At<Nullable<Text>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<At<Nullable<Text>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<At<Nullable<Text>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<At<Nullable<Text>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// Whether a group goes through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProxyEnabled {
    /// As the resource itself says.
    ResourceDefault,
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl From<ProxyEnabled> for Value {
    fn from(proxy_enabled: ProxyEnabled) -> Self {
        match proxy_enabled {
            ProxyEnabled::ResourceDefault => Self::Null,
            ProxyEnabled::Yes => "true".into(),
            ProxyEnabled::No => "false".into(),
        }
    }
}

/// What happens to groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnlistedGroups {
    /// They stay.
    #[default]
    Keep,
    /// The resource is taken away from them.
    Remove,
}

/// What a manifest says of a group, of whichever list.
struct Said<'a> {
    extent: Extent,
    group: &'a At<String>,
    proxy_enabled: Option<&'a At<ProxyEnabled>>,
    /// Each with its name in manifests and in the API.
    texts: [(&'static str, &'static str, Option<&'a At<Nullable<Text>>>); 4],
    absent: bool,
}

const CODE: &str = "{code}";

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stage: 3,
        menu: "the Group Settings tab of the e-collection, e-service or portfolio".into(),
        ..Shape::default()
    })
});

impl KindSpec for ElectronicAvailability {
    const NAME: &'static str = "ElectronicAvailability";
    const ABOUT: &'static str =
        "Which groups an e-resource of the network zone is available for, and what is different for each.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
}

impl Spec for ElectronicAvailability {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for said in self.said() {
            said.check(head, &mut problems);
        }
        for group in self.groups.iter().map(|spec| &spec.value.group) {
            problems.extend(no_placeholder(group, head));
        }
        for spec in &self.per_member {
            problems.extend(one_placeholder(&spec.value.group, head));
            problems.extend(spec.value.applies_to.as_ref().and_then(|zones| members_only(zones, head)));
        }
        problems.extend(self.proxy_doubt(head));
        if head.lost_spec().has_all(&["groups", "perMember", "unlisted"]) {
            problems.extend(self.for_whom(head));
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let Some(zone) = scope.network_zone() else { return };
        let unlisted = match self.unlisted {
            UnlistedGroups::Keep => Unlisted::Keep,
            UnlistedGroups::Remove => Unlisted::Remove,
        };
        let id = CollectionId::coded(Self::NAME, &self.ids().join("."));
        let mut collection =
            scope.collection(id, &["group"], &SHAPE).enforced(self.enforcement).unlisted(unlisted);
        let mut told = BTreeSet::new();
        let mut notes = Notes::of(self);
        for spec in &self.groups {
            let said = Said::of_group(spec);
            let name = said.group.value.as_str().into();
            let entry = said.record(&name, zone, &mut scope, &mut notes);
            said.add(&name, entry, &mut scope, &mut collection, &mut told);
        }
        // A name that is the same for every member is one mistake, not one for each.
        for spec in self.per_member.iter().filter(|spec| spec.value.group.value.contains(CODE)) {
            let said = Said::of_member(spec);
            for member in scope.zones(spec.value.applies_to.as_ref()) {
                let name = said.group.value.replace(CODE, member.code.as_str()).into();
                let entry = said.record(&name, member, &mut scope, &mut notes);
                said.add(&name, entry, &mut scope, &mut collection, &mut told);
            }
        }
        scope.want(zone, collection);
        scope.finish();
    }
}

impl ElectronicAvailability {
    /// The ids that lead to the resource; the schema lets one of the three pass, and one only.
    fn ids(&self) -> Vec<&str> {
        match (&self.collection, &self.service, &self.portfolio) {
            (_, _, Some(PortfolioId { collection, service, id })) => vec![collection, service, id],
            (_, Some(ServiceId { collection, id }), None) => vec![collection, id],
            (collection, None, None) => collection.iter().map(String::as_str).collect(),
        }
    }

    fn said(&self) -> impl Iterator<Item = Said<'_>> {
        self.groups.iter().map(Said::of_group).chain(self.per_member.iter().map(Said::of_member))
    }

    /// Of the vendor's own pages an older one says that a proxy for a group is not supported, and a newer one
    /// has a chapter about it.
    fn proxy_doubt(&self, head: &Head) -> Option<Diagnostic> {
        let extent = self.said().find_map(|said| {
            let [(_, _, proxy), ..] = said.texts;
            let enabled = said.proxy_enabled.filter(|said| said.value != ProxyEnabled::ResourceDefault);
            let proxy = proxy.filter(|said| said.value != Nullable::Null);
            enabled.map(|said| said.extent).or(proxy.map(|said| said.extent))
        })?;
        let message = "the vendor's documentation contradicts itself about a proxy for a group";
        let problem = Diagnostic::warning(codes::GROUP_PROXY, head.place(extent), message);
        Some(problem.help("try it with one resource first, or leave the proxy to the members' own zones"))
    }

    /// Whether the manifest leaves the resource to nobody in particular, or says nothing at all.
    fn for_whom(&self, head: &Head) -> Option<Diagnostic> {
        let any = self.said().any(|said| !said.absent);
        match (self.unlisted, self.said().next().is_some()) {
            (UnlistedGroups::Remove, _) if !any => {
                let message = format!("`{}` leaves no group: the whole network can use it", head.manifest);
                Some(
                    Diagnostic::warning(codes::NO_GROUP_LEFT, head.here(), message)
                        .help("list a group, unless it is meant for everybody"),
                )
            }
            (UnlistedGroups::Keep, false) => {
                let message = format!("`{}` does nothing", head.manifest);
                Some(
                    Diagnostic::warning(codes::DOES_NOTHING, head.here(), message)
                        .help("it has no groups and keeps unlisted ones: add groups, or remove the manifest"),
                )
            }
            (UnlistedGroups::Keep | UnlistedGroups::Remove, _) => None,
        }
    }
}

impl<'a> Said<'a> {
    fn of_group(spec: &'a At<GroupSpec>) -> Self {
        let GroupSpec { group, proxy_enabled, proxy, public_name, authentication_note, public_note, absent } =
            &spec.value;
        let texts =
            [proxy.as_ref(), public_name.as_ref(), authentication_note.as_ref(), public_note.as_ref()];
        Self::new(spec.extent, group, proxy_enabled.as_ref(), texts, *absent)
    }

    fn of_member(spec: &'a At<PerMemberSpec>) -> Self {
        let PerMemberSpec {
            applies_to: _,
            group,
            proxy_enabled,
            proxy,
            public_name,
            authentication_note,
            public_note,
            absent,
        } = &spec.value;
        let texts =
            [proxy.as_ref(), public_name.as_ref(), authentication_note.as_ref(), public_note.as_ref()];
        Self::new(spec.extent, group, proxy_enabled.as_ref(), texts, *absent)
    }

    fn new(
        extent: Extent,
        group: &'a At<String>,
        proxy_enabled: Option<&'a At<ProxyEnabled>>,
        [proxy, public_name, authentication_note, public_note]: [Option<&'a At<Nullable<Text>>>; 4],
        absent: Option<bool>,
    ) -> Self {
        let texts = [
            ("proxy", "proxy", proxy),
            ("publicName", "public_name", public_name),
            ("authenticationNote", "authentication_note", authentication_note),
            ("publicNote", "public_note", public_note),
        ];
        Self { extent, group, proxy_enabled, texts, absent: absent == Some(true) }
    }

    fn check(&self, head: &Head, problems: &mut Vec<Diagnostic>) {
        let text = self.texts.iter().find_map(|(name, _, said)| Some((*name, said.as_ref()?.extent)));
        let other = self.proxy_enabled.map(|said| ("proxyEnabled", said.extent)).or(text);
        if let (true, Some((field, extent))) = (self.absent, other) {
            let message = format!("an absent group says something of `{field}`");
            problems.push(
                Diagnostic::error(codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                    .help("remove the other fields, or remove `absent: true`"),
            );
        }
        let At { value: group, extent } = self.group;
        if group.trim() != group {
            let message = format!("the name `{group}` begins or ends with a space");
            problems.push(
                Diagnostic::warning(codes::SPACES_AROUND_KEY, head.place(*extent), message)
                    .help("remove the space unless the group's name has it too"),
            );
        }
    }

    /// What is wanted of the group of this name, with texts as they are in a zone.
    fn record<'s, 'n>(
        &self,
        name: &Arc<str>,
        zone: &'n Zone,
        scope: &mut Scope<'s, 'n>,
        notes: &mut Notes,
    ) -> Entry<'s> {
        let entry = scope.record(self.extent).with("group", Arc::clone(name), self.group.extent);
        let entry = match self.absent {
            true => entry.absent(),
            false => self.settings(entry, zone, scope).referring(
                CollectionId::whole("AvailabilityGroups"),
                &[("name", name)],
                "availability group",
            ),
        };
        match notes.of_next(self) {
            Some(note) => entry.note(note),
            None => entry,
        }
    }

    fn add(
        &self,
        name: &str,
        entry: Entry<'_>,
        scope: &mut Scope<'_, '_>,
        collection: &mut Collection,
        told: &mut BTreeSet<Extent>,
    ) {
        let Some(first) = collection.add(entry) else { return };
        if told.insert(self.group.extent) {
            let message = format!("group `{name}` is there twice");
            let place = scope.head.place(self.group.extent);
            scope.tell(
                Diagnostic::error(codes::DUPLICATE_GROUP, place, message)
                    .related(first.provenance.place.clone(), "first here")
                    .help("say everything about a group in one place"),
            );
        }
    }

    fn settings<'s, 'n>(&self, entry: Entry<'s>, zone: &'n Zone, scope: &mut Scope<'s, 'n>) -> Entry<'s> {
        let entry = entry.with_some("proxy_enabled", self.proxy_enabled);
        self.texts.iter().fold(entry, |entry, (_, field, said)| {
            let Some(At { value, extent }) = said else { return entry };
            match value {
                Nullable::Null => entry.with(field, Value::Null, *extent),
                Nullable::Value(text) => {
                    match scope.text(&At { value: text.clone(), extent: *extent }, zone) {
                        Some(text) => entry.with(field, text, *extent),
                        None => entry,
                    }
                }
            }
        })
    }
}

/// What a change can mean for those who are in no group. Once the first group that a manifest wants is
/// there, no other one is the first nor the last.
struct Notes {
    first: Option<&'static str>,
    last: Option<&'static str>,
}

impl Notes {
    fn of(spec: &ElectronicAvailability) -> Self {
        let any = spec.said().any(|said| !said.absent);
        Self {
            first: Some("as soon as the resource has a group, its groups alone can use it"),
            last: (!any).then_some("as long as the resource has no group, the whole network can use it"),
        }
    }

    fn of_next(&mut self, said: &Said<'_>) -> Option<&'static str> {
        if said.absent { self.last } else { self.first.take() }
    }
}

/// A name that stands for itself.
fn no_placeholder(group: &At<String>, head: &Head) -> Option<Diagnostic> {
    if !group.value.contains(CODE) {
        return None;
    }
    let message = format!("`{CODE}` stands for nothing in `groups`");
    let problem = Diagnostic::error(codes::GROUP_PLACEHOLDER, head.place(group.extent), message);
    Some(problem.help("use `perMember` for a group of each member"))
}

/// A name that stands for one in each member.
fn one_placeholder(group: &At<String>, head: &Head) -> Option<Diagnostic> {
    let (message, help) = match group.value.contains(CODE) {
        true if !group.value.replace(CODE, "").contains(['{', '}']) => return None,
        true => (
            format!("`{}` has another placeholder than `{CODE}`", group.value),
            "the only placeholder is `{code}`, the member's code",
        ),
        false => (
            format!("`{}` would be the same group for every member", group.value),
            "put `{code}`, the member's code, into the name, or use `groups`",
        ),
    };
    Some(Diagnostic::error(codes::GROUP_PLACEHOLDER, head.place(group.extent), message).help(help))
}

fn members_only(applies_to: &At<AppliesTo>, head: &Head) -> Option<Diagnostic> {
    let zones = applies_to.value.zones.filter(|zones| zones.value != Zones::Members)?;
    let message = "`perMember` is about members, and the network zone is none";
    let problem = Diagnostic::error(codes::NOT_A_MEMBER, head.place(zones.extent), message);
    Some(problem.help("remove `zones`, which is `members` here"))
}
