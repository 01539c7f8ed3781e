//! Declaration of one availability group, from `groups` or `perMember`, and its checks.

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

/// Placeholder for the member's code in group names.
pub const CODE: &str = "{code}";

/// Declaration of an availability group, from either list.
pub struct DeclaredGroup<'a> {
    extent: NodeSpan,
    /// Group name, as written.
    pub group: &'a Spanned<String>,
    proxy_enabled: Option<&'a Spanned<ProxyMode>>,
    texts: [DeclaredText<'a>; 4],
    /// True if the manifest removes the group from the resource.
    pub absent: bool,
}

/// Optional text with `null` to clear it.
type ClearableText<'a> = Option<&'a Spanned<Nullable<TextOrVariable>>>;

/// Declaration of one text of a group.
struct DeclaredText<'a> {
    /// Field name in manifests.
    name: &'static str,
    /// Field name in the API.
    field: &'static str,
    said: ClearableText<'a>,
}

impl<'a> DeclaredGroup<'a> {
    /// Returns the declaration of an item of `groups`.
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

    /// Returns the declaration of an item of `perMember`.
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

    /// Returns the location of the group's own proxy setting, if any.
    pub fn proxy(&self) -> Option<NodeSpan> {
        let [DeclaredText { said: proxy, .. }, ..] = self.texts;
        let enabled = self.proxy_enabled.filter(|said| said.value != ProxyMode::ResourceDefault);
        let proxy = proxy.filter(|said| said.value != Nullable::Null);
        enabled.map(|said| said.extent).or(proxy.map(|said| said.extent))
    }

    /// Checks the declaration, without the network.
    pub fn check(&self, head: &ManifestHeader, problems: &mut Vec<Diagnostic>) {
        let text = self.texts.iter().find_map(|text| Some((text.name, text.said?.extent)));
        let other = self.proxy_enabled.map(|said| ("proxyEnabled", said.extent)).or(text);
        if let (true, Some((field, extent))) = (self.absent, other) {
            let message = format!("`{field}` is not allowed in a group with `absent: true`");
            problems.push(
                Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(extent), message)
                    .help("remove the other fields, or remove `absent: true`"),
            );
        }
    }

    /// Returns the desired record of a group, with texts resolved for a zone.
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

    /// Adds the record, or reports a duplicate group once.
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
            let message = format!("group `{name}` is declared twice");
            let place = scope.head.place(self.group.extent);
            scope.report(
                Diagnostic::error(diagnostic_codes::DUPLICATE_GROUP, place, message)
                    .with_secondary_span(first.provenance.span.clone(), "first here")
                    .help("put all settings of a group into one entry"),
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

/// Notes about the effect on users outside all groups. Only the first group added and the last group removed
/// change their access.
pub struct AvailabilityNotes {
    first: Option<&'static str>,
    last: Option<&'static str>,
}

impl AvailabilityNotes {
    /// Returns the notes of a manifest.
    pub fn default_notes(spec: &ElectronicAvailabilitySpec) -> Self {
        let any = spec.declared_groups().any(|said| !said.absent);
        Self {
            first: Some("once the resource has a group, only its groups have access"),
            last: (!any).then_some("while the resource has no group, the whole network has access"),
        }
    }

    /// Returns the note of the next group, if any.
    pub fn of_next(&mut self, said: &DeclaredGroup<'_>) -> Option<&'static str> {
        if said.absent { self.last } else { self.first.take() }
    }
}

/// Reports a placeholder in a name of `groups`.
pub fn no_placeholder(group: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    if !group.value.contains(CODE) {
        return None;
    }
    let message = format!("the placeholder `{CODE}` is not allowed in `groups`");
    let problem = Diagnostic::error(diagnostic_codes::GROUP_PLACEHOLDER, head.place(group.extent), message);
    Some(problem.help("use `perMember` to declare one group per member"))
}

/// Reports a name of `perMember` without exactly one placeholder.
pub fn one_placeholder(group: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    let (message, help) = match group.value.contains(CODE) {
        true if !group.value.replace(CODE, "").contains(['{', '}']) => return None,
        true => (
            format!("`{}` contains a placeholder other than `{CODE}`", group.value),
            "the only placeholder is `{code}`, the member's code",
        ),
        false => (
            format!("all members would get the same group `{}`", group.value),
            "add `{code}`, the member's code, to the name, or use `groups`",
        ),
    };
    Some(Diagnostic::error(diagnostic_codes::GROUP_PLACEHOLDER, head.place(group.extent), message).help(help))
}

/// Reports a selector with zones other than members.
pub fn members_only(applies_to: &Spanned<AppliesToSpec>, head: &ManifestHeader) -> Option<Diagnostic> {
    let zones = applies_to.value.zones.filter(|zones| zones.value != ZoneRoleFilter::Members)?;
    let message = "`perMember` applies to members only, not to the Network Zone";
    let problem = Diagnostic::error(diagnostic_codes::NOT_A_MEMBER, head.place(zones.extent), message);
    Some(problem.help("remove `zones`; the default is `members`"))
}
