//! Manifests of the tables that were read, with their likely mistakes.

use std::collections::BTreeMap;

use super::claimed_rows::ClaimsByTable;
use super::file_names::{folder, kebab_case};
use super::table_remarks::TableRemarks;
use super::{ExportDraft, ExportLayout};
use crate::export::{FieldTerm, RowOutlier, RowValues, SelectorFinder, SelectorTerms, ZoneSet};
use crate::kinds::{ExportedTable, UndeclarableTable, export_table};
use crate::model::network::Zone;
use crate::model::{CollectionId, Network, ObservedCollection, ObservedState};
use crate::render::json::export::{
    ExportJson, ExportOutlier, ExportOutlierZone, OmittedCollection, OutlierValue, ProposedLabel,
};

/// Answers of the zones for a table, by the index of the zone.
type TableAnswers<'o> = BTreeMap<usize, &'o ObservedCollection>;

/// Returns the files of a table.
pub(super) fn draft_files(
    id: &CollectionId,
    names: &BTreeMap<CollectionId, String>,
    layout: ExportLayout,
    zones: &[&Zone],
) -> Vec<String> {
    let Some(name) = names.get(id) else { return Vec::new() };
    let path = format!("{}/{name}.yaml", folder(&id.kind));
    match layout {
        ExportLayout::Factored => vec![path],
        ExportLayout::AsIs => {
            zones.iter().map(|zone| format!("{}/{path}", kebab_case(zone.code.as_str()))).collect()
        }
    }
}

/// Makes the manifests of all tables that were read.
pub(super) fn draft_tables(
    observed: &ObservedState,
    names: &BTreeMap<CollectionId, String>,
    (claims, remarks): (&ClaimsByTable, &TableRemarks),
    network: &Network,
    layout: ExportLayout,
    report: &mut ExportJson,
) -> Vec<ExportDraft> {
    let mut tables: BTreeMap<&CollectionId, TableAnswers<'_>> = BTreeMap::new();
    for (index, zone) in network.zones.iter().enumerate() {
        let Some(answers) = observed.zones.get(&zone.code) else { continue };
        for (id, answer) in &answers.collections {
            // The zone's own language is another manifest.
            let own = answers.collections.get(&id.without_language()).and_then(|own| own.as_ref().ok());
            let is_own_language =
                id.language.is_some() && own.is_some_and(|own| own.id.language == id.language);
            if let Ok(found) = answer
                && !found.witness.is_people()
                && !is_own_language
            {
                tables.entry(id).or_default().insert(index, found);
            }
        }
    }
    let mut drafts = Vec::new();
    let mut together: BTreeMap<ZoneSet, (usize, usize)> = BTreeMap::new();
    for (id, answers) in tables {
        let Some(name) = names.get(id) else { continue };
        let parts: Vec<(String, TableAnswers<'_>)> = match layout {
            ExportLayout::Factored => vec![(name.clone(), answers)],
            ExportLayout::AsIs => (answers.into_iter())
                .map(|(zone, found)| {
                    let code = kebab_case(network.zones[zone].code.as_str());
                    (format!("{code}-{name}"), BTreeMap::from([(zone, found)]))
                })
                .collect(),
        };
        for (manifest_name, answers) in parts {
            let zones: Vec<&Zone> = answers.keys().map(|zone| &network.zones[*zone]).collect();
            match export_table(id, &manifest_name, &answers, claims.get(id), network) {
                Ok(mut table) => {
                    table.manifest.comments.extend(remarks.of_table(id, answers.values().copied()));
                    for (set, rows) in table.override_zones.iter().filter(|(set, _)| set.len() > 2) {
                        let (all_rows, files) = together.entry(set.clone()).or_default();
                        *all_rows += rows;
                        *files += 1;
                    }
                    report.outliers.extend(
                        table.outliers.iter().map(|(found, text)| outlier_json(id, found, text, network)),
                    );
                    drafts.extend(draft(id, table, &answers, names, layout, &zones));
                }
                // Other manifests declare all rows.
                Err(UndeclarableTable::NoRows) if claims.contains_key(id) => {}
                Err(reason) => report.left_out.push(OmittedCollection {
                    collection: id.clone(),
                    zones: zones.iter().map(|zone| zone.code.clone()).collect(),
                    reason: reason.to_string(),
                    failed: reason != UndeclarableTable::NoRows,
                }),
            }
        }
    }
    report.proposed_labels = proposed_labels(together, network);
    drafts
}

fn draft(
    id: &CollectionId,
    table: ExportedTable,
    answers: &TableAnswers<'_>,
    names: &BTreeMap<CollectionId, String>,
    layout: ExportLayout,
    zones: &[&Zone],
) -> Option<ExportDraft> {
    let file = draft_files(id, names, layout, zones).pop()?;
    let codes = zones.iter().map(|zone| zone.code.clone()).collect();
    Some(ExportDraft {
        file,
        manifests: vec![table.manifest],
        kind: None,
        declares: BTreeMap::from([(id.clone(), codes)]),
        zones: zones.len(),
        rows: table.rows,
        overrides: table.overrides,
        observed_rows: answers.values().map(|found| found.records.len()).sum(),
    })
}

/// Smallest number of rows in which zones differ together, for a proposal.
const PROPOSED_ROWS: usize = 5;

/// Longest list of exceptions that needs no label.
const SHORT_EXCEPT: usize = 2;

/// Returns true for a selector that lists zones, as a label would not.
fn names_zones(terms: &SelectorTerms) -> bool {
    !terms.only.is_empty() || terms.except.len() > SHORT_EXCEPT
}

fn proposed_labels(together: BTreeMap<ZoneSet, (usize, usize)>, network: &Network) -> Vec<ProposedLabel> {
    let mut finder = SelectorFinder::of_manifests(network);
    let mut proposed: Vec<ProposedLabel> = (together.into_iter())
        .filter(|(set, (rows, _))| *rows >= PROPOSED_ROWS && names_zones(&finder.find(set).terms))
        .map(|(set, (rows, files))| ProposedLabel {
            zones: set.zones().map(|zone| network.zones[zone].code.clone()).collect(),
            rows,
            files,
        })
        .collect();
    proposed.sort_by_key(|proposal| std::cmp::Reverse(proposal.rows));
    proposed
}

fn outlier_json(id: &CollectionId, outlier: &RowOutlier, text: &str, network: &Network) -> ExportOutlier {
    let fields = |values: &RowValues| -> BTreeMap<String, OutlierValue> {
        let value = |term: &FieldTerm| match term {
            FieldTerm::Value(value) => OutlierValue::Value(value.clone()),
            FieldTerm::Variable(name) => OutlierValue::Variable { var: name.to_string() },
        };
        values.iter().map(|(field, term)| (field.to_string(), value(term))).collect()
    };
    let zones = outlier.zones.iter().map(|found| ExportOutlierZone {
        zone: network.zones[found.zone].code.clone(),
        updated_by: found.updated_by.clone(),
        update_date: found.update_date.clone(),
    });
    ExportOutlier {
        collection: id.clone(),
        key: outlier.key.clone(),
        zones: zones.collect(),
        found: outlier.found.as_ref().map(fields),
        usual: outlier.usual.as_ref().map(fields),
        usual_zones: outlier.usual_zones,
        similar_key: outlier.similar_key.clone(),
        text: text.to_owned(),
    }
}
