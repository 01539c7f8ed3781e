//! `SupportServices`: which privileges the roles of the zones have, as the central office's Support Services set them.
//!
//! A privilege that nobody has touched has no record, so that `restore` is a record that goes.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, Network};

/// What the central office sets for the zones with Alma's Support Services.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupportServicesSpec {
    /// Privileges of roles that are turned on or off, or given back to what Alma delivers.
    pub privileges: Vec<Spanned<PrivilegeSpec>>,
    /// How strongly all this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// A privilege of a role. Exactly one of `enabled` and `restore` is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["enabled"]}, {"required": ["restore"]}]))]
pub struct PrivilegeSpec {
    /// In which zones; in all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// The role, in Alma's words.
    #[schemars(regex(pattern = FILLED))]
    pub role: Spanned<String>,
    /// The privilege, in Alma's words.
    #[schemars(regex(pattern = FILLED))]
    pub privilege: Spanned<String>,
    /// Whether the role has it. Excludes `restore`.
    pub enabled: Option<Spanned<bool>>,
    /// True to give it back to what Alma delivers, as Restore does. Excludes `enabled`.
    pub restore: Option<Spanned<bool>>,
}

/// The collection of the privileges that were turned on or off.
pub const PRIVILEGES: &str = "RolePrivileges";

impl KindSpec for SupportServicesSpec {
    const NAME: &'static str = "SupportServices";
    const SUMMARY: &'static str = "Which privileges the roles of the zones have.";
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
            let message = "`restore: false` does not say what the role shall have";
            let problem =
                Diagnostic::error(diagnostic_codes::NOT_ONE_OF, head.place(restore.extent), message);
            Some(problem.help("write `restore: true`, or `enabled`"))
        };
        let mut problems: Vec<Diagnostic> = self.privileges.iter().filter_map(not_restored).collect();
        let nothing = self.privileges.is_empty() && head.lost_spec().is_nothing();
        let message = "no privilege is listed, so that the manifest does nothing";
        let problem = || Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message);
        problems
            .extend(nothing.then(|| problem().help("list one under `privileges`, or remove the manifest")));
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let mut collection = scope
            .collection(
                CollectionId::of_institution(PRIVILEGES),
                &["institution", "role", "privilege"],
                &SHAPE,
            )
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
                    None => entry.absent().note("restored to what Alma delivers"),
                };
                again.extend(collection.add(entry).map(|first| (zone.code.as_str(), first)));
            }
            if let Some((_, first)) = again.first() {
                let zones =
                    crate::manifest::suggestions::abbreviated_list(again.iter().map(|(code, _)| *code));
                let message =
                    format!("`{}` of `{}` is listed before, for {zones}", privilege.value, role.value);
                scope.report(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(*extent), message)
                        .with_secondary_span(first.provenance.span.clone(), "first here")
                        .help("leave these zones out of one of the two with `appliesTo`"),
                );
            }
        }
        scope.want(nz, collection);
        scope.finish();
    }
}
