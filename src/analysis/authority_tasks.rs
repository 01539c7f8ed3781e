//! Permissions of a role in the authority control task list.
//!
//! Members have task lists of their own with the entries of records linked to the Network Zone. Alma does not
//! document who may dismiss such an entry for the whole network. zonal stores this permission in the member's
//! list and in a matrix of the Network Zone, and requires both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::explanation_builder::{ExplanationBuilder, known};
use super::impact::wording::{joined, members};
use super::impact::{ImpactDraft, ImpactFunction, SettingsChange};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
use super::{SettingsOwner, SettingsQuestion};
use crate::model::network::ZoneRole;
use crate::model::{
    Explanation, FieldValue, ImpactEffect, MaybeKnown, ReasonSource, TasksQuestion, ZoneCode,
};

/// Permission of a role, with its source.
pub type TaskPermission = MaybeKnown<(bool, ReasonSource)>;

/// Action on an entry of the task list in the role's own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskAction {
    /// View the entry.
    View,
    /// Process the change.
    Process,
    /// Dismiss the entry from the list.
    Dismiss,
}

impl TaskAction {
    /// All actions.
    pub const ALL: [Self; 3] = [Self::View, Self::Process, Self::Dismiss];

    /// Returns the field of the list, also the fact in expectations.
    fn field(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Process => "process",
            Self::Dismiss => "dismiss",
        }
    }

    /// Returns the description: `view the task list`.
    pub fn description(self) -> &'static str {
        match self {
            Self::View => "view the task list",
            Self::Process => "process changes",
            Self::Dismiss => "dismiss entries from the task list",
        }
    }
}

/// Field of the network-wide permission, also the fact in expectations.
const FOR_NETWORK: &str = "dismissForNetwork";
const DISMISS_FOR_NETWORK: &str = "dismiss entries for the whole network";

/// Returns the permission for an action in the role's own zone.
///
/// # Errors
/// Unknown if the permission is undeclared or unreadable.
pub fn may(question: &TasksQuestion, settings: &NetworkSettings, action: TaskAction) -> TaskPermission {
    let list = known!(settings.table(&question.zone, &SettingsCollection::TaskList));
    let what = format!("the permissions of a {} at {}", question.role, question.zone);
    flag(list, list.find("role", &question.role), action.field(), &what)
}

/// Returns a flag of a row. A missing row of a complete table grants nothing (inferred).
fn flag(table: &SettingsTable, found: Option<RowView<'_>>, field: &str, what: &str) -> TaskPermission {
    let declared = found.map(|entry| (entry.flag(field), entry.ground(field)));
    match (declared, table.extent) {
        (Some((Some(flag), ground)), _) => MaybeKnown::Known((flag, ground)),
        (None, TableCompleteness::Complete) => MaybeKnown::Known((false, ReasonSource::AlmaDefault)),
        (Some((None, _)), _) | (None, TableCompleteness::DeclaredOnly) => {
            MaybeKnown::Unknown(format!("no manifest declares {what}: `{field}`").into())
        }
    }
}

/// Permission to dismiss an entry for the whole network, from both sides.
pub struct NetworkDismissal {
    /// Permission in the member's own list.
    own: TaskPermission,
    /// Permission in the Network Zone's matrix.
    matrix: TaskPermission,
}

impl NetworkDismissal {
    /// Returns the permission for a role of a member.
    pub fn permission_of(question: &TasksQuestion, settings: &NetworkSettings) -> Self {
        let TasksQuestion { zone, role, report: _ } = question;
        let own = match settings.table(zone, &SettingsCollection::TaskList) {
            Ok(list) => {
                let what = format!("the permissions of a {role} at {zone}");
                flag(list, list.find("role", role), FOR_NETWORK, &what)
            }
            Err(why) => MaybeKnown::Unknown(why),
        };
        let matrix = match settings.of_network(&SettingsCollection::Dismissal) {
            Ok(matrix) => {
                let of = |entry: &RowView<'_>| {
                    entry.text_field("institution") == Some(zone.as_str())
                        && entry.text_field("role") == Some(role)
                };
                let what = format!("the permissions of a {role} of {zone} in the Network Zone");
                flag(matrix, matrix.entries().find(of), FOR_NETWORK, &what)
            }
            Err(why) => MaybeKnown::Unknown(why),
        };
        Self { own, matrix }
    }

    /// Returns true if both sides allow the dismissal.
    ///
    /// # Errors
    /// Unknown if one side is unknown and the other does not deny.
    pub fn may(&self) -> MaybeKnown<bool> {
        match (&self.own, &self.matrix) {
            (MaybeKnown::Known((false, _)), _) | (_, MaybeKnown::Known((false, _))) => {
                MaybeKnown::Known(false)
            }
            (MaybeKnown::Known((true, _)), MaybeKnown::Known((true, _))) => MaybeKnown::Known(true),
            (MaybeKnown::Unknown(why), _) | (_, MaybeKnown::Unknown(why)) => {
                MaybeKnown::Unknown(Arc::clone(why))
            }
        }
    }
}

