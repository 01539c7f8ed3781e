//! Effective settings of a zone as YAML, with the location of each value as a comment.

use std::fmt::Write as _;

use super::json::effective::{
    EffectiveAmendmentJson, EffectiveCollectionJson, EffectiveFieldJson, EffectiveRecordJson,
    EffectiveZoneJson,
};
use super::serialized_name::serialized_name;
use crate::model::text_safety::escape_invisible;
use crate::model::{Enforcement, FieldValue, Provenance};

/// Comments in the YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectiveComments {
    /// Location of each record, of each value declared elsewhere, and of what it replaced.
    Locations,
    /// None, so that moved rows are no difference.
    None,
}

/// Returns the settings of a zone as YAML: one item for each collection and manifest.
pub fn effective_yaml(zone: &EffectiveZoneJson, comments: EffectiveComments) -> String {
    let mut writer = EffectiveWriter { text: String::new(), comments };
    let environment =
        zone.environment.as_deref().map(|name| format!(", environment {name}")).unwrap_or_default();
    writer.comment(
        0,
        &format!("{}, {}: what the manifests of {}{environment} declare", zone.zone, zone.name, zone.network),
    );
    if zone.collections.is_empty() {
        writer.text.push_str("[]\n");
    }
    for collection in &zone.collections {
        writer.collection(collection);
    }
    writer.text
}

struct EffectiveWriter {
    text: String,
    comments: EffectiveComments,
}

impl EffectiveWriter {
    fn line(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{}{line}", " ".repeat(indent));
    }

    fn comment(&mut self, indent: usize, comment: &str) {
        self.line(indent, &format!("# {}", escape_invisible(comment)));
    }

    fn collection(&mut self, collection: &EffectiveCollectionJson) {
        self.line(0, &format!("- collection: {}", scalar(&collection.collection)));
        self.line(2, &format!("manifest: {}", scalar(&collection.manifest)));
        self.line(2, &format!("unlisted: {}", serialized_name(&collection.unlisted)));
        if !collection.unlisted_except.is_empty() {
            let patterns: Vec<String> = collection.unlisted_except.iter().map(|text| scalar(text)).collect();
            self.line(2, &format!("unlisted_except: [{}]", patterns.join(", ")));
        }
        if collection.enforcement != Enforcement::default() {
            self.line(2, &format!("enforcement: {}", serialized_name(&collection.enforcement)));
        }
        if !collection.records.is_empty() {
            self.line(2, "records:");
        }
        for record in &collection.records {
            self.record(record, collection.enforcement);
        }
        if !collection.amendments.is_empty() {
            self.line(2, "amendments:");
        }
        for amendment in &collection.amendments {
            self.amendment(amendment);
        }
    }

    fn record(&mut self, record: &EffectiveRecordJson, enforcement: Enforcement) {
        if self.comments == EffectiveComments::Locations {
            self.comment(4, &record.declared_at.to_string());
        }
        let mut lines: Vec<String> = Vec::new();
        for field in &record.fields {
            let comment = self.field_comment(field, record);
            lines.push(format!("{}: {}{comment}", scalar(&field.name), value(&field.value)));
        }
        if record.absent {
            lines.push("absent: true".to_owned());
        }
        if record.enforcement != enforcement {
            lines.push(format!("enforcement: {}", serialized_name(&record.enforcement)));
        }
        if lines.is_empty() {
            lines.push(format!("address: {}", scalar(&record.address)));
        }
        for (index, line) in lines.iter().enumerate() {
            self.line(4, &format!("{}{line}", if index == 0 { "- " } else { "  " }));
        }
    }

    /// Returns a comment for a value that the row of the record does not declare, or that replaced another.
    fn field_comment(&self, field: &EffectiveFieldJson, record: &EffectiveRecordJson) -> String {
        let place = |provenance: &Provenance| (provenance.span.file.clone(), provenance.override_index);
        let is_own = place(&field.declared_at) == place(&record.declared_at) && field.replaced.is_empty();
        if self.comments == EffectiveComments::None || is_own {
            return String::new();
        }
        let replaced: String = field
            .replaced
            .iter()
            .map(|layer| format!(", instead of {} ({})", value(&layer.value), layer.declared_at))
            .collect();
        format!("  # {}", escape_invisible(&format!("{}{replaced}", field.declared_at)))
    }

    fn amendment(&mut self, amendment: &EffectiveAmendmentJson) {
        if self.comments == EffectiveComments::Locations {
            self.comment(4, &amendment.declared_at.to_string());
        }
        let select: Vec<String> = amendment
            .select
            .iter()
            .map(|(name, found)| format!("{}: {}", scalar(name), value(found)))
            .collect();
        self.line(4, &format!("- select: {{{}}}", select.join(", ")));
        self.line(6, &format!("field: {}", scalar(&amendment.field)));
        self.line(6, &format!("operation: {}", amendment.operation));
        self.line(6, &format!("value: {}", value(&amendment.value)));
    }
}

fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => "null".to_owned(),
        FieldValue::Bool(flag) => flag.to_string(),
        FieldValue::Text(text) => scalar(text),
        FieldValue::List(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        }
    }
}

/// Returns a text as a YAML scalar on one line.
fn scalar(text: &str) -> String {
    match serde_saphyr::to_string(&text) {
        Ok(plain) if escape_invisible(text) == text && !plain.trim_end().contains('\n') => {
            plain.trim_end().to_owned()
        }
        Ok(_) | Err(_) => quoted(text),
    }
}

/// Returns a text in double quotes, with escapes for characters that nobody sees.
fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        let is_plain = escape_invisible(c.encode_utf8(&mut [0; 4])) == c.to_string();
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_plain => out.push(c),
            // Writing to a String cannot fail.
            c => drop(write!(out, "\\U{:08X}", u32::from(c))),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_scalars_that_mean_the_same() {
        for text in [
            "plain",
            "NO",
            "a: b",
            "# x",
            "",
            " a ",
            "it's",
            "1",
            "a\nb",
            "x\u{202e}y",
            "\"q\" \\",
            "- a",
            "ü",
        ] {
            let yaml = format!("value: {}\nlist: [{}]\n", scalar(text), quoted(text));
            let read: std::collections::BTreeMap<String, serde_json::Value> =
                serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
            assert_eq!(read["value"], text, "{yaml}");
            assert_eq!(read["list"][0], text, "{yaml}");
            assert_eq!(yaml.lines().count(), 2, "{yaml}");
            assert!(!yaml.contains('\u{202e}'));
        }
    }
}
