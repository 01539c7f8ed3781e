//! Finds contradictions in ordered rules: fields both declared and amended, and duplicate positions.

use std::collections::BTreeMap;

use super::ManifestConflicts;
use crate::manifest::diagnostic_codes;
use crate::model::{
    Amendment, AmendmentOperation, DesiredCollection, DesiredRecord, Enforcement, FieldAmendment, FieldName,
    FieldValue, RecordKey, ZoneCode,
};

impl<'a> ManifestConflicts<'a> {
    /// Finds amendments that contradict the declared field of a record.
    pub(super) fn check_amended_fields(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        for (by, amendment, amend, value) in amendments(collections) {
            if amendment.enforcement == Enforcement::Unmanage || !self.is_certain(by) {
                continue;
            }
            let means = |record: &DesiredRecord| {
                let said = |field: &FieldName| record.fields.get(field).map(|said| &said.value);
                amendment.select.iter().all(|(field, value)| said(field) == Some(value))
            };
            for (key, record) in collections.iter().flat_map(|collection| &collection.records) {
                let Some(said) = record.fields.get(&amend.field).filter(|said| said.value != *value) else {
                    continue;
                };
                if record.absent
                    || record.enforcement == Enforcement::Unmanage
                    || self.doubts_field(record, &amend.field)
                    || !means(record)
                {
                    continue;
                }
                let (one, other) = (&said.provenance, &amend.provenance);
                self.add(zone, diagnostic_codes::AMENDED_OTHERWISE, [&one.span, &other.span], || {
                    let FieldAmendment { field, .. } = amend;
                    let message = format!(
                        "`{}/{key}` has `{field}` {} in `{}`, but {value} in `{}`",
                        by.id, said.value, one.manifest, other.manifest
                    );
                    let help = "remove one of the values, or use the same value in both";
                    (message, "other declaration", help.to_owned())
                });
            }
        }
    }

    /// Finds duplicate rule positions. Each manifest numbers its rules from 1, and Alma applies rules by
    /// position.
    pub(super) fn positions(&mut self, zone: &'a ZoneCode, collections: &[&'a DesiredCollection]) {
        let mut seen: BTreeMap<&FieldValue, (&RecordKey, &DesiredRecord)> = BTreeMap::new();
        let ordered = collections.iter().filter(|collection| &*collection.id.kind == "LinkedAccountRules");
        for (key, record) in ordered.flat_map(|collection| &collection.records) {
            let Some(position) = record.fields.get("position") else { continue };
            let Some((first_key, first)) = seen.insert(&position.value, (key, record)) else { continue };
            let places = [&first.provenance.span, &record.provenance.span];
            if first_key == key {
                continue;
            }
            self.add(zone, diagnostic_codes::RULE_POSITION, places, || {
                let message = format!(
                    "`{first_key}` and `{key}` both have rule position {}",
                    position.value.as_text().unwrap_or_default()
                );
                let help = "put all rules of a member into one manifest; use `appliesTo` of a rule to select \
                     members";
                (message, "other rule", help.to_owned())
            });
        }
    }
}

/// Returns every amendment that sets a field, with its collection.
fn amendments<'a>(
    collections: &[&'a DesiredCollection],
) -> Vec<(&'a DesiredCollection, &'a Amendment, &'a FieldAmendment, &'a FieldValue)> {
    let mut found = Vec::new();
    for &collection in collections {
        for amendment in &collection.amendments {
            for amend in &amendment.amends {
                match &amend.to {
                    AmendmentOperation::Set(value) => found.push((collection, amendment, amend, value)),
                    AmendmentOperation::SetIfEmpty(_)
                    | AmendmentOperation::AddToList(_)
                    | AmendmentOperation::RemoveFromList(_)
                    | AmendmentOperation::AllowInRule { .. }
                    | AmendmentOperation::BlockInRule { .. } => {}
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::find;
    use crate::manifest::{self, SourceFile, diagnostic_codes};
    use crate::model::{
        Amendment, AmendmentOperation, AmendmentTarget, Diagnostic, Enforcement, FieldAmendment, FieldValue,
        Severity,
    };

    /// Returns the conflicts of a rule with an amendment that copies blocks.
    fn copy_conflict_text(says: &str, select: &[(&str, &str)]) -> Vec<String> {
        let text = format!(
            "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: n}}\nspec:\n  region: ca\n  \
             credentials: {{read: {{env: KEY}}}}\n  networkZone: {{code: NZ, name: N}}\n  \
             members: [{{code: A, name: A}}, {{code: B, name: B}}]\n---\napiVersion: zonal/v1\nkind: LinkingRules\n\
             metadata: {{name: rules}}\nspec: {{rules: [{{name: R, group: G{says}}}]}}\n"
        );
        let loaded = manifest::load(
            &crate::kinds::KINDS,
            &[SourceFile { file: "m.yaml".into(), text: Ok(text) }],
            None,
        );
        let Some(network) = loaded.network else { return vec!["no network".to_owned()] };
        let (mut desired, problems) = crate::kinds::expand(&network, &loaded.manifests);
        assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{problems:?}");
        for collection in desired.zones.values_mut().flatten() {
            let provenance = collection.provenance.clone();
            let to = AmendmentOperation::Set(FieldValue::Bool(true));
            collection.amendments.push(Amendment {
                select: select
                    .iter()
                    .map(|(field, value)| ((*field).into(), FieldValue::from(*value)))
                    .collect(),
                expected: AmendmentTarget::Optional,
                amends: vec![FieldAmendment {
                    field: "copyNetworkBlocks".into(),
                    to,
                    reference: None,
                    provenance: provenance.clone(),
                }],
                enforcement: Enforcement::Enforce,
                provenance,
            });
        }
        let shown = |problem: &Diagnostic| format!("{} {}", problem.code, problem.message);
        find(&network, &desired, &BTreeSet::new()).iter().map(shown).collect()
    }

    #[test]
    fn amendment_that_contradicts_a_record_is_an_error() {
        let refused = "`LinkedAccountRules/R` has `copyNetworkBlocks` false in `LinkingRules/rules`, but \
                       true in `LinkingRules/rules`, in `A`, `B`";
        let refused = vec![format!("{} {refused}", diagnostic_codes::AMENDED_OTHERWISE)];
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[]), refused);
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[("name", "R")]), refused);
        let nothing: Vec<String> = Vec::new();
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[("name", "other")]), nothing);
        assert_eq!(copy_conflict_text(", copyBlocks: true", &[]), nothing);
        assert_eq!(copy_conflict_text("", &[]), nothing);
    }
}
