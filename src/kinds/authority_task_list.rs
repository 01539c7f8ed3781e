//! `AuthorityTaskList`: role permissions and reports of the authority control task list.
//!
//! Members see records linked to the Network Zone in their own lists. Alma does not document network-wide
//! dismissal, so the Network Zone has a separate matrix for it.

mod export;

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec, SelectedZones, SelectionCertainty};
use crate::manifest::unreadable::NOTHING;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::{AuthorityReport, AuthorityRole, DISMISSAL, REPORT_TYPES, TASK_LIST};
use crate::model::network::ZoneRole;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Role permissions and enabled reports of the authority control task list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorityTaskListSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Permissions of the roles.
    #[serde(default)]
    pub roles: Vec<Spanned<TaskListRoleSpec>>,
    /// Roles and members with permission to dismiss entries for the whole network. If this list is present,
    /// unlisted roles and members lose the permission.
    #[serde(default)]
    pub dismiss_for_network: Vec<Spanned<NetworkDismissalSpec>>,
    /// Enabled and disabled reports.
    #[serde(default)]
    pub report_types: ReportTypesSpec,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// Permissions of one role. zonal does not manage omitted permissions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskListRoleSpec {
    /// Role.
    pub role: Spanned<AuthorityRole>,
    /// True if the role can see the list.
    pub view: Option<Spanned<bool>>,
    /// True if the role can process changes.
    pub process: Option<Spanned<bool>>,
    /// True if the role can dismiss entries from the member's own list.
    pub dismiss: Option<Spanned<bool>>,
}

/// Permission to dismiss entries for the whole network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkDismissalSpec {
    /// Role.
    pub role: Spanned<AuthorityRole>,
    /// Selector among the manifest's members. Default: all of them.
    pub members: Option<Spanned<AppliesToSpec>>,
}

/// Enabled and disabled reports. zonal does not manage omitted reports.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportTypesSpec {
    /// Enabled reports.
    #[serde(default)]
    pub enabled: Vec<Spanned<AuthorityReport>>,
    /// Disabled reports.
    #[serde(default)]
    pub disabled: Vec<Spanned<AuthorityReport>>,
}

impl KindSpec for AuthorityTaskListSpec {
    const NAME: &'static str = "AuthorityTaskList";
    const SUMMARY: &'static str = "Role permissions and reports of the authority control task list.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &[LIST, REPORTS, NETWORK_DISMISSAL];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[
        GatewayCollection {
            kind: LIST,
            reach: TASK_LIST.reach,
            key: TASK_LIST.key,
            fields: &["view", "process", "dismiss", "dismissForNetwork"],
        },
        GatewayCollection {
            kind: REPORTS,
            reach: REPORT_TYPES.reach,
            key: REPORT_TYPES.key,
            fields: &["enabled"],
        },
        GatewayCollection {
            kind: NETWORK_DISMISSAL,
            reach: DISMISSAL.reach,
            key: DISMISSAL.key,
            fields: &["dismissForNetwork"],
        },
    ];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        match collection {
            LIST => Some(Arc::clone(&ON_LIST)),
            REPORTS => Some(Arc::clone(&REPORTED)),
            NETWORK_DISMISSAL => Some(Arc::clone(&DISMISSING)),
            _ => None,
        }
    }
}

const LIST: &str = "AuthorityTaskList";
const REPORTS: &str = "AuthorityReportTypes";
const NETWORK_DISMISSAL: &str = "AuthorityDismissal";

fn shape(menu: &str) -> Arc<CollectionShape> {
    Arc::new(CollectionShape { menu: menu.into(), ..CollectionShape::default() })
}

// Alma's documentation names these pages, but not the place for network-wide dismissal.
static ON_LIST: LazyLock<Arc<CollectionShape>> =
    LazyLock::new(|| shape("page Authority Control Task List, with the permissions of each role"));
static REPORTED: LazyLock<Arc<CollectionShape>> =
    LazyLock::new(|| shape("Configuration > Resources, Authority Control Task List Report Types"));
static DISMISSING: LazyLock<Arc<CollectionShape>> =
    LazyLock::new(|| shape("members: Dismiss for Network on the page Authority Control Task List"));

