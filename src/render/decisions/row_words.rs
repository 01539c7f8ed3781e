//! Words for the parts of a row: the collection, the libraries, and who changed the records last.

use std::collections::BTreeMap;

use super::value_words::{key_words, multiline_text};
use super::{DecisionVariant, FieldChangeContent, FoldedField, FoldedValue, VariantRecord, ZoneNames};
use crate::model::text_safety::escape_invisible;
use crate::model::{ApplyMode, ChangeAction, CollectionId, TableName};

/// Most different former values of a field beside its row.
pub const SHOWN_FORMER: usize = 6;

/// Returns the key of a variant's records, without empty parts; empty for a collection of one record.
pub fn key_text(variant: &DecisionVariant<'_>, names: &ZoneNames<'_>) -> String {
    let parts = variant.key.iter().map(|(_, value)| key_words(value, names));
    parts.filter(|part| !part.is_empty()).collect::<Vec<String>>().join("|")
}

/// Returns what happens to a record that apply and people leave as it is.
pub fn mode_words(mode: ApplyMode) -> Option<&'static str> {
    match mode {
        ApplyMode::Report => Some("only reported"),
        ApplyMode::Postponed => Some("left for a later apply"),
        ApplyMode::KeptTheirs => Some("left to the zone"),
        ApplyMode::Apply | ApplyMode::Manual => None,
    }
}

/// Returns the name of a collection. A table whose code is a number keeps its type.
pub fn collection_words(id: &CollectionId) -> String {
    let language = id.language.as_ref().map(|language| format!("[{language}]")).unwrap_or_default();
    let name = match &id.table {
        TableName::Code(code) if code.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{}/{code}", id.kind)
        }
        TableName::Code(_) | TableName::Title(_) | TableName::Whole => id.name(),
    };
    escape_invisible(&format!("{name}{language}"))
}

/// Returns the libraries of a variant's records with their numbers; empty without libraries.
pub fn library_words(variant: &DecisionVariant<'_>) -> String {
    let mut libraries: BTreeMap<&str, usize> = BTreeMap::new();
    for VariantRecord { change, .. } in &variant.records {
        if let Some(library) = &change.address.collection.library {
            *libraries.entry(library).or_default() += 1;
        }
    }
    let names: Vec<String> = match libraries.len() {
        0 => return String::new(),
        1 => libraries.keys().map(|name| escape_invisible(name)).collect(),
        _ => libraries.iter().map(|(name, number)| format!("{} ×{number}", escape_invisible(name))).collect(),
    };
    let word = if names.len() == 1 { "library" } else { "libraries" };
    format!("{word} {}", names.join(", "))
}

/// Returns the authors and dates of the last changes, each with the indices of its records.
pub fn author_words<'r, 'a: 'r>(
    records: impl IntoIterator<Item = &'r VariantRecord<'a>>,
) -> Vec<(String, Vec<usize>)> {
    let mut authors: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, VariantRecord { change, .. }) in records.into_iter().enumerate() {
        let date = change.update_date.as_deref().map(escape_invisible);
        let author = match (change.updated_by.as_deref().map(escape_invisible), date) {
            (Some(by), Some(date)) => format!("{by} on {date}"),
            (Some(by), None) => by,
            (None, Some(date)) => format!("on {date}"),
            (None, None) => continue,
        };
        match authors.iter_mut().find(|(known, _)| *known == author) {
            Some((_, indices)) => indices.push(index),
            None => authors.push((author, vec![index])),
        }
    }
    authors
}

/// Returns true for a field that each new record has.
pub fn is_usual_field(variant: &DecisionVariant<'_>, field: &FoldedField) -> bool {
    variant.action() == ChangeAction::Create
        && (field.is_default || matches!(&field.change, FieldChangeContent::Set(FoldedValue::Null)))
}

/// Returns true if the records have different values of a field before the change.
pub fn has_several_former(variant: &DecisionVariant<'_>, field: &FoldedField) -> bool {
    let is_edit = matches!(field.change, FieldChangeContent::Edit { .. });
    field.former.len() > 1 && !is_edit && variant.example.matches.is_none()
}

/// Returns true if a field needs several lines.
pub fn is_multiline(field: &FoldedField) -> bool {
    let has_lines = |value: &FoldedValue| multiline_text(value).is_some();
    match &field.change {
        FieldChangeContent::Set(value) => {
            has_lines(value) || field.former.iter().any(|(before, _)| has_lines(before))
        }
        FieldChangeContent::Removed(value) => has_lines(value),
        FieldChangeContent::Edit { .. } => false,
    }
}
