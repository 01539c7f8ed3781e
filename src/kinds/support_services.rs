//! `SupportServices`: which privileges the roles of the zones have, as the central office's Support Services set them.
//!
//! A privilege that nobody has touched has no record, so that `restore` is a record that goes.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::check::FILLED;
use crate::manifest::selection::AppliesTo;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Shape};

/// What the central office sets for the zones with Alma's Support Services.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupportServices {
    /// Privileges of roles that are turned on or off, or given back to what Alma delivers.
    pub privileges: Vec<At<Privilege>>,
    /// How strongly all this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
}

/// A privilege of a role. Exactly one of `enabled` and `restore` is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["enabled"]}, {"required": ["restore"]}]))]
pub struct Privilege {
    /// In which zones; in all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// The role, in Alma's words.
    #[schemars(regex(pattern = FILLED))]
    pub role: At<String>,
    /// The privilege, in Alma's words.
    #[schemars(regex(pattern = FILLED))]
    pub privilege: At<String>,
    /// Whether the role has it. Excludes `restore`.
    pub enabled: Option<At<bool>>,
    /// True to give it back to what Alma delivers, as Restore does. Excludes `enabled`.
    pub restore: Option<At<bool>>,
}

/// The collection of the privileges that were turned on or off.
pub const PRIVILEGES: &str = "RolePrivileges";

impl KindSpec for SupportServices {
    const NAME: &'static str = "SupportServices";
    const ABOUT: &'static str = "Which privileges the roles of the zones have.";
    const COLLECTIONS: &'static [&'static str] = &[PRIVILEGES];
    const REACH: Reach = Reach::Network;
    const GATEWAY: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: PRIVILEGES,
            reach: Reach::Network,
            key: &["institution", "role", "privilege"],
            fields: &["enabled"],
        },
        GatewayCollection {
            kind: "IndexingStatus",
            reach: Reach::All,
            key: &["index"],
            fields: &["lastRun", "status", "records", "errors"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == PRIVILEGES).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        required: vec!["enabled".into()],
        menu: "Network Zone: Consortia Configuration Management > Support Services > Roles Privileges".into(),
        ..Shape::default()
    })
});

impl Spec for SupportServices {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let not_restored = |each: &At<Privilege>| {
            let restore = each.value.restore.filter(|restore| !restore.value)?;
            let message = "`restore: false` does not say what the role shall have";
            let problem = Diagnostic::error(codes::NOT_ONE_OF, head.place(restore.extent), message);
            Some(problem.help("write `restore: true`, or `enabled`"))
        };
        let mut problems: Vec<Diagnostic> = self.privileges.iter().filter_map(not_restored).collect();
        let nothing = self.privileges.is_empty() && head.lost_spec().is_nothing();
        let message = "no privilege is listed, so that the manifest does nothing";
        let problem = || Diagnostic::warning(codes::DOES_NOTHING, head.here(), message);
        problems
            .extend(nothing.then(|| problem().help("list one under `privileges`, or remove the manifest")));
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let mut collection = scope
            .collection(CollectionId::whole(PRIVILEGES), &["institution", "role", "privilege"], &SHAPE)
            .enforced(self.enforcement, self.conflict);
        for At { value: said, extent } in &self.privileges {
            let Privilege { applies_to, role, privilege, enabled, restore: _ } = said;
            let mut again = Vec::new();
            for zone in scope.zones(applies_to.as_ref()) {
                let entry = (scope.record(*extent))
                    .with("institution", zone.code.as_str(), *extent)
                    .with("role", role.value.as_str(), role.extent)
                    .with("privilege", privilege.value.as_str(), privilege.extent);
                let entry = match enabled {
                    Some(enabled) => entry.with("enabled", enabled.value, enabled.extent),
                    None => entry.absent().note("restored to what Alma delivers"),
                };
                again.extend(collection.add(entry).map(|first| (zone.code.as_str(), first)));
            }
            if let Some((_, first)) = again.first() {
                let zones = crate::manifest::suggest::some(again.iter().map(|(code, _)| *code));
                let message =
                    format!("`{}` of `{}` is listed before, for {zones}", privilege.value, role.value);
                scope.tell(
                    Diagnostic::error(codes::DUPLICATE_ROW, head.place(*extent), message)
                        .related(first.provenance.place.clone(), "first here")
                        .help("leave these zones out of one of the two with `appliesTo`"),
                );
            }
        }
        scope.want(nz, collection);
        scope.finish();
    }
}
