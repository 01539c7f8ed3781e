//! `UserGroups`: user groups, declared once for all related tables.
//!
//! A group needs rows in two tables, or users cannot be assigned to it. Contrary to expectation, partners can
//! see every unrestricted group (reported by consortia). A visible group must pass the rota rules, and
//! display logic must not hide it.

mod export;
mod followed_rules;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use self::spec::UserGroupSpec;
pub use self::spec::{DisplayLogicSpec, RotaRulesSpec, UnlistedUserGroups, UserGroupsSpec};
use super::manifest_expansion::{self, CollectionDraft, ManifestExpansion};
use super::way_back::{ExplainOmission, ExportKind};
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec};
use crate::manifest::deserialize::Spanned;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::{
    CollectionLayout, DISPLAY_RULES, PUBLIC_RECORD_TYPE, RECORD_TYPES, RESTRICTED_USERS, ROTA_RULES,
    USER_GROUPS, record_types, user_groups,
};
use crate::model::network::Zone;
use crate::model::{
    Amendment, AmendmentOperation, AmendmentTarget, CollectionId, CollectionShape, Diagnostic, FieldValue,
    Network,
};

impl KindSpec for UserGroupsSpec {
    const NAME: &'static str = "UserGroups";
    const SUMMARY: &'static str = "User groups, in all tables that must be consistent.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;
    const EXPORT_TABLES: &'static [fn() -> CollectionId] = &[user_groups, record_types];
    const COLLECTIONS: &'static [&'static str] =
        &["CodeTable", "MappingTable", RESTRICTED, ROTA, DISPLAY_LOGIC];
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: RESTRICTED,
            reach: RESTRICTED_USERS.reach,
            key: RESTRICTED_USERS.key,
            fields: &[],
        },
        GatewayCollection {
            kind: ROTA,
            reach: ROTA_RULES.reach,
            key: ROTA_RULES.key,
            fields: &["operator", "userGroups", "rota"],
        },
        GatewayCollection {
            kind: DISPLAY_LOGIC,
            reach: DISPLAY_RULES.reach,
            key: DISPLAY_RULES.key,
            fields: &["operator", "userGroups", "hides"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        match collection {
            RESTRICTED => Some(Arc::clone(&SHAPES.restricted)),
            ROTA => Some(Arc::clone(&SHAPES.rota_rules)),
            DISPLAY_LOGIC => Some(Arc::clone(&SHAPES.display_rules)),
            _ => None,
        }
    }
}

const RESTRICTED: &str = "RestrictedUsers";
const ROTA: &str = "RotaAssignmentRules";
const DISPLAY_LOGIC: &str = "DisplayLogicRules";

/// Fields of a rule: list of groups, and its operator.
const LIST: &str = "userGroups";
const OPERATOR: &str = "operator";

struct UserGroupShapes {
    restricted: Arc<CollectionShape>,
    rota_rules: Arc<CollectionShape>,
    display_rules: Arc<CollectionShape>,
}

static SHAPES: LazyLock<UserGroupShapes> = LazyLock::new(|| {
    let users = "Configuration > User Management";
    let at = |stage, menu: String| {
        Arc::new(CollectionShape { stage, menu: menu.into(), ..CollectionShape::default() })
    };
    UserGroupShapes {
        restricted: at(2, format!("{users} > Collaborative Networks > Restricted Users")),
        rota_rules: at(
            3,
            "Configuration > Fulfillment > Resource Sharing > Rota Assignment Rules".to_owned(),
        ),
        display_rules: at(3, "Configuration > Fulfillment > Discovery Interface Display Logic".to_owned()),
    }
});

/// Desired collections of one zone.
struct UserGroupTables {
    groups: CollectionDraft,
    record_types: CollectionDraft,
    restricted: CollectionDraft,
    rota_rules: CollectionDraft,
    display_rules: CollectionDraft,
}

