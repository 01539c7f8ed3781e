//! What may a role do with the task list of authority control?
//!
//! Members see entries of records that are linked to the Network Zone in lists of their own. Who may dismiss such an
//! entry for the whole network is not documented; zonal keeps it in two places, the member's list and a matrix in
//! the Network Zone, and asks for both.

use std::sync::Arc;

use super::CollectionOwner;
use super::explanation_builder::{ExplanationBuilder, known};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
use crate::model::network::ZoneRole;
use crate::model::{Explanation, FieldValue, MaybeKnown, Question, ReasonSource, TasksQuestion};

/// Whether a role may do something, and who says so.
pub type TaskPermission = MaybeKnown<(bool, ReasonSource)>;

/// What a role may do with an entry of the list in its own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskAction {
    /// See it.
    View,
    /// Process the change.
    Process,
    /// Dismiss it from the list.
    Dismiss,
}

impl TaskAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::View, Self::Process, Self::Dismiss];

    /// The field of the list, which is what expectations call it as well.
    fn field(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Process => "process",
            Self::Dismiss => "dismiss",
        }
    }

    /// In words: `see the list`.
    pub fn description(self) -> &'static str {
        match self {
            Self::View => "see the list",
            Self::Process => "process changes",
            Self::Dismiss => "dismiss entries from the list",
        }
    }
}

const FOR_NETWORK: &str = "dismissForNetwork";

/// Whether the role may do something in its own zone.
///
/// # Errors
/// Why that is not known, in words.
pub fn may(question: &TasksQuestion, settings: &NetworkSettings, deed: TaskAction) -> TaskPermission {
    let list = known!(settings.table(&question.zone, &SettingsCollection::TaskList));
    let what = format!("what a {} may do at {}", question.role, question.zone);
    flag(list, list.find("role", &question.role), deed.field(), &what)
}

/// A flag of a record. In a collection that is known to hold nothing more, a record that is missing gives nothing
/// (inferred).
fn flag(table: &SettingsTable, found: Option<RowView<'_>>, field: &str, what: &str) -> TaskPermission {
    let said = found.map(|entry| (entry.flag(field), entry.ground(field)));
    match (said, table.extent) {
        (Some((Some(flag), ground)), _) => MaybeKnown::Known((flag, ground)),
        (None, TableCompleteness::Complete) => MaybeKnown::Known((false, ReasonSource::AlmaDefault)),
        (Some((None, _)), _) | (None, TableCompleteness::DeclaredOnly) => {
            MaybeKnown::Unknown(format!("nobody says {what}: `{field}`").into())
        }
    }
}

/// Who may dismiss an entry for the whole network, and on whose word.
pub struct NetworkDismissal {
    /// What the member's own list says.
    own: TaskPermission,
    /// What the Network Zone's matrix says.
    matrix: TaskPermission,
}

impl NetworkDismissal {
    /// Whether a role of a member may.
    pub fn permission_of(question: &TasksQuestion, settings: &NetworkSettings) -> Self {
        let TasksQuestion { zone, role, report: _ } = question;
        let own = match settings.table(zone, &SettingsCollection::TaskList) {
            Ok(list) => {
                let what = format!("what a {role} may do at {zone}");
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
                let what = format!("what a {role} of {zone} may do in the Network Zone");
                flag(matrix, matrix.entries().find(of), FOR_NETWORK, &what)
            }
            Err(why) => MaybeKnown::Unknown(why),
        };
        Self { own, matrix }
    }

