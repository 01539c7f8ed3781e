//! What may a role do with the task list of authority control?
//!
//! Members see entries of records that are linked to the Network Zone in lists of their own. Who may dismiss such an
//! entry for the whole network is not documented; zonal keeps it in two places, the member's list and a matrix in
//! the Network Zone, and asks for both.

use std::sync::Arc;

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::table::{Entry, Extent, Silence, Table};
use super::told::{Telling, known};
use crate::model::network::Role;
use crate::model::{Explanation, Ground, Question, TasksQuestion, Told, Value};

/// Whether a role may do something, and who says so.
pub type May = Told<(bool, Ground)>;

/// What a role may do with an entry of the list in its own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// See it.
    View,
    /// Process the change.
    Process,
    /// Dismiss it from the list.
    Dismiss,
}

impl Deed {
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
    pub fn words(self) -> &'static str {
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
pub fn may(question: &TasksQuestion, settings: &Settings, deed: Deed) -> May {
    let list = known!(settings.table(&question.zone, &Subject::TaskList));
    let what = format!("what a {} may do at {}", question.role, question.zone);
    flag(list, list.find("role", &question.role), deed.field(), &what)
}

/// A flag of a record. In a collection that is known to hold nothing more, a record that is missing gives nothing
/// (inferred).
fn flag(table: &Table, found: Option<Entry<'_>>, field: &str, what: &str) -> May {
    let said = found.map(|entry| (entry.flag(field), entry.ground(field)));
    match (said, table.extent) {
        (Some((Some(flag), ground)), _) => Told::Is((flag, ground)),
        (None, Extent::Whole) => Told::Is((false, Ground::Alma)),
        (Some((None, _)), _) | (None, Extent::Named) => {
            Told::Not(format!("nobody says {what}: `{field}`").into())
        }
    }
}

/// Who may dismiss an entry for the whole network, and on whose word.
pub struct ForNetwork {
    /// What the member's own list says.
    own: May,
    /// What the Network Zone's matrix says.
    matrix: May,
}

impl ForNetwork {
    /// Whether a role of a member may.
    pub fn of(question: &TasksQuestion, settings: &Settings) -> Self {
        let TasksQuestion { zone, role, report: _ } = question;
        let own = match settings.table(zone, &Subject::TaskList) {
            Ok(list) => {
                let what = format!("what a {role} may do at {zone}");
                flag(list, list.find("role", role), FOR_NETWORK, &what)
            }
            Err(why) => Told::Not(why),
        };
        let matrix = match settings.of_network(&Subject::Dismissal) {
            Ok(matrix) => {
                let of = |entry: &Entry<'_>| {
                    entry.text("institution") == Some(zone.as_str()) && entry.text("role") == Some(role)
                };
                let what = format!("what a {role} of {zone} may do in the Network Zone");
                flag(matrix, matrix.entries().find(of), FOR_NETWORK, &what)
            }
            Err(why) => Told::Not(why),
        };
        Self { own, matrix }
    }

    /// Both must say so.
    ///
    /// # Errors
    /// Why it is not known, in words.
    pub fn may(&self) -> Told<bool> {
        match (&self.own, &self.matrix) {
            (Told::Is((false, _)), _) | (_, Told::Is((false, _))) => Told::Is(false),
            (Told::Is((true, _)), Told::Is((true, _))) => Told::Is(true),
            (Told::Not(why), _) | (_, Told::Not(why)) => Told::Not(Arc::clone(why)),
        }
    }
}

/// Whether entries of the report that is asked about are in the list.
///
/// # Errors
/// Why that is not known, in words.
pub fn listed(question: &TasksQuestion, report: &str, settings: &Settings) -> May {
    let reports = known!(settings.table(&question.zone, &Subject::ReportTypes));
    let what = format!("whether `{report}` is in the list of {}", question.zone);
    match reports.find("reportType", report) {
        Some(entry) if entry.get("enabled").is_none() && entry.silence() == Silence::Empty => {
            Told::Is((entry.is_on(), entry.ground_of_all()))
        }
        found => flag(reports, found, "enabled", &what),
    }
}

/// What must be known to answer it.
pub fn needs(question: &TasksQuestion) -> Vec<(Whose, Subject)> {
    let own = |subject| (Whose::Zone(question.zone.clone()), subject);
    let mut needs = vec![own(Subject::TaskList), (Whose::NetworkZone, Subject::Dismissal)];
    if question.report.is_some() {
        needs.push(own(Subject::ReportTypes));
    }
    needs
}

