//! Data for the script of a page: cells, and the values referenced from cells by number.

use serde::Serialize;

use super::detail_level::DetailLevel;
use super::interned_changes::{CompactNumbers, InternedChanges, signs};
use super::interner::{InternedValue, Interner};
use super::plan_matrix::{self, CellState, PlanMatrix};
use crate::model::{CollectionChanges, Plan, PlanStep, ZoneFailure, ZonePlan};
use crate::render::runbook;

/// Embedded data of a page. `atoms[0]` is null; elsewhere the number 0 means empty.
#[derive(Debug, Serialize)]
pub struct PageData<'a> {
    /// Number of the page's detail level; 0 means complete.
    detail: u8,
    atoms: Vec<InternedValue<'a>>,
    places: Vec<[u32; 5]>,
    intents: Vec<Vec<CompactNumbers>>,
    changes: Vec<CompactNumbers>,
    sets: Vec<Vec<u32>>,
    #[serde(skip_serializing_if = "is_unnamed")]
    named: Vec<Vec<(u32, Vec<String>)>>,
    records: Vec<Vec<u32>>,
    extras: Vec<Vec<u32>>,
    facts: Vec<CellFacts>,
    columns: Vec<PageColumn>,
    zones: Vec<PageZone>,
    groups: Vec<String>,
    signs: Vec<[&'static str; 3]>,
    states: Vec<[&'static str; 2]>,
    words: DisplayTexts,
    environment: Option<&'a str>,
}

/// Matrix column: one collection.
#[derive(Debug, Serialize)]
struct PageColumn {
    name: u32,
    menu: u32,
}

/// Zone with its cells.
#[derive(Debug, Serialize)]
struct PageZone {
    code: u32,
    name: u32,
    group: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    digest: String,
    #[serde(skip_serializing_if = "is_zero")]
    hold: u32,
    #[serde(skip_serializing_if = "is_nothing")]
    failure: [u32; 2],
    /// Cells of the zone: column, change set, extras, facts.
    cells: Vec<[u32; 4]>,
}

/// Facts about a cell besides its changes. Many cells share the same facts.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
struct CellFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    existing: Option<usize>,
    #[serde(skip_serializing_if = "is_none")]
    unmanaged: usize,
    #[serde(skip_serializing_if = "is_none")]
    ignored: usize,
    #[serde(skip_serializing_if = "is_none")]
    attested: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    released: Vec<[u32; 2]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<u32>,
    #[serde(skip_serializing_if = "is_nothing")]
    failure: [u32; 2],
    #[serde(skip_serializing_if = "is_zero")]
    hold: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    channel: u32,
    #[serde(skip_serializing_if = "is_zero")]
    place: u32,
    #[serde(skip_serializing_if = "is_untouched")]
    tally: plan_matrix::CellCounts,
}

/// Texts for manual steps, in the wording of the runbook.
#[derive(Debug, Serialize)]
struct DisplayTexts {
    empty: &'static str,
    yes: &'static str,
    no: &'static str,
}

