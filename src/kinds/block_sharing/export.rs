//! The way back of shared blocks: definitions of the type of copied blocks, with their descriptions.

use serde_json::json;

use super::BlockSharingSpec;
use crate::export::{ExportRow, FieldTerm, RowValues, TableRows, recognize_variables};
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{
    ObservedSettings, by_zone_sets, flag, items, manifest, numbered, object, term_json, text,
};
use crate::manifest::write_yaml::ManifestText;
use crate::model::alma_codes::{BlockedAction, COPIED_BLOCK, block_definitions, block_descriptions};
use crate::model::{FieldName, FieldValue, ObservedCollection, ObservedRecord, RecordKey};

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
            if let Some((id, values)) = block(record, definitions, descriptions) {
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

/// Returns the ID and the fields of a copied block that the kind can declare.
fn block(
    record: &ObservedRecord,
    definitions: &ObservedCollection,
    descriptions: &ObservedCollection,
) -> Option<(String, RowValues)> {
    let column = |name: &str| definitions.aliases.get(name).cloned().unwrap_or_else(|| FieldName::from(name));
    let cell = |name: &str| text(record, &column(name));
    let code = cell("Description")?;
    let described = descriptions.records.iter().find(|row| text(row, "code") == Some(code))?;
    let is_enabled = flag(record, "enabled") == Some(true) && flag(described, "enabled") == Some(true);
    if cell("Type") != Some(COPIED_BLOCK) || !is_enabled {
        return None;
    }
    // The direction sets the flag, so that both always agree.
    let direction = match cell("Network Block")? {
        "true" => "target",
        "false" => "source",
        _ => return None,
    };
    let action = BlockedAction::from_word(cell("Blocked Action")?)?;
    let overridable = cell("Overridable")?;
    let mut values = vec![
        ("direction", direction),
        ("code", code),
        ("text", text(described, "description")?),
        ("blockedAction", action.as_str()),
    ];
    if overridable != "ALL" {
        values.push(("overridable", overridable));
    }
    let values =
        values.into_iter().map(|(field, text)| (field.into(), FieldTerm::Value(FieldValue::from(text))));
    Some((cell("ID")?.to_owned(), values.collect()))
}
