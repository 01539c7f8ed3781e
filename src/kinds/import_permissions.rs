//! `ImportPermissions`: members with permission to contribute records to the Network Zone.
//!
//! The Network Zone's own table has one record per member, so staff can see all permissions in one place. The
//! notes of each change list channels into the Network Zone without such a table.

mod export;

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec, SelectedZones, SelectionCertainty};
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::{IMPORT_PERMISSIONS, ImportPermission, RecordType};
use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Members with permission to contribute records to the Network Zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportPermissionsSpec {
    /// Permissions of members without an exception.
    pub default: MemberImportSpec,
    /// Exceptions for some members, in order. Later exceptions take precedence.
    #[serde(default)]
    pub exceptions: Vec<Spanned<ImportExceptionSpec>>,
    /// Enforcement of the permissions: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// Permissions of a member.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberImportSpec {
    /// Permission to contribute bibliographic records.
    pub bibliographic: Spanned<ImportPermission>,
    /// Permission to contribute authority records.
    pub authority: Spanned<ImportPermission>,
    /// Permission to link own records to existing Network Zone records. Required with any `deny`, because
    /// Alma's behavior for linking is not documented.
    pub linking: Option<Spanned<ImportPermission>>,
}

/// Exception for some members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportExceptionSpec {
    /// Selector of the members.
    pub applies_to: Spanned<AppliesToSpec>,
    /// Permission to contribute bibliographic records.
    pub bibliographic: Option<Spanned<ImportPermission>>,
    /// Permission to contribute authority records.
    pub authority: Option<Spanned<ImportPermission>>,
    /// Permission to link own records to existing Network Zone records.
    pub linking: Option<Spanned<ImportPermission>>,
}

impl From<ImportPermission> for FieldValue {
    fn from(permission: ImportPermission) -> Self {
        Self::from(permission.as_str())
    }
}

impl KindSpec for ImportPermissionsSpec {
    const NAME: &'static str = "ImportPermissions";
    const SUMMARY: &'static str = "Members with permission to contribute records to the Network Zone.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &["ImportPermissions"];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "ImportPermissions",
        reach: IMPORT_PERMISSIONS.reach,
        key: IMPORT_PERMISSIONS.key,
        fields: &["bibliographic", "authority", "linking"],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stale: Some("no member has this code; its permissions are not changed".into()),
        menu: "page of the Network Zone with the import permissions of members (its menu path is not \
               published)"
            .into(),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for ImportPermissionsSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let MemberImportSpec { bibliographic, authority, linking } = &self.default;
        let mut check = |said: [Option<&Spanned<ImportPermission>>; 2],
                         own: Option<&Spanned<ImportPermission>>| {
            let denied = said.into_iter().flatten().find(|said| said.value == ImportPermission::Denied);
            if let (Some(denied), None) = (denied, own.or(linking.as_ref())) {
                let message = "contributing records is denied, but `linking` is not set";
                problems.push(
                    Diagnostic::error(diagnostic_codes::LINKING_UNSAID, head.place(denied.extent), message)
                        .help("set `linking` to `allow` or `deny`"),
                );
            }
        };
        check([Some(bibliographic), Some(authority)], None);
        for Spanned { value: exception, .. } in &self.exceptions {
            check(
                [exception.bibliographic.as_ref(), exception.authority.as_ref()],
                exception.linking.as_ref(),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let everyone = selection::of_manifest(None, network, head, &mut Vec::new());
        let mut told = Vec::new();
        let exceptions: Vec<(&ImportExceptionSpec, SelectedZones)> = (self.exceptions.iter())
            .map(|Spanned { value: exception, .. }| {
                let applies_to = (&exception.applies_to, &crate::manifest::unreadable::NOTHING);
                (exception, selection::of_override(applies_to, &everyone, network, head, &mut told))
            })
            .collect();
        told.into_iter().for_each(|problem| scope.report(problem));
        let Some(nz) = scope.network_zone() else { return };
        let mut collection = scope
            .collection(CollectionId::of_institution(Self::NAME), IMPORT_PERMISSIONS.key)
            .with_enforcement(self.enforcement, self.conflict);
        for &index in &everyone.zones {
            let member = &network.zones[index];
            let applies = |own: &SelectedZones| {
                own.certainty != SelectionCertainty::Unknown && own.zones.contains(&index)
            };
            let mut said = self.default.clone();
            for (exception, _) in exceptions.iter().filter(|(_, own)| applies(own)) {
                let ImportExceptionSpec { applies_to: _, bibliographic, authority, linking } = exception;
                said.bibliographic = bibliographic.unwrap_or(said.bibliographic);
                said.authority = authority.unwrap_or(said.authority);
                said.linking = (*linking).or(said.linking);
            }
            let entry = (scope.record(said.bibliographic.extent))
                .with_field("institution", member.code.as_str(), head.extent)
                .with_field("bibliographic", said.bibliographic.value, said.bibliographic.extent)
                .with_field("authority", said.authority.value, said.authority.extent)
                .with_some("linking", said.linking.as_ref());
            let entry = effects(member, &said).into_iter().fold(entry, |entry, note| entry.note(note));
            collection.add(entry);
        }
        scope.want(nz, collection);
        scope.finish();
    }
}

/// Returns the effects of the permissions per channel.
fn effects(member: &Zone, said: &MemberImportSpec) -> Vec<String> {
    let all = [said.bibliographic.value, said.authority.value];
    let effect = |(permission, records): (ImportPermission, &RecordType)| {
        let state = match permission {
            ImportPermission::Allowed => "open",
            ImportPermission::Denied => "closed",
        };
        let channels: Vec<&str> = records.channels().iter().map(|(_, text)| *text).collect();
        format!("{state} to {} for {records} records: {}", member.name, channels.join(", "))
    };
    let mut effects: Vec<String> = all.into_iter().zip(RecordType::ALL).map(effect).collect();
    if let (true, Some(linking)) = (all.contains(&ImportPermission::Denied), &said.linking) {
        let linking = match linking.value {
            ImportPermission::Allowed => "linking to existing records stays allowed",
            ImportPermission::Denied => "linking to existing records is also denied",
        };
        effects.push(format!(
            "{linking}; not covered: the member's staff who catalog in the Network Zone itself"
        ));
    }
    effects
}