/// Returns true if the list contains only the empty set.
fn is_unnamed(named: &[Vec<(u32, Vec<String>)>]) -> bool {
    named.len() < 2
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

fn is_nothing(numbers: &[u32; 2]) -> bool {
    *numbers == [0, 0]
}

fn is_untouched(tally: &plan_matrix::CellCounts) -> bool {
    *tally == plan_matrix::CellCounts::default()
}

impl<'a> PageData<'a> {
    /// Returns the data of a page, or `None` if the data exceeds `limit` bytes.
    pub fn from_plan(
        plan: &'a Plan,
        matrix: &PlanMatrix<'a>,
        detail: DetailLevel,
        limit: usize,
    ) -> Option<Self> {
        let mut intents = InternedChanges::new(detail);
        let mut facts: Interner<CellFacts> = Interner::default();
        let mut menus = vec![0; matrix.columns.len()];
        let mut zones = Vec::new();
        for row in &matrix.rows {
            let mut cells = Vec::new();
            for step in &row.zone.collections {
                let Some(column) = matrix.columns.get(&step.diff.id) else { continue };
                if menus[*column] == 0 && !step.diff.shape.menu.is_empty() {
                    menus[*column] = intents.intern_text(&*step.diff.shape.menu);
                }
                let (set, extra) =
                    intents.set(step.diff.outcome.as_ref().map_or(&[], |found| &found.changes));
                let facts = facts.intern(CellFacts::from_plan(&mut intents, matrix, row.zone, step));
                cells.push([*column as u32, set, extra, facts]);
                if intents.weight > limit {
                    return None;
                }
            }
            zones.push(PageZone {
                code: intents.intern_text(row.code.as_str()),
                name: intents.intern_text(&*row.zone.name),
                group: row.group,
                letter: row.letter.clone(),
                digest: row.zone.digest.to_string(),
                hold: row.zone.deferral.as_ref().map_or(0, |hold| intents.intern_text(hold.to_string())),
                failure: row
                    .zone
                    .failure
                    .as_ref()
                    .map_or([0, 0], |failure| self::failure(&mut intents, failure)),
                cells,
            });
        }
        let columns = matrix.columns.keys().zip(menus);
        let columns =
            columns.map(|(id, menu)| PageColumn { name: intents.intern_text(id.to_string()), menu });
        Some(Self {
            detail: detail as u8,
            columns: columns.collect(),
            groups: plan.change_groups.iter().map(|group| group.digest.to_string()).collect(),
            signs: signs(),
            states: CellState::ALL.map(|state| [state.class(), state.description()]).to_vec(),
            words: DisplayTexts { empty: runbook::EMPTY, yes: runbook::YES, no: runbook::NO },
            environment: plan.environment.as_deref(),
            facts: facts.into_vec(),
            zones,
            atoms: intents.atoms.into_vec(),
            places: intents.places.into_vec(),
            intents: intents.intents.into_vec(),
            changes: intents.changes.into_vec(),
            sets: intents.sets.into_vec(),
            named: intents.named.into_vec(),
            records: intents.records.into_vec(),
            extras: intents.extras.into_vec(),
        })
    }
}

impl CellFacts {
    fn from_plan<'a>(
        intents: &mut InternedChanges<'a>,
        matrix: &PlanMatrix<'a>,
        zone: &'a ZonePlan,
        step: &'a PlanStep,
    ) -> Self {
        let found = step.diff.outcome.as_ref().ok();
        let count = |of: fn(&CollectionChanges) -> usize| found.map_or(0, of);
        let after = step.depends_on.iter().filter_map(|index| zone.collections.get(*index));
        let after = after.filter_map(|step| matrix.columns.get(&step.diff.id));
        let released = found.into_iter().flat_map(|found| &found.unmanaged);
        let notes = found.into_iter().flat_map(|found| &found.notes);
        Self {
            existing: found.map(|found| found.existing),
            unmanaged: count(|found| found.unlisted),
            ignored: count(|found| found.create_only_differences),
            attested: count(|found| found.attested),
            released: released
                .map(|released| [intents.place(&released.provenance), released.records as u32])
                .collect(),
            notes: notes.map(|note| intents.intern_text(note.as_str())).collect(),
            failure: step
                .diff
                .outcome
                .as_ref()
                .err()
                .map_or([0, 0], |failure| self::failure(intents, failure)),
            hold: step.deferral.as_ref().map_or(0, |hold| intents.intern_text(hold.to_string())),
            after: after.map(|column| *column as u32).collect(),
            channel: step.channel as u32,
            place: intents.place(&step.diff.provenance),
            tally: plan_matrix::tally(step),
        }
    }
}

/// Returns the numbers of a failure's message and help.
fn failure<'a>(intents: &mut InternedChanges<'a>, failure: &'a ZoneFailure) -> [u32; 2] {
    [intents.intern_text(failure.to_string()), intents.perhaps(failure.help.as_deref())]
}