    /// Both must say so.
    ///
    /// # Errors
    /// Why it is not known, in words.
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

/// Whether entries of the report that is asked about are in the list.
///
/// # Errors
/// Why that is not known, in words.
pub fn is_report_listed(
    question: &TasksQuestion,
    report: &str,
    settings: &NetworkSettings,
) -> TaskPermission {
    let reports = known!(settings.table(&question.zone, &SettingsCollection::ReportTypes));
    let what = format!("whether `{report}` is in the list of {}", question.zone);
    match reports.find("reportType", report) {
        Some(entry) if entry.get("enabled").is_none() && entry.silence() == MissingFieldMeaning::Default => {
            MaybeKnown::Known((entry.is_on(), entry.ground_of_all()))
        }
        found => flag(reports, found, "enabled", &what),
    }
}

/// What must be known to answer it.
pub fn needs(question: &TasksQuestion) -> Vec<(CollectionOwner, SettingsCollection)> {
    let own = |subject| (CollectionOwner::Zone(question.zone.clone()), subject);
    let mut needs = vec![
        own(SettingsCollection::TaskList),
        (CollectionOwner::NetworkZone, SettingsCollection::Dismissal),
    ];
    if question.report.is_some() {
        needs.push(own(SettingsCollection::ReportTypes));
    }
    needs
}

/// Answers the question.
pub fn explain(question: &TasksQuestion, settings: &NetworkSettings) -> Explanation {
    let TasksQuestion { zone, role, report } = question;
    let name = settings.name(zone);
    let mut telling = ExplanationBuilder::new(Question::Tasks(question.clone()));
    let (mut may_do, mut may_not, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for deed in TaskAction::ALL {
        let may = may(question, settings, deed);
        let side = match may.get() {
            Some((true, _)) => &mut may_do,
            Some((false, _)) => &mut may_not,
            None => &mut unknown,
        };
        side.push(deed.description());
        add_permission_fact(&mut telling, deed.field(), may, |may| match may {
            true => format!("the list lets a {role} {}", deed.description()),
            false => format!("the list does not let a {role} {}", deed.description()),
        });
    }
    for_network(question, settings, &mut telling, [&mut may_do, &mut may_not, &mut unknown]);
    if let Some(report) = report {
        add_permission_fact(&mut telling, "listed", is_report_listed(question, report, settings), |listed| {
            match listed {
                true => format!("the report `{report}` is in the list"),
                false => format!("the report `{report}` is not in the list"),
            }
        });
        // The vendor's list of customer parameters.
        if **report == *"linked" {
            let says = "entries of `linked` show only where the customer parameter \
                        authority_control_link_available is true, which zonal does not read";
            telling.add_reason(says, ReasonSource::AlmaDefault);
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
    telling.finish(match (known.is_empty(), unknown.is_empty()) {
        (true, _) => format!("whether {who} may {unknown} is not known"),
        (false, true) => format!("{who} {known}"),
        (false, false) => format!("{who} {known}; whether they may {unknown} is not known"),
    })
}

/// Whether an entry may be dismissed for everybody. The Network Zone is no member: of it there is nothing to say,
/// unless its own list does.
fn for_network(
    question: &TasksQuestion,
    settings: &NetworkSettings,
    telling: &mut ExplanationBuilder,
    [may_do, may_not, unknown]: [&mut Vec<&'static str>; 3],
) {
    let TasksQuestion { zone, role, report: _ } = question;
    const WORDS: &str = "dismiss entries for the whole network";
    let NetworkDismissal { own, matrix } = NetworkDismissal::permission_of(question, settings);
    let is_network = settings.zone(zone).is_some_and(|zone| zone.role == ZoneRole::Network);
    if is_network {
        let list = settings.table(zone, &SettingsCollection::TaskList).ok();
        let says_so = list.and_then(|list| list.find("role", role)?.flag(FOR_NETWORK)).is_some();
        if says_so {
            add_permission_fact(telling, FOR_NETWORK, own, |may| match may {
                true => format!("the list lets a {role} {WORDS}"),
                false => format!("the list does not let a {role} {WORDS}"),
            });
        }
        return;
    }
    let both = NetworkDismissal { own, matrix };
    let may = both.may();
    match may.get() {
        Some(true) => may_do.push(WORDS),
        Some(false) => may_not.push(WORDS),
        None => unknown.push(WORDS),
    }
    let NetworkDismissal { own, matrix } = both;
    let disagree = matches!((&own, &matrix), (MaybeKnown::Known((own, _)), MaybeKnown::Known((matrix, _))) if own != matrix);
    for (whose, may) in [("the member's list", own), ("the Network Zone's matrix", matrix)] {
        match may {
            MaybeKnown::Known((true, ground)) if disagree => {
                let says = format!("{whose} lets a {role} {WORDS}; it alone does, so that they may not");
                telling.add_reason(says, ground);
            }
            MaybeKnown::Known((true, ground)) => {
                telling.add_reason(format!("{whose} lets a {role} {WORDS}"), ground)
            }
            MaybeKnown::Known((false, ground)) => {
                telling.add_reason(format!("{whose} does not let a {role} {WORDS}"), ground);
            }
            MaybeKnown::Unknown(why) => telling.add_reason(why.to_string(), ReasonSource::AlmaDefault),
        }
    }
    telling.fact(FOR_NETWORK, may.map(FieldValue::Bool));
}

fn add_permission_fact(
    telling: &mut ExplanationBuilder,
    fact: &'static str,
    may: TaskPermission,
    says: impl Fn(bool) -> String,
) {
    match &may {
        MaybeKnown::Known((may, ground)) => telling.add_reason(says(*may), ground.clone()),
        MaybeKnown::Unknown(why) => telling.add_reason(why.to_string(), ReasonSource::AlmaDefault),
    }
    telling.fact(fact, may.map(|(may, _)| FieldValue::Bool(may)));
}
