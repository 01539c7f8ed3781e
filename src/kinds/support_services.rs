//! `SupportServices`: role privileges in the zones, set by the central office with Alma's Support Services.
//!
//! A privilege with Alma's default has no record, so `restore` deletes the record.

mod export;

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, Network};

/// Settings of the central office in Alma's Support Services.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupportServicesSpec {
    /// Role privileges to enable, disable, or restore to Alma's default.
    pub privileges: Vec<Spanned<PrivilegeSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// Privilege of a role, with exactly one of `enabled` and `restore`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["enabled"]}, {"required": ["restore"]}]))]
pub struct PrivilegeSpec {
    /// Selector of the zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Name of the role in Alma.
    #[schemars(regex(pattern = FILLED))]
    pub role: Spanned<String>,
    /// Name of the privilege in Alma.
    #[schemars(regex(pattern = FILLED))]
    pub privilege: Spanned<String>,
    /// True to give the privilege to the role. Excludes `restore`.
    pub enabled: Option<Spanned<bool>>,
    /// True to restore Alma's default, like the action Restore. Excludes `enabled`.
    pub restore: Option<Spanned<bool>>,
}

/// Collection of changed privileges.
pub const PRIVILEGES: &str = "RolePrivileges";

impl KindSpec for SupportServicesSpec {
    const NAME: &'static str = "SupportServices";
    const SUMMARY: &'static str = "Role privileges in the zones, set by the central office.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &[PRIVILEGES];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: PRIVILEGES,
            reach: ZoneCoverage::Network,
            key: &["institution", "role", "privilege"],
            fields: &["enabled"],
        },
        GatewayCollection {
            kind: "IndexingStatus",
            reach: ZoneCoverage::All,
            key: &["index"],
            fields: &["lastRun", "status", "records", "errors"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == PRIVILEGES).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        required: vec!["enabled".into()],
        menu: "Network Zone: Consortia Configuration Management > Support Services > Roles Privileges".into(),
        ..CollectionShape::default()
    })
});

impl ManifestSpec for SupportServicesSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let not_restored = |each: &Spanned<PrivilegeSpec>| {
            let restore = each.value.restore.filter(|restore| !restore.value)?;
            let message = "`restore: false` is not allowed";
            let problem =
                Diagnostic::error(diagnostic_codes::NOT_ONE_OF, head.place(restore.extent), message);
            Some(problem.help("use `restore: true`, or `enabled`"))
        };
        let mut problems: Vec<Diagnostic> = self.privileges.iter().filter_map(not_restored).collect();
        let nothing = self.privileges.is_empty() && head.lost_spec().is_nothing();
        let message = "the manifest has no effect: it has no privileges";
        let problem = || Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message);
        problems.extend(nothing.then(|| problem().help("add `privileges`, or remove the manifest")));
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let mut collection = scope
            .collection(CollectionId::of_institution(PRIVILEGES), &["institution", "role", "privilege"])
            .with_enforcement(self.enforcement, self.conflict);
        for Spanned { value: said, extent } in &self.privileges {
            let PrivilegeSpec { applies_to, role, privilege, enabled, restore: _ } = said;
            let mut again = Vec::new();
            for zone in scope.zones(applies_to.as_ref()) {
                let entry = (scope.record(*extent))
                    .with_field("institution", zone.code.as_str(), *extent)
                    .with_field("role", role.value.as_str(), role.extent)
                    .with_field("privilege", privilege.value.as_str(), privilege.extent);
                let entry = match enabled {
                    Some(enabled) => entry.with_field("enabled", enabled.value, enabled.extent),
                    None => entry.absent().note("restored to Alma's default"),
                };
                again.extend(collection.add(entry).map(|first| (zone.code.as_str(), first)));
            }
            if let Some((_, first)) = again.first() {
                let zones =
                    crate::manifest::suggestions::abbreviated_list(again.iter().map(|(code, _)| *code));
                let message = format!(
                    "duplicate entry: privilege `{}` of role `{}` is already declared for {zones}",
                    privilege.value, role.value
                );
                scope.report(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(*extent), message)
                        .with_secondary_span(first.provenance.span.clone(), "first here")
                        .help("exclude these zones from one of the entries with `appliesTo`"),
                );
            }
        }
        scope.want(nz, collection);
        scope.finish();
    }
}