impl ManifestSpec for UserGroupsSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut first: BTreeMap<&TextOrVariable, NodeSpan> = BTreeMap::new();
        for Spanned { value: group, extent: _ } in &self.groups {
            let Spanned { value: code, extent } = &group.code;
            if *code == TextOrVariable::Plain("".into()) {
                problems.push(manifest_expansion::nameless(head.place(*extent)));
            }
            if let Some(first) = first.insert(code, *extent) {
                problems.push(twice(head, "the group is declared twice", *extent, first));
            }
            if let Some(Spanned { value: true, extent }) = group.absent {
                let message = "`absent: true` is not allowed for a user group: user records contain its code";
                problems.push(
                    Diagnostic::error(diagnostic_codes::GROUP_ABSENT, head.place(extent), message).help(
                        "set `enabled: false` instead, so new users cannot get the group; deleting a code in \
                     use damages user records",
                    ),
                );
            }
            if group.is_visibility_open() {
                let message = "visibility to partners is not declared: partners can see every unrestricted \
                               group";
                problems.push(
                    Diagnostic::warning(diagnostic_codes::VISIBILITY_UNSAID, head.place(*extent), message)
                        .help("add `visibleToPartners: true` or `visibleToPartners: false`"),
                );
            }
        }
        if self.groups.is_empty() && self.unlisted.action == UnlistedUserGroups::Keep {
            let message = format!("`{}` has no effect", head.manifest);
            problems.push(Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message).help(
                "the manifest has no groups and `unlisted` is `keep`: add groups, or remove the \
                           manifest",
            ));
            return problems;
        }
        let follows = self.rota_rules.is_some() || self.display_logic.is_some();
        if follows && self.groups.iter().all(|group| group.value.visible_to_partners.is_none()) {
            let message = "`rotaRules` and `displayLogic` have no effect: no group has `visibleToPartners`";
            problems.push(
                Diagnostic::warning(diagnostic_codes::RULES_OF_NO_GROUP, head.span(), message)
                    .help("add `visibleToPartners`, or remove `rotaRules` and `displayLogic`"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let mut told = BTreeSet::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let mut tables = self.tables(&scope);
            let mut codes_there: BTreeMap<Arc<str>, NodeSpan> = BTreeMap::new();
            for Spanned { value: group, extent } in &self.groups {
                let Some(code) = scope.resolve_text(&group.code, zone) else { continue };
                if let Some(first) = codes_there.insert(Arc::clone(&code), group.code.extent) {
                    // `validate` already reported literal duplicates.
                    if !self.is_written_twice(&group.code.value) && told.insert(group.code.extent) {
                        let message = format!(
                            "the group is declared twice in zone `{}`: both codes are `{code}`",
                            zone.code
                        );
                        scope.report(twice(head, message, group.code.extent, first));
                    }
                    continue;
                }
                self.group(&mut scope, zone, (group, *extent, &code), &mut tables);
            }
            let UserGroupTables { groups, record_types, restricted, rota_rules, display_rules } = tables;
            for collection in [groups, record_types, restricted, rota_rules, display_rules] {
                scope.want(zone, collection);
            }
        }
        scope.finish();
    }
}

impl UserGroupsSpec {
    fn is_written_twice(&self, code: &TextOrVariable) -> bool {
        self.groups.iter().filter(|group| group.value.code.value == *code).count() > 1
    }

    fn tables(&self, scope: &ManifestExpansion<'_, '_>) -> UserGroupTables {
        let of = |id, layout: CollectionLayout| {
            scope
                .collection(id, layout.key)
                .with_owner(self.owner)
                .with_enforcement(self.enforcement, self.conflict)
        };
        UserGroupTables {
            groups: of(user_groups(), USER_GROUPS).with_unlisted(&self.unlisted),
            record_types: of(record_types(), RECORD_TYPES),
            restricted: of(CollectionId::of_institution(RESTRICTED), RESTRICTED_USERS),
            rota_rules: of(CollectionId::of_institution(ROTA), ROTA_RULES),
            display_rules: of(CollectionId::of_institution(DISPLAY_LOGIC), DISPLAY_RULES),
        }
    }