impl ManifestSpec for AuthorityTaskListSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for (index, Spanned { value: said, .. }) in self.roles.iter().enumerate() {
            let same = |other: &&Spanned<TaskListRoleSpec>| other.value.role.value == said.role.value;
            if let Some(first) = self.roles[..index].iter().find(same) {
                let message = format!("the role `{}` is declared twice", said.role.value.as_str());
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(said.role.extent), message)
                        .with_secondary_span(head.place(first.value.role.extent), "first here")
                        .help("put all permissions of a role into one entry"),
                );
            }
            let Some(unseen) = said.view.filter(|view| !view.value) else { continue };
            let name = said.role.value.as_str();
            let works = [("process changes", said.process), ("dismiss entries", said.dismiss)];
            let works =
                works.into_iter().filter_map(|(what, may)| Some((what, may.filter(|may| may.value)?.extent)));
            let role = said.role.value;
            let dismissals = self.dismiss_for_network.iter().map(|each| each.value.role);
            let dismisses = dismissals
                .filter(|each| each.value == role)
                .map(|each| ("dismiss for the network", each.extent));
            for (what, extent) in works.chain(dismisses) {
                let message = format!(
                    "role `{name}` can {what}, but cannot see the list: `view` is false \
                                       for {name}"
                );
                problems.push(
                    Diagnostic::warning(diagnostic_codes::WORKS_UNSEEN, head.place(extent), message)
                        .with_secondary_span(head.place(unseen.extent), "`view` is false")
                        .help("set `view: true`, or remove the other permissions of the role"),
                );
            }
        }
        let ReportTypesSpec { enabled: on, disabled: off } = &self.report_types;
        let silent =
            self.roles.is_empty() && self.dismiss_for_network.is_empty() && on.is_empty() && off.is_empty();
        if silent && head.lost_spec().is_nothing() {
            let message = format!("`{}` has no effect", head.manifest);
            problems.push(
                Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message)
                    .help("add `roles`, `dismissForNetwork` or `reportTypes`, or remove the manifest"),
            );
        }
        let all: Vec<&Spanned<AuthorityReport>> = on.iter().chain(off).collect();
        for (index, report) in all.iter().enumerate() {
            let Some(first) = all[..index].iter().find(|first| first.value == report.value) else { continue };
            let message = format!("the report `{}` is declared twice", report.value.as_str());
            problems.push(
                Diagnostic::error(diagnostic_codes::REPORT_TWICE, head.place(report.extent), message)
                    .with_secondary_span(head.place(first.extent), "first here")
                    .help("name the report once, in `enabled` or in `disabled`"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let within = selection::of_manifest(self.applies_to.as_ref(), network, head, &mut Vec::new());
        let mut told = Vec::new();
        let dismissals: Vec<(&Spanned<NetworkDismissalSpec>, SelectedZones)> =
            (self.dismiss_for_network.iter())
                .map(|dismissal| {
                    let everyone = Spanned { value: AppliesToSpec::default(), extent: dismissal.extent };
                    let members = (dismissal.value.members.as_ref().unwrap_or(&everyone), &NOTHING);
                    (dismissal, selection::of_override(members, &within, network, head, &mut told))
                })
                .collect();
        told.into_iter().for_each(|problem| scope.report(problem));
        let dismisses = |zone: usize, role: AuthorityRole| {
            let holds = |own: &SelectedZones| {
                own.certainty != SelectionCertainty::Unknown && own.zones.contains(&zone)
            };
            let mut all = dismissals.iter();
            all.find(|(each, own)| each.value.role.value == role && holds(own)).map(|(each, _)| each.extent)
        };
        // Unlisted roles lose the permission; the first entry is the location of this rule.
        let said = self.dismiss_for_network.first().map(|first| first.extent);
        let mut matrix = scope
            .collection(CollectionId::of_institution(NETWORK_DISMISSAL), DISMISSAL.key)
            .with_enforcement(self.enforcement, self.conflict);
        scope.zones(self.applies_to.as_ref());
        for &index in &within.zones {
            let zone = &network.zones[index];
            let mut list = scope
                .collection(CollectionId::of_institution(LIST), TASK_LIST.key)
                .with_enforcement(self.enforcement, self.conflict);
            for Spanned { value: TaskListRoleSpec { role, view, process, dismiss }, extent } in &self.roles {
                let mut entry = (scope.record(*extent))
                    .with_field("role", role.value.as_str(), role.extent)
                    .with_some("view", view.as_ref())
                    .with_some("process", process.as_ref())
                    .with_some("dismiss", dismiss.as_ref());
                if let (Some(said), ZoneRole::Member) = (said, zone.role) {
                    let may = dismisses(index, role.value);
                    entry = entry.with_field("dismissForNetwork", may.is_some(), may.unwrap_or(said));
                }
                list.add(entry);
            }
            scope.want(zone, list);
            let ReportTypesSpec { enabled: on, disabled: off } = &self.report_types;
            let mut reports = scope
                .collection(CollectionId::of_institution(REPORTS), REPORT_TYPES.key)
                .with_enforcement(self.enforcement, self.conflict);
            for (report, enabled) in on.iter().map(|on| (on, true)).chain(off.iter().map(|off| (off, false)))
            {
                let mut entry = (scope.record(report.extent))
                    .with_field("reportType", report.value.as_str(), report.extent)
                    .with_field("enabled", FieldValue::Bool(enabled), report.extent);
                if enabled && report.value == AuthorityReport::Linked {
                    entry = entry.note(
                        "Alma shows this report only if the customer parameter \
                         authority_control_link_available is true",
                    );
                }
                reports.add(entry);
            }
            scope.want(zone, reports);
            if let (Some(said), ZoneRole::Member) = (said, zone.role) {
                for &role in AuthorityRole::ALL {
                    let may = dismisses(index, role);
                    let extent = may.unwrap_or(said);
                    matrix.add(
                        (scope.record(extent))
                            .with_field("institution", zone.code.as_str(), extent)
                            .with_field("role", role.as_str(), extent)
                            .with_field("dismissForNetwork", may.is_some(), extent),
                    );
                }
            }
        }
        if let Some(nz) = scope.network_zone() {
            scope.want(nz, matrix);
        }
        scope.finish();
    }
}