/// Returns true if the task list contains the report.
///
/// # Errors
/// Unknown if the report type is undeclared or unreadable.
pub fn is_report_listed(
    question: &TasksQuestion,
    report: &str,
    settings: &NetworkSettings,
) -> TaskPermission {
    let reports = known!(settings.table(&question.zone, &SettingsCollection::ReportTypes));
    let what = format!("whether `{report}` is in the task list of {}", question.zone);
    match reports.find("reportType", report) {
        Some(entry) if entry.get("enabled").is_none() && entry.silence() == MissingFieldMeaning::Default => {
            MaybeKnown::Known((entry.is_on(), entry.ground_of_all()))
        }
        found => flag(reports, found, "enabled", &what),
    }
}

impl SettingsQuestion for TasksQuestion {
    const IMPACTS: &'static [ImpactFunction] = &[impact];

    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)> {
        let own = |subject| (SettingsOwner::Zone(self.zone.clone()), subject);
        let mut needs = vec![
            own(SettingsCollection::TaskList),
            (SettingsOwner::NetworkZone, SettingsCollection::Dismissal),
        ];
        if self.report.is_some() {
            needs.push(own(SettingsCollection::ReportTypes));
        }
        needs
    }

    fn explain(&self, settings: &NetworkSettings) -> Explanation {
        let TasksQuestion { zone, role, report } = self;
        let name = settings.name(zone);
        let mut builder = ExplanationBuilder::new(self.clone());
        let (mut may_do, mut may_not, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for action in TaskAction::ALL {
            let may = may(self, settings, action);
            let side = match may.get() {
                Some((true, _)) => &mut may_do,
                Some((false, _)) => &mut may_not,
                None => &mut unknown,
            };
            side.push(action.description());
            add_permission_fact(&mut builder, action.field(), may, |may| match may {
                true => format!("a {role} is allowed to {}", action.description()),
                false => format!("a {role} is not allowed to {}", action.description()),
            });
        }
        for_network(self, settings, &mut builder, [&mut may_do, &mut may_not, &mut unknown]);
        if let Some(report) = report {
            add_permission_fact(&mut builder, "listed", is_report_listed(self, report, settings), |listed| {
                match listed {
                    true => format!("the report `{report}` is in the task list"),
                    false => format!("the report `{report}` is not in the task list"),
                }
            });
            // From Alma's list of customer parameters.
            if **report == *"linked" {
                let says = "entries of `linked` appear only if the customer parameter \
                            authority_control_link_available is true; zonal does not read it";
                builder.add_alma_reason(says);
            }
        }
        let who = format!("a {role} of {name}");
        let mut parts = Vec::new();
        for (words, may) in [(may_do, "may"), (may_not, "may not")] {
            if !words.is_empty() {
                parts.push(format!("{may} {}", words.join(", ")));
            }
        }
        let known = parts.join("; ");
        let unknown = unknown.join(", ");
        builder.finish(match (known.is_empty(), unknown.is_empty()) {
            (true, _) => format!("unknown whether {who} may {unknown}"),
            (false, true) => format!("{who} {known}"),
            (false, false) => format!("{who} {known}; unknown whether the role may {unknown}"),
        })
    }
}

