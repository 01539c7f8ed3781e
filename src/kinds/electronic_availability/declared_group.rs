//! What a manifest says of one group, of whichever list, and what is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ElectronicAvailabilitySpec, GroupAvailabilitySpec, MemberAvailabilitySpec, ProxyMode};
use crate::kinds::manifest_expansion::{CollectionDraft, ManifestExpansion, RecordDraft};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::selection::{AppliesToSpec, ZoneRoleFilter};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, FieldValue};

/// What stands for the code of each member in the name of a group.
pub const CODE: &str = "{code}";

/// What a manifest says of a group, of whichever list.
pub struct DeclaredGroup<'a> {
    extent: NodeSpan,
    /// Its name, as it is written.
    pub group: &'a Spanned<String>,
    proxy_enabled: Option<&'a Spanned<ProxyMode>>,
    texts: [DeclaredText<'a>; 4],
    /// Whether the resource shall not be available for it.
    pub absent: bool,
}

/// A text that may be said, and may be cleared.
type ClearableText<'a> = Option<&'a Spanned<Nullable<TextOrVariable>>>;

/// What a manifest says of one text of a group.
struct DeclaredText<'a> {
    /// As manifests call it.
    name: &'static str,
    /// As the API calls it.
    field: &'static str,
    said: ClearableText<'a>,
}

impl<'a> DeclaredGroup<'a> {
    /// A group of `groups`.
    pub fn of_group(spec: &'a Spanned<GroupAvailabilitySpec>) -> Self {
        let GroupAvailabilitySpec {
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

    /// The groups of an item of `perMember`.
    pub fn of_member(spec: &'a Spanned<MemberAvailabilitySpec>) -> Self {
        let MemberAvailabilitySpec {
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
        extent: NodeSpan,
        group: &'a Spanned<String>,
        proxy_enabled: Option<&'a Spanned<ProxyMode>>,
        [proxy, public_name, authentication_note, public_note]: [ClearableText<'a>; 4],
        absent: Option<bool>,
    ) -> Self {
        let text = |name, field, said| DeclaredText { name, field, said };
        let texts = [
            text("proxy", "proxy", proxy),
            text("publicName", "public_name", public_name),
            text("authenticationNote", "authentication_note", authentication_note),
            text("publicNote", "public_note", public_note),
        ];
        Self { extent, group, proxy_enabled, texts, absent: absent == Some(true) }
    }

    /// Where it speaks of a proxy of the group's own.
    pub fn proxy(&self) -> Option<NodeSpan> {
        let [DeclaredText { said: proxy, .. }, ..] = self.texts;
        let enabled = self.proxy_enabled.filter(|said| said.value != ProxyMode::ResourceDefault);
        let proxy = proxy.filter(|said| said.value != Nullable::Null);
        enabled.map(|said| said.extent).or(proxy.map(|said| said.extent))
    }

    /// What is wrong with it, whatever the network is.
    pub fn check(&self, head: &ManifestHeader, problems: &mut Vec<Diagnostic>) {
        let text = self.texts.iter().find_map(|text| Some((text.name, text.said?.extent)));
        let other = self.proxy_enabled.map(|said| ("proxyEnabled", said.extent)).or(text);
        if let (true, Some((field, extent))) = (self.absent, other) {
            let message = format!("an absent group says something of `{field}`");
            problems.push(
                Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                    .help("remove the other fields, or remove `absent: true`"),
            );
        }
    }

    /// What is wanted of the group of this name, with texts as they are in a zone.
    pub fn record<'s, 'n>(
        &self,
        name: &Arc<str>,
        zone: &'n Zone,
        scope: &mut ManifestExpansion<'s, 'n>,
        notes: &mut AvailabilityNotes,
    ) -> RecordDraft<'s> {
        let entry = scope.record(self.extent).with_field("group", Arc::clone(name), self.group.extent);
        let entry = match self.absent {
            true => entry.absent(),
            false => self.settings(entry, zone, scope).with_reference(
                CollectionId::of_institution("AvailabilityGroups"),
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
        entry: RecordDraft<'_>,
        scope: &mut ManifestExpansion<'_, '_>,
        collection: &mut CollectionDraft,
        told: &mut BTreeSet<NodeSpan>,
    ) {
        let Some(first) = collection.add(entry) else { return };
        if told.insert(self.group.extent) {
            let message = format!("group `{name}` is there twice");
            let place = scope.head.place(self.group.extent);
            scope.report(
                Diagnostic::error(diagnostic_codes::DUPLICATE_GROUP, place, message)
                    .with_secondary_span(first.provenance.span.clone(), "first here")
                    .help("say everything about a group in one place"),
            );
        }
    }

    fn settings<'s, 'n>(
        &self,
        entry: RecordDraft<'s>,
        zone: &'n Zone,
        scope: &mut ManifestExpansion<'s, 'n>,
    ) -> RecordDraft<'s> {
        let entry = entry.with_some("proxy_enabled", self.proxy_enabled);
        self.texts.iter().fold(entry, |entry, DeclaredText { name: _, field, said }| {
            let Some(Spanned { value, extent }) = said else { return entry };
            match value {
                Nullable::Null => entry.with_field(field, FieldValue::Null, *extent),
                Nullable::Value(text) => {
                    match scope.resolve_text(&Spanned { value: text.clone(), extent: *extent }, zone) {
                        Some(text) => entry.with_field(field, text, *extent),
                        None => entry,
                    }
                }
            }
        })
    }
}

/// What a change can mean for those who are in no group. Once the first group that a manifest wants is
/// there, no other one is the first nor the last.
pub struct AvailabilityNotes {
    first: Option<&'static str>,
    last: Option<&'static str>,
}

impl AvailabilityNotes {
    /// Nothing has been said yet.
    pub fn default_notes(spec: &ElectronicAvailabilitySpec) -> Self {
        let any = spec.declared_groups().any(|said| !said.absent);
        Self {
            first: Some("as soon as the resource has a group, its groups alone can use it"),
            last: (!any).then_some("as long as the resource has no group, the whole network can use it"),
        }
    }

    /// What to say of the next group.
    pub fn of_next(&mut self, said: &DeclaredGroup<'_>) -> Option<&'static str> {
        if said.absent { self.last } else { self.first.take() }
    }
}

/// A name that stands for itself.
pub fn no_placeholder(group: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    if !group.value.contains(CODE) {
        return None;
    }
    let message = format!("`{CODE}` stands for nothing in `groups`");
    let problem = Diagnostic::error(diagnostic_codes::GROUP_PLACEHOLDER, head.place(group.extent), message);
    Some(problem.help("use `perMember` for a group of each member"))
}

/// A name that stands for one in each member.
pub fn one_placeholder(group: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
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
    Some(Diagnostic::error(diagnostic_codes::GROUP_PLACEHOLDER, head.place(group.extent), message).help(help))
}

/// Only members have a group each.
pub fn members_only(applies_to: &Spanned<AppliesToSpec>, head: &ManifestHeader) -> Option<Diagnostic> {
    let zones = applies_to.value.zones.filter(|zones| zones.value != ZoneRoleFilter::Members)?;
    let message = "`perMember` is about members, and the network zone is none";
    let problem = Diagnostic::error(diagnostic_codes::NOT_A_MEMBER, head.place(zones.extent), message);
    Some(problem.help("remove `zones`, which is `members` here"))
}
