//! `ImportPermissions`: which members may bring records into the Network Zone.
//!
//! One record for each member in the network zone's own table, so that the whole of it can be read at a
//! glance. Ways into the Network Zone that no such table closes are named with every change.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, GatewayCollection, KindSpec, Reach, Spec};
use crate::manifest::selection::{self, AppliesTo, Certainty, Selection};
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::network::Zone;
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Shape, Value};

/// Which members may bring records into the Network Zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportPermissions {
    /// What holds for every member that no exception speaks of.
    pub default: Permissions,
    /// What is different for some members, in order: later ones win.
    #[serde(default)]
    pub exceptions: Vec<At<Exception>>,
    /// How strongly the permissions are meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
}

/// What a member may bring.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// Whether bibliographic records may be brought in.
    pub bibliographic: At<Permission>,
    /// Whether authority records may be brought in.
    pub authority: At<Permission>,
    /// Whether own records may be linked to those that are in the Network Zone. Must be said where
    /// anything is denied: whether Alma would deny it too is not known.
    pub linking: Option<At<Permission>>,
}

/// What is different for some members.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// Which members.
    pub applies_to: At<AppliesTo>,
    /// Whether bibliographic records may be brought in.
    pub bibliographic: Option<At<Permission>>,
    /// Whether authority records may be brought in.
    pub authority: Option<At<Permission>>,
    /// Whether own records may be linked to those that are in the Network Zone.
    pub linking: Option<At<Permission>>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

impl Permission {
    fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl From<Permission> for Value {
    fn from(permission: Permission) -> Self {
        Self::from(permission.word())
    }
}

impl KindSpec for ImportPermissions {
    const NAME: &'static str = "ImportPermissions";
    const ABOUT: &'static str = "Which members may bring records into the Network Zone.";
    const COLLECTIONS: &'static [&'static str] = &["ImportPermissions"];
    const REACH: Reach = Reach::Network;
    const GATEWAY: &'static [GatewayCollection] = &[GatewayCollection {
        kind: "ImportPermissions",
        reach: Reach::Network,
        key: &["institution"],
        fields: &["bibliographic", "authority", "linking"],
    }];

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stale: Some("no member is called so, and its permissions stay as they are".into()),
        menu: "the page of the Network Zone on which imports by members are allowed (its place in the menu is not published)".into(),
        ..Shape::default()
    })
});

impl Spec for ImportPermissions {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let Permissions { bibliographic, authority, linking } = &self.default;
        let mut check = |said: [Option<&At<Permission>>; 2], own: Option<&At<Permission>>| {
            let denied = said.into_iter().flatten().find(|said| said.value == Permission::Deny);
            if let (Some(denied), None) = (denied, own.or(linking.as_ref())) {
                let message = "it is denied to bring records in, and not said whether linking stays allowed";
                problems.push(
                    Diagnostic::error(codes::LINKING_UNSAID, head.place(denied.extent), message)
                        .help("add `linking: allow` or `linking: deny`"),
                );
            }
        };
        check([Some(bibliographic), Some(authority)], None);
        for At { value: exception, .. } in &self.exceptions {
            check(
                [exception.bibliographic.as_ref(), exception.authority.as_ref()],
                exception.linking.as_ref(),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let everyone = selection::of_manifest(None, network, head, &mut Vec::new());
        let mut told = Vec::new();
        let exceptions: Vec<(&Exception, Selection)> = (self.exceptions.iter())
            .map(|At { value: exception, .. }| {
                let applies_to = (&exception.applies_to, &crate::manifest::lost::NOTHING);
                (exception, selection::of_override(applies_to, &everyone, network, head, &mut told))
            })
            .collect();
        told.into_iter().for_each(|problem| scope.tell(problem));
        let Some(nz) = scope.network_zone() else { return };
        let mut collection = scope
            .collection(CollectionId::whole(Self::NAME), &["institution"], &SHAPE)
            .enforced(self.enforcement, self.conflict);
        for &index in &everyone.zones {
            let member = &network.zones[index];
            let applies = |own: &Selection| own.certainty != Certainty::Unknown && own.zones.contains(&index);
            let mut said = self.default.clone();
            for (exception, _) in exceptions.iter().filter(|(_, own)| applies(own)) {
                let Exception { applies_to: _, bibliographic, authority, linking } = exception;
                said.bibliographic = bibliographic.unwrap_or(said.bibliographic);
                said.authority = authority.unwrap_or(said.authority);
                said.linking = (*linking).or(said.linking);
            }
            let entry = (scope.record(said.bibliographic.extent))
                .with("institution", member.code.as_str(), head.extent)
                .with("bibliographic", said.bibliographic.value, said.bibliographic.extent)
                .with("authority", said.authority.value, said.authority.extent)
                .with_some("linking", said.linking.as_ref());
            let entry = effects(member, &said).into_iter().fold(entry, |entry, note| entry.note(note));
            collection.add(entry);
        }
        scope.want(nz, collection);
        scope.finish();
    }
}

/// The ways by which a member's records reach a Network Zone (the vendor's help, and consortia's own pages).
const WAYS: [(&str, &str); 2] = [
    (
        "bibliographic",
        "import profiles that use the Network Zone, Share with Network, the linking job with `Contribute IZ records`, \
         new records placed in the network, copies from the Community Zone",
    ),
    ("authority", "import profiles of authorities, new authorities placed in the network"),
];

/// What the permissions come to, way by way.
fn effects(member: &Zone, said: &Permissions) -> Vec<String> {
    let all = [said.bibliographic.value, said.authority.value];
    let effect = |(permission, (records, ways)): (Permission, (&str, &str))| match permission {
        Permission::Allow => format!("open to {} for {records} records: {ways}", member.name),
        Permission::Deny => format!("closed to {} for {records} records: {ways}", member.name),
    };
    let mut effects: Vec<String> = all.into_iter().zip(WAYS).map(effect).collect();
    if let (true, Some(linking)) = (all.contains(&Permission::Deny), &said.linking) {
        let linking = match linking.value {
            Permission::Allow => "linking to records that are there stays allowed",
            Permission::Deny => "linking to records that are there is denied too",
        };
        effects.push(format!(
            "{linking}; not closed by this: staff of theirs who catalog in the Network Zone itself"
        ));
    }
    effects
}