/// Answers the question.
pub fn explain(question: &TasksQuestion, settings: &Settings) -> Explanation {
    let TasksQuestion { zone, role, report } = question;
    let name = settings.name(zone);
    let mut telling = Telling::new(Question::Tasks(question.clone()));
    let (mut may_do, mut may_not, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for deed in Deed::ALL {
        let may = may(question, settings, deed);
        let side = match may.get() {
            Some((true, _)) => &mut may_do,
            Some((false, _)) => &mut may_not,
            None => &mut unknown,
        };
        side.push(deed.words());
        told(&mut telling, deed.field(), may, |may| match may {
            true => format!("the list lets a {role} {}", deed.words()),
            false => format!("the list does not let a {role} {}", deed.words()),
        });
    }
    for_network(question, settings, &mut telling, [&mut may_do, &mut may_not, &mut unknown]);
    if let Some(report) = report {
        told(&mut telling, "listed", listed(question, report, settings), |listed| match listed {
            true => format!("the report `{report}` is in the list"),
            false => format!("the report `{report}` is not in the list"),
        });
        // The vendor's list of customer parameters.
        if **report == *"linked" {
            let says = "entries of `linked` show only where the customer parameter \
                        authority_control_link_available is true, which zonal does not read";
            telling.because(says, Ground::Alma);
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
    telling.line(match (known.is_empty(), unknown.is_empty()) {
        (true, _) => format!("whether {who} may {unknown} is not known"),
        (false, true) => format!("{who} {known}"),
        (false, false) => format!("{who} {known}; whether they may {unknown} is not known"),
    })
}

/// Whether an entry may be dismissed for everybody. The Network Zone is no member: of it there is nothing to say,
/// unless its own list does.
fn for_network(
    question: &TasksQuestion,
    settings: &Settings,
    telling: &mut Telling,
    [may_do, may_not, unknown]: [&mut Vec<&'static str>; 3],
) {
    let TasksQuestion { zone, role, report: _ } = question;
    const WORDS: &str = "dismiss entries for the whole network";
    let ForNetwork { own, matrix } = ForNetwork::of(question, settings);
    let is_network = settings.zone(zone).is_some_and(|zone| zone.role == Role::Network);
    if is_network {
        let list = settings.table(zone, &Subject::TaskList).ok();
        let says_so = list.and_then(|list| list.find("role", role)?.flag(FOR_NETWORK)).is_some();
        if says_so {
            told(telling, FOR_NETWORK, own, |may| match may {
                true => format!("the list lets a {role} {WORDS}"),
                false => format!("the list does not let a {role} {WORDS}"),
            });
        }
        return;
    }
    let both = ForNetwork { own, matrix };
    let may = both.may();
    match may.get() {
        Some(true) => may_do.push(WORDS),
        Some(false) => may_not.push(WORDS),
        None => unknown.push(WORDS),
    }
    let ForNetwork { own, matrix } = both;
    let disagree = matches!((&own, &matrix), (Told::Is((own, _)), Told::Is((matrix, _))) if own != matrix);
    for (whose, may) in [("the member's list", own), ("the Network Zone's matrix", matrix)] {
        match may {
            Told::Is((true, ground)) if disagree => {
                let says = format!("{whose} lets a {role} {WORDS}; it alone does, so that they may not");
                telling.because(says, ground);
            }
            Told::Is((true, ground)) => telling.because(format!("{whose} lets a {role} {WORDS}"), ground),
            Told::Is((false, ground)) => {
                telling.because(format!("{whose} does not let a {role} {WORDS}"), ground);
            }
            Told::Not(why) => telling.because(why.to_string(), Ground::Alma),
        }
    }
    telling.fact(FOR_NETWORK, may.map(Value::Bool));
}

fn told(telling: &mut Telling, fact: &'static str, may: May, says: impl Fn(bool) -> String) {
    match &may {
        Told::Is((may, ground)) => telling.because(says(*may), ground.clone()),
        Told::Not(why) => telling.because(why.to_string(), Ground::Alma),
    }
    telling.fact(fact, may.map(|(may, _)| Value::Bool(may)));
}
