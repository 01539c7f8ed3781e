//! The way back of letters: one manifest for the zones with the same letter.

use std::collections::BTreeMap;

use serde_json::json;

use super::LetterSpec;
use crate::export::ZoneSet;
use crate::kinds::KindSpec as _;
use crate::kinds::stylesheet::{self, StylesheetError};
use crate::kinds::way_back::{
    ObservedSettings, ZoneRecord, distribution_comment, flag, kebab_case, manifest, numbered, text,
};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::{ObservedRecord, TableName};

/// Zones with the same stylesheet and the same sending.
#[derive(Default)]
struct EqualLetters {
    zones: ZoneSet,
    distributed: usize,
}

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut manifests = Vec::new();
    for (id, answers) in settings.of_type(LetterSpec::NAME) {
        let TableName::Code(code) = &id.table else { continue };
        let mut forms: BTreeMap<(&str, Option<bool>), EqualLetters> = BTreeMap::new();
        for (zone, observed) in answers {
            let Some(letter) = observed.records.first().filter(|letter| problem(letter).is_none()) else {
                continue;
            };
            let Some(xsl) = text(letter, "xsl") else { continue };
            let equal = forms.entry((xsl, flag(letter, "enabled"))).or_default();
            equal.zones.insert(*zone);
            equal.distributed += usize::from(letter.is_distributed());
        }
        let mut forms: Vec<_> = forms.into_iter().collect();
        forms.sort_by_key(|(_, equal)| std::cmp::Reverse(equal.zones.len()));
        for (index, ((xsl, enabled), equal)) in forms.into_iter().enumerate() {
            let mut spec: Vec<(&'static str, YamlPart)> =
                settings.applies_to(&equal.zones).into_iter().collect();
            spec.push(("letter", YamlPart::Value(json!(code))));
            spec.extend(enabled.map(|enabled| ("enabled", YamlPart::Value(json!(enabled)))));
            // The end of the text tells a block from a text on one line.
            spec.push(("xsl", YamlPart::Value(json!(format!("{xsl}\n")))));
            let mut manifest = manifest(LetterSpec::NAME, numbered(&kebab_case(code), index), spec);
            if equal.distributed > 0 {
                let letter = format!("this letter, in {} of {} zones", equal.distributed, equal.zones.len());
                manifest.comments.push(distribution_comment(&letter));
            }
            manifests.push(manifest);
        }
    }
    manifests
}

/// Returns the reason why no manifest can declare a letter.
pub(super) fn explain_omission(_: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    problem(record.record)
}

fn problem(letter: &ObservedRecord) -> Option<String> {
    let Some(xsl) = text(letter, "xsl") else { return Some("the zone returned no stylesheet".to_owned()) };
    match stylesheet::problem(xsl)? {
        StylesheetError::NotXml(what) => Some(what),
        // A manifest may contain it, with a warning.
        StylesheetError::NotXsl(_) => None,
    }
}