    /// Expands one group in one zone.
    fn group<'n>(
        &self,
        scope: &mut ManifestExpansion<'_, 'n>,
        zone: &'n Zone,
        (group, extent, code): (&UserGroupSpec, NodeSpan, &Arc<str>),
        tables: &mut UserGroupTables,
    ) {
        let UserGroupSpec { code: Spanned { extent: at, .. }, description, .. } = group;
        let mut entry = (scope.record(extent))
            .with_field("code", Arc::clone(code), *at)
            .with_some("enabled", group.enabled.as_ref());
        if let Some(description) = description {
            let Some(text) = scope.resolve_text(description, zone) else { return };
            entry = entry.with_field("description", text, description.extent);
        }
        tables.groups.add(match group.is_visibility_open() {
            true => entry.note(UNRESTRICTED),
            false => entry,
        });
        // A group without a description already exists, with its own record types.
        let public = description
            .as_ref()
            .map(|_| Spanned { value: TextOrVariable::Plain(PUBLIC_RECORD_TYPE.into()), extent: *at });
        for record_type in group.record_types.as_deref().unwrap_or(public.as_slice()) {
            let Some(name) = scope.resolve_text(record_type, zone) else { continue };
            let entry = (scope.record(extent))
                .with_field(RECORD_TYPE, name, record_type.extent)
                .with_field(USER_GROUP, Arc::clone(code), *at)
                .with_reference(user_groups(), &[("code", code)], "user group");
            // A disabled row has no effect: users could not get the group.
            tables.record_types.add(match group.enabled {
                Some(Spanned { value: false, .. }) => entry,
                Some(Spanned { value: true, .. }) | None => {
                    entry.with_field("enabled", true, record_type.extent)
                }
            });
        }
        let Some(visible) = group.visible_to_partners else { return };
        let entry = scope.record(visible.extent).with_field("userGroup", Arc::clone(code), *at);
        tables.restricted.add(match visible.value {
            true => {
                entry.absent().note(format!("{code} is no longer restricted: partners can see the group"))
            }
            false => entry.with_reference(user_groups(), &[("code", code)], "user group"),
        });
        self.rules(scope, zone, (code, visible), tables);
    }

    /// Expands the rules of one group in one zone.
    fn rules<'n>(
        &self,
        scope: &mut ManifestExpansion<'_, 'n>,
        zone: &'n Zone,
        (code, visible): (&Arc<str>, Spanned<bool>),
        tables: &mut UserGroupTables,
    ) {
        let (text, operator) = (Arc::clone(code), OPERATOR.into());
        let mut amend = |rules: &mut CollectionDraft,
                         field: &str,
                         which: Option<&Spanned<TextOrVariable>>,
                         operators,
                         to| {
            let mut select = Vec::new();
            if let Some(which) = which {
                let Some(which) = scope.resolve_text(which, zone) else { return };
                select.push((field.into(), FieldValue::from(which)));
            }
            let expected = match operators {
                None => AmendmentTarget::Required,
                Some(_) => AmendmentTarget::Optional,
            };
            select.extend(operators.map(|operator: &str| (OPERATOR.into(), FieldValue::from(operator))));
            let amends = vec![scope.amend(LIST, to, visible.extent)];
            let amendment = scope.amendment(visible.extent, rules.enforcement());
            rules.amend(Amendment { select, expected, amends, ..amendment });
        };
        if let Some(RotaRulesSpec { rota }) = &self.rota_rules {
            let to = match visible.value {
                true => AmendmentOperation::AllowInRule {
                    text: Arc::clone(&text),
                    operator: Arc::clone(&operator),
                },
                false => AmendmentOperation::BlockInRule {
                    text: Arc::clone(&text),
                    operator: Arc::clone(&operator),
                },
            };
            amend(&mut tables.rota_rules, "rota", rota.as_ref(), None, to);
        }
        if let Some(DisplayLogicSpec { hidden_service: hides }) = &self.display_logic {
            let rules = &mut tables.display_rules;
            match visible.value {
                // A hiding rule must match hidden groups: their users must meet its condition. A rule without
                // a condition matches all users anyway.
                false => amend(
                    rules,
                    "hides",
                    hides.as_ref(),
                    None,
                    AmendmentOperation::AllowInRule { text, operator },
                ),
                // A hiding rule must not match visible groups. A rule without a condition does not depend on
                // groups.
                true => {
                    let out = AmendmentOperation::RemoveFromList(Arc::clone(&text));
                    amend(rules, "hides", hides.as_ref(), Some("INLIST"), out);
                    amend(
                        rules,
                        "hides",
                        hides.as_ref(),
                        Some("NOTINLIST"),
                        AmendmentOperation::AddToList(text),
                    );
                }
            }
        }
    }
}

/// Displayed column names of the mapping table.
const RECORD_TYPE: &str = "Record Type";
const USER_GROUP: &str = "User Group";

const UNRESTRICTED: &str =
    "partners can see a new group at once, unless a member restricts it: set `visibleToPartners`";

fn twice(head: &ManifestHeader, message: impl Into<String>, extent: NodeSpan, first: NodeSpan) -> Diagnostic {
    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
        .with_secondary_span(head.place(first), "first here")
        .help("remove one of the groups")
}
