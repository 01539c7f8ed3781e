//! The way back of shared blocks: definitions of the type of copied blocks, with their descriptions.

use serde_json::json;

use super::BlockSharingSpec;
use crate::export::{ExportRow, FieldTerm, RowValues, TableRows, recognize_variables};
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{
    ObservedSettings, ZoneRecord, by_zone_sets, flag, items, manifest, numbered, object, term_json, text,
};
use crate::manifest::write_yaml::ManifestText;
use crate::model::alma_codes::{BlockedAction, COPIED_BLOCK, block_definitions, block_descriptions};
use crate::model::{CollectionId, FieldName, FieldValue, ObservedCollection, ObservedRecord, RecordKey};

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let (Some(descriptions), Some(definitions)) =
        (settings.collections.get(&block_descriptions()), settings.collections.get(&block_definitions()))
    else {
        return Vec::new();
    };
    let mut table = TableRows::default();
    for zone in settings.members().zones() {
        let (Some(descriptions), Some(definitions)) = (descriptions.get(&zone), definitions.get(&zone))
        else {
            continue;
        };
        table.zones.insert(zone);
        for record in &definitions.records {
            if let Ok(Some((id, values))) = block(record, definitions, descriptions) {
                let row = ExportRow { values, ..ExportRow::default() };
                table.rows.entry(RecordKey(vec![id.into()])).or_default().insert(zone, row);
            }
        }
    }
    recognize_variables(&mut table, settings.network);
    let manifests = by_zone_sets(&table).into_iter().enumerate().map(|(index, (zones, blocks))| {
        let mut spec: Vec<_> = settings.applies_to(&zones).into_iter().collect();
        let blocks = blocks.iter().map(|(key, values)| {
            let term = |field: &str| values.get(field).map(term_json);
            object([
                ("direction", term("direction")),
                ("id", key.0.first().map(|id| json!(id))),
                ("description", Some(object([("code", term("code")), ("text", term("text"))]))),
                ("overridable", term("overridable")),
                ("blockedAction", term("blockedAction")),
            ])
        });
        spec.push(("blocks", items(blocks)));
        manifest(BlockSharingSpec::NAME, numbered("block-sharing", index), spec)
    });
    manifests.collect()
}

/// Returns the ID and the fields of a copied block; `None` for any other block.
///
/// # Errors
/// Returns the reason why no manifest can declare the block.
fn block(
    record: &ObservedRecord,
    definitions: &ObservedCollection,
    descriptions: &ObservedCollection,
) -> Result<Option<(String, RowValues)>, &'static str> {
    let column = |name: &str| definitions.aliases.get(name).cloned().unwrap_or_else(|| FieldName::from(name));
    let cell = |name: &str| text(record, &column(name));
    if cell("Type") != Some(COPIED_BLOCK) {
        return Ok(None);
    }
    let undescribed = "its description is not in the table of descriptions";
    let code = cell("Description").ok_or(undescribed)?;
    let is_code = |row: &&ObservedRecord| text(row, "code") == Some(code);
    let described = descriptions.records.iter().find(is_code).ok_or(undescribed)?;
    if flag(record, "enabled") != Some(true) || flag(described, "enabled") != Some(true) {
        return Err("the kind would enable the block or its description");
    }
    // The direction sets the flag, so that both always agree.
    let direction = match cell("Network Block") {
        Some("true") => "target",
        Some("false") => "source",
        Some(_) | None => return Err("`Network Block` is neither true nor false"),
    };
    let action = cell("Blocked Action").and_then(BlockedAction::from_word);
    let action = action.ok_or("the blocked action is unknown")?;
    let overridable = cell("Overridable").ok_or("`Overridable` is empty")?;
    let mut values = vec![
        ("direction", direction),
        ("code", code),
        ("text", text(described, "description").ok_or("its description is empty")?),
        ("blockedAction", action.as_str()),
    ];
    if overridable != "ALL" {
        values.push(("overridable", overridable));
    }
    let values =
        values.into_iter().map(|(field, text)| (field.into(), FieldTerm::Value(FieldValue::from(text))));
    Ok(Some((cell("ID").ok_or("the block has no ID")?.to_owned(), values.collect())))
}

/// Returns the reason why no manifest declares a copied block.
pub(super) fn explain_omission(settings: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    if *record.collection != block_definitions() {
        return None;
    }
    let table = |id: CollectionId| settings.collections.get(&id)?.get(&record.zone).copied();
    let (definitions, descriptions) = (table(block_definitions())?, table(block_descriptions())?);
    block(record.record, definitions, descriptions).err().map(str::to_owned)
}