/// Adds the permission to dismiss entries for the whole network.
///
/// The Network Zone is not a member, so only a flag in its own list counts.
fn for_network(
    question: &TasksQuestion,
    settings: &NetworkSettings,
    builder: &mut ExplanationBuilder,
    [may_do, may_not, unknown]: [&mut Vec<&'static str>; 3],
) {
    let TasksQuestion { zone, role, report: _ } = question;
    let NetworkDismissal { own, matrix } = NetworkDismissal::permission_of(question, settings);
    let is_network = settings.zone(zone).is_some_and(|zone| zone.role == ZoneRole::Network);
    if is_network {
        let list = settings.table(zone, &SettingsCollection::TaskList).ok();
        let says_so = list.and_then(|list| list.find("role", role)?.flag(FOR_NETWORK)).is_some();
        if says_so {
            add_permission_fact(builder, FOR_NETWORK, own, |may| match may {
                true => format!("a {role} is allowed to {DISMISS_FOR_NETWORK}"),
                false => format!("a {role} is not allowed to {DISMISS_FOR_NETWORK}"),
            });
        }
        return;
    }
    let both = NetworkDismissal { own, matrix };
    let may = both.may();
    match may.get() {
        Some(true) => may_do.push(DISMISS_FOR_NETWORK),
        Some(false) => may_not.push(DISMISS_FOR_NETWORK),
        None => unknown.push(DISMISS_FOR_NETWORK),
    }
    let NetworkDismissal { own, matrix } = both;
    let disagree = matches!((&own, &matrix), (MaybeKnown::Known((own, _)), MaybeKnown::Known((matrix, _))) if own != matrix);
    for (whose, may) in [("the member's list", own), ("the Network Zone's matrix", matrix)] {
        match may {
            MaybeKnown::Known((true, ground)) if disagree => {
                let says =
                    format!("{whose} allows a {role} to {DISMISS_FOR_NETWORK}, but both sides must allow it");
                builder.add_reason(says, ground);
            }
            MaybeKnown::Known((true, ground)) => {
                builder.add_reason(format!("{whose} allows a {role} to {DISMISS_FOR_NETWORK}"), ground)
            }
            MaybeKnown::Known((false, ground)) => {
                builder
                    .add_reason(format!("{whose} does not allow a {role} to {DISMISS_FOR_NETWORK}"), ground);
            }
            MaybeKnown::Unknown(why) => builder.add_alma_reason(why.to_string()),
        }
    }
    builder.fact(FOR_NETWORK, may.map(FieldValue::Bool));
}

fn add_permission_fact(
    builder: &mut ExplanationBuilder,
    fact: &'static str,
    may: TaskPermission,
    says: impl Fn(bool) -> String,
) {
    match &may {
        MaybeKnown::Known((may, ground)) => builder.add_reason(says(*may), ground.clone()),
        MaybeKnown::Unknown(why) => builder.add_alma_reason(why.to_string()),
    }
    builder.fact(fact, may.map(|(may, _)| FieldValue::Bool(may)));
}

/// Returns the impact of changed permissions.
fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let lists = change.zones(|collection| *collection == SettingsCollection::TaskList);
    let matrix = change.zones(|collection| *collection == SettingsCollection::Dismissal);
    let mut changes: BTreeMap<(Arc<str>, &str, bool), BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in change.before.zones().filter(|zone| lists.contains(&zone.code) || !matrix.is_empty()) {
        for role in roles(&zone.code, change) {
            let question = TasksQuestion { zone: zone.code.clone(), role: Arc::clone(&role), report: None };
            let mut note = |action, [before, after]: [Option<bool>; 2]| {
                if let (Some(before), Some(after)) = (before, after)
                    && before != after
                {
                    changes.entry((Arc::clone(&role), action, after)).or_default().insert(zone.code.clone());
                }
            };
            for action in TaskAction::ALL {
                let permission = |settings| may(&question, settings, action).get().map(|(may, _)| *may);
                note(action.description(), change.both().map(permission));
            }
            if zone.role == ZoneRole::Member {
                let permission =
                    |settings| NetworkDismissal::permission_of(&question, settings).may().get().copied();
                note(DISMISS_FOR_NETWORK, change.both().map(permission));
            }
        }
    }
    // One sentence for all actions with the same change.
    let mut actions_by_zones: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for ((role, action, is_allowed), zones) in changes {
        actions_by_zones.entry((role, is_allowed, zones)).or_default().push(action);
    }
    let drafts = actions_by_zones.into_iter().map(|((role, is_allowed, zones), actions)| {
        let (effect, may) = match is_allowed {
            true => (ImpactEffect::Gain, "may now"),
            false => (ImpactEffect::Loss, "may no longer"),
        };
        let is_for_network = actions.contains(&DISMISS_FOR_NETWORK);
        let causes = change.causes(|collection, zone| {
            *collection == SettingsCollection::TaskList && zones.contains(zone)
                || *collection == SettingsCollection::Dismissal && is_for_network
        });
        let actions = joined(&actions, if is_allowed { "and" } else { "or" });
        let text = format!("a {role} of {} {may} {actions}", members(&zones, change.after));
        ImpactDraft { effect, causes, members: zones, subjects: [role].into(), text }
    });
    drafts.collect()
}

/// Returns all roles with a known permission.
fn roles(zone: &ZoneCode, change: &SettingsChange<'_>) -> BTreeSet<Arc<str>> {
    let tables = change.both().into_iter().flat_map(|settings| {
        let own = settings.table(zone, &SettingsCollection::TaskList).ok();
        own.into_iter().chain(settings.of_network(&SettingsCollection::Dismissal).ok())
    });
    tables
        .flat_map(|table| table.entries().filter_map(|entry| Some(entry.text_field("role")?.into())))
        .collect()
}
