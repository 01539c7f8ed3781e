//! Matrix of zones and collections, with a class, a sign and a text for each cell state.

use std::collections::BTreeMap;

use super::html_writer::HtmlWriter;
use crate::model::{
    ApplyMode, ChangeAction, ChangeGroupState, CollectionChanges, CollectionId, Plan, PlanStep, ZoneCode,
    ZonePlan,
};
use crate::render::text::letter;

/// Cell state, which selects the color. If several states apply, the first one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellState {
    /// Failed collection that cannot be planned.
    Blocked,
    /// Unreadable zone.
    Unknown,
    /// Deferred changes.
    Held,
    /// Changes that apply makes.
    Differs,
    /// Manual changes.
    ByHand,
    /// Differences that are reported, postponed or kept.
    Reported,
    /// Observed state equal to desired state.
    InSync,
    /// Collection without desired state in the zone.
    Unwanted,
}

impl CellState {
    /// All states, severest first.
    pub const ALL: [Self; 8] = [
        Self::Blocked,
        Self::Unknown,
        Self::Held,
        Self::Differs,
        Self::ByHand,
        Self::Reported,
        Self::InSync,
        Self::Unwanted,
    ];

    /// Returns the CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Blocked => "b",
            Self::Unknown => "u",
            Self::Held => "w",
            Self::Differs => "d",
            Self::ByHand => "h",
            Self::Reported => "r",
            Self::InSync => "i",
            Self::Unwanted => "n",
        }
    }

    /// Returns the sign of a cell, which precedes any numbers.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Blocked => "!",
            Self::Unknown => "?",
            Self::Held => "‖",
            Self::Differs | Self::ByHand | Self::Reported => "",
            Self::InSync => "✓",
            Self::Unwanted => "",
        }
    }

    /// Returns the description.
    pub fn description(self) -> &'static str {
        match self {
            Self::Blocked => "cannot be planned",
            Self::Unknown => "zone could not be asked",
            Self::Held => "differs, and waits",
            Self::Differs => "differs",
            Self::ByHand => "to be done by hand",
            Self::Reported => "differs, left alone",
            Self::InSync => "in sync",
            Self::Unwanted => "not managed there",
        }
    }
}

/// Numbers of changed records of a cell, in the order of [`SIGNS`].
pub type CellCounts = [usize; 5];

/// Sign for each number of [`CellCounts`].
pub const SIGNS: [&str; 5] = ["+", "~", "−", ">", "."];

/// Rows and columns of the matrix.
#[derive(Debug)]
pub struct PlanMatrix<'a> {
    /// Zones in the order of change groups, zones with changes first.
    pub rows: Vec<MatrixRow<'a>>,
    /// Column number of each collection.
    pub columns: BTreeMap<&'a CollectionId, usize>,
}

/// Matrix row: one zone.
#[derive(Debug)]
pub struct MatrixRow<'a> {
    /// Zone code.
    pub code: &'a ZoneCode,
    /// Plan of the zone.
    pub zone: &'a ZonePlan,
    /// Index of the change group.
    pub group: usize,
    /// Letter of the change group, if the group contains changes.
    pub letter: Option<String>,
}

impl<'a> PlanMatrix<'a> {
    /// Returns the matrix of a plan.
    pub fn from_plan(plan: &'a Plan) -> Self {
        let mut rows = Vec::new();
        let mut changing = 0;
        for (index, group) in plan.change_groups.iter().enumerate() {
            let letter = match group.state {
                ChangeGroupState::Changes => Some(letter(changing)),
                ChangeGroupState::InSync | ChangeGroupState::Unknown => None,
            };
            changing += usize::from(letter.is_some());
            for code in &group.zones {
                if let Some(zone) = plan.zones.get(code) {
                    rows.push(MatrixRow { code, zone, group: index, letter: letter.clone() });
                }
            }
        }
        let steps = plan.zones.values().flat_map(|zone| &zone.collections);
        let mut columns: BTreeMap<&CollectionId, usize> = steps.map(|step| (&step.diff.id, 0)).collect();
        columns.values_mut().enumerate().for_each(|(index, column)| *column = index);
        Self { rows, columns }
    }

