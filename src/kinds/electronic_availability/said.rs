//! What a manifest says of one group, of whichever list, and what is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ElectronicAvailability, GroupSpec, PerMemberSpec, ProxyEnabled};
use crate::kinds::scope::{Collection, Entry, Scope};
use crate::manifest::node::Extent;
use crate::manifest::selection::{AppliesTo, Zones};
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, Value};

/// What stands for the code of each member in the name of a group.
pub const CODE: &str = "{code}";

/// What a manifest says of a group, of whichever list.
pub struct Said<'a> {
    extent: Extent,
    /// Its name, as it is written.
    pub group: &'a At<String>,
    proxy_enabled: Option<&'a At<ProxyEnabled>>,
    texts: [SaidText<'a>; 4],
    /// Whether the resource shall not be available for it.
    pub absent: bool,
}

/// A text that may be said, and may be cleared.
type Clearable<'a> = Option<&'a At<Nullable<Text>>>;

/// What a manifest says of one text of a group.
struct SaidText<'a> {
    /// As manifests call it.
    name: &'static str,
    /// As the API calls it.
    field: &'static str,
    said: Clearable<'a>,
}

impl<'a> Said<'a> {
    /// A group of `groups`.
    pub fn of_group(spec: &'a At<GroupSpec>) -> Self {
        let GroupSpec { group, proxy_enabled, proxy, public_name, authentication_note, public_note, absent } =
            &spec.value;
        let texts =
            [proxy.as_ref(), public_name.as_ref(), authentication_note.as_ref(), public_note.as_ref()];
        Self::new(spec.extent, group, proxy_enabled.as_ref(), texts, *absent)
    }

    /// The groups of an item of `perMember`.
    pub fn of_member(spec: &'a At<PerMemberSpec>) -> Self {
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
        [proxy, public_name, authentication_note, public_note]: [Clearable<'a>; 4],
        absent: Option<bool>,
    ) -> Self {
        let text = |name, field, said| SaidText { name, field, said };
        let texts = [
            text("proxy", "proxy", proxy),
            text("publicName", "public_name", public_name),
            text("authenticationNote", "authentication_note", authentication_note),
            text("publicNote", "public_note", public_note),
        ];
        Self { extent, group, proxy_enabled, texts, absent: absent == Some(true) }
    }

    /// Where it speaks of a proxy of the group's own.
    pub fn proxy(&self) -> Option<Extent> {
        let [SaidText { said: proxy, .. }, ..] = self.texts;
        let enabled = self.proxy_enabled.filter(|said| said.value != ProxyEnabled::ResourceDefault);
        let proxy = proxy.filter(|said| said.value != Nullable::Null);
        enabled.map(|said| said.extent).or(proxy.map(|said| said.extent))
    }

    /// What is wrong with it, whatever the network is.
    pub fn check(&self, head: &Head, problems: &mut Vec<Diagnostic>) {
        let text = self.texts.iter().find_map(|text| Some((text.name, text.said?.extent)));
        let other = self.proxy_enabled.map(|said| ("proxyEnabled", said.extent)).or(text);
        if let (true, Some((field, extent))) = (self.absent, other) {
            let message = format!("an absent group says something of `{field}`");
            problems.push(
                Diagnostic::error(codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                    .help("remove the other fields, or remove `absent: true`"),
            );
        }
    }

    /// What is wanted of the group of this name, with texts as they are in a zone.
    pub fn record<'s, 'n>(
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

    /// Wants the record, unless the group is there already, which is told once.
    pub fn add(
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
        self.texts.iter().fold(entry, |entry, SaidText { name: _, field, said }| {
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
pub struct Notes {
    first: Option<&'static str>,
    last: Option<&'static str>,
}

impl Notes {
    /// Nothing has been said yet.
    pub fn of(spec: &ElectronicAvailability) -> Self {
        let any = spec.said().any(|said| !said.absent);
        Self {
            first: Some("as soon as the resource has a group, its groups alone can use it"),
            last: (!any).then_some("as long as the resource has no group, the whole network can use it"),
        }
    }

    /// What to say of the next group.
    pub fn of_next(&mut self, said: &Said<'_>) -> Option<&'static str> {
        if said.absent { self.last } else { self.first.take() }
    }
}

/// A name that stands for itself.
pub fn no_placeholder(group: &At<String>, head: &Head) -> Option<Diagnostic> {
    if !group.value.contains(CODE) {
        return None;
    }
    let message = format!("`{CODE}` stands for nothing in `groups`");
    let problem = Diagnostic::error(codes::GROUP_PLACEHOLDER, head.place(group.extent), message);
    Some(problem.help("use `perMember` for a group of each member"))
}

/// A name that stands for one in each member.
pub fn one_placeholder(group: &At<String>, head: &Head) -> Option<Diagnostic> {
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

/// Only members have a group each.
pub fn members_only(applies_to: &At<AppliesTo>, head: &Head) -> Option<Diagnostic> {
    let zones = applies_to.value.zones.filter(|zones| zones.value != Zones::Members)?;
    let message = "`perMember` is about members, and the network zone is none";
    let problem = Diagnostic::error(codes::NOT_A_MEMBER, head.place(zones.extent), message);
    Some(problem.help("remove `zones`, which is `members` here"))
}