    /// Writes the table, readable without the script.
    pub fn table(&self, out: &mut HtmlWriter) {
        out.raw(if self.columns.len() > 6 { "<table id=matrix class=many>" } else { "<table id=matrix>" });
        out.raw("<caption>Zones and collections. Each cell opens what changes there.</caption><thead><tr>");
        out.raw("<th rowspan=2 scope=col class=corner>Zone");
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for id in self.columns.keys() {
            match kinds.last_mut() {
                Some((kind, number)) if *kind == &*id.kind => *number += 1,
                Some(_) | None => kinds.push((&id.kind, 1)),
            }
        }
        for (kind, number) in kinds {
            // A collection without siblings already has the name of its kind.
            match number == 1 && self.columns.contains_key(&CollectionId::of_institution(kind)) {
                true => out.raw("<td class=kind>"),
                false => out
                    .raw("<th scope=colgroup class=kind colspan=")
                    .text(number)
                    .raw(" title=\"")
                    .text(kind)
                    .raw("\"><span>")
                    .text(kind)
                    .raw("</span>"),
            };
        }
        out.raw("<tr>");
        for id in self.columns.keys() {
            out.raw("<th scope=col class=name title=\"").text(id).raw("\"><span>").text(within_kind(id));
            out.raw("</span>");
        }
        out.raw("</thead><tbody>\n");
        for row in &self.rows {
            let mut cells = vec!["<td class=n>"; self.columns.len()];
            let mut steps: Vec<Option<&PlanStep>> = vec![None; self.columns.len()];
            for step in &row.zone.collections {
                if let Some(column) = self.columns.get(&step.diff.id) {
                    cells[*column] = cell_start_tag(state(row.zone, step));
                    steps[*column] = Some(step);
                }
            }
            head(out, row);
            for (opening, step) in cells.into_iter().zip(steps) {
                out.raw(opening);
                if let Some(step) = step {
                    content(out, state(row.zone, step), tally(step));
                }
            }
            out.raw("\n");
        }
        out.raw("</table>\n");
    }

    /// Writes only the zones, for a plan with too many collections.
    pub fn zones(&self, out: &mut HtmlWriter) {
        out.raw("<table id=zones><thead><tr><th scope=col>Zone<th scope=col>Records</thead><tbody>\n");
        for row in &self.rows {
            let mut tally = CellCounts::default();
            let mut worst = CellState::Unwanted;
            for step in &row.zone.collections {
                tally.iter_mut().zip(self::tally(step)).for_each(|(sum, number)| *sum += number);
                worst = worst.min(state(row.zone, step));
            }
            head(out, row);
            out.raw(cell_start_tag(worst));
            content(out, worst, tally);
            out.raw("\n");
        }
        out.raw("</table>\n");
    }
}

fn head(out: &mut HtmlWriter, row: &MatrixRow<'_>) {
    out.raw("<tr><th scope=row><b>").text(row.code).raw("</b>");
    if let Some(letter) = &row.letter {
        out.raw("<i>").text(letter).raw("</i>");
    }
    out.raw("<span>").text(&row.zone.name).raw("</span>");
}

fn cell_start_tag(state: CellState) -> &'static str {
    match state {
        CellState::Blocked => "<td class=b>",
        CellState::Unknown => "<td class=u>",
        CellState::Held => "<td class=w>",
        CellState::Differs => "<td class=d>",
        CellState::ByHand => "<td class=h>",
        CellState::Reported => "<td class=r>",
        CellState::InSync => "<td class=i>",
        CellState::Unwanted => "<td class=n>",
    }
}

/// Writes the content of a cell: `‖ +2 ~1`.
fn content(out: &mut HtmlWriter, state: CellState, tally: CellCounts) {
    out.raw(state.sign());
    let mut first = state.sign().is_empty();
    for (sign, number) in SIGNS.into_iter().zip(tally).filter(|(_, number)| *number > 0) {
        out.raw(if first { "" } else { " " }).raw(sign).text(number);
        first = false;
    }
}

/// Returns the cell state of a step.
fn state(zone: &ZonePlan, step: &PlanStep) -> CellState {
    match &step.diff.outcome {
        Err(failure) if failure.class.whole_zone() => CellState::Unknown,
        Err(_) => CellState::Blocked,
        Ok(found)
            if step.diff.has_work() && zone.deferral_of_step(step).is_some() && !found.changes.is_empty() =>
        {
            CellState::Held
        }
        Ok(found) => {
            let has = |mode| found.changes.iter().any(|change| change.mode == mode);
            match (
                has(ApplyMode::Apply),
                has(ApplyMode::Manual),
                has(ApplyMode::Report) || has(ApplyMode::Postponed) || has(ApplyMode::KeptTheirs),
            ) {
                (true, _, _) => CellState::Differs,
                (false, true, _) => CellState::ByHand,
                (false, false, true) => CellState::Reported,
                (false, false, false) => CellState::InSync,
            }
        }
    }
}

/// Returns the numbers of changed records of a step.
pub fn tally(step: &PlanStep) -> CellCounts {
    let mut tally = CellCounts::default();
    for change in step.diff.outcome.iter().flat_map(|CollectionChanges { changes, .. }| changes) {
        let index = match (change.mode, change.action) {
            (ApplyMode::Apply, ChangeAction::Create) => 0,
            (ApplyMode::Apply, ChangeAction::Update) => 1,
            (ApplyMode::Apply, ChangeAction::Delete) => 2,
            (ApplyMode::Manual, _) => 3,
            (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => 4,
        };
        tally[index] += 1;
    }
    tally
}

/// Returns a collection name without its kind: `UserGroups[language=fr]`.
pub fn within_kind(id: &CollectionId) -> String {
    let name = id.to_string();
    match name.strip_prefix(&*id.kind) {
        Some("") | None => name,
        Some(rest) => rest.strip_prefix('/').unwrap_or(rest).to_owned(),
    }
}
