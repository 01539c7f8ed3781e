//! Contradictions about rules that a zone has several of: fields that are also amended, and the order.

use std::collections::BTreeMap;

use super::ManifestConflicts;
use crate::manifest::diagnostic_codes;
use crate::model::{
    Amendment, AmendmentOperation, DesiredCollection, DesiredRecord, Enforcement, FieldAmendment, FieldName,
    FieldValue, RecordKey, ZoneCode,
};

impl<'a> ManifestConflicts<'a> {
    /// A field that a record has from one manifest, and that another one amends in whatever records there are.
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
                        "`{}/{key}` has `{field}` {} by `{}`, and {value} by `{}`",
                        by.id, said.value, one.manifest, other.manifest
                    );
                    let help = "leave it out in one of them, or say the same in both";
                    (message, "the other one", help.to_owned())
                });
            }
        }
    }

    /// Rules are tried in the order of their positions, which each manifest counts from 1.
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
                    "`{first_key}` and `{key}` both want to be rule {}",
                    position.value.as_text().unwrap_or_default()
                );
                let help =
                    "put the rules of a member into one manifest: `appliesTo` of a rule says who has it";
                (message, "the other one", help.to_owned())
            });
        }
    }
}

/// Every amendment that wants a value of a field, and who makes it.
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

    /// What is said of a rule that copies blocks, or does not, or is silent, where all rules are amended to copy them.
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
    fn a_record_and_an_amendment_of_it_agree_or_are_refused() {
        let refused = "`LinkedAccountRules/R` has `copyNetworkBlocks` false by `LinkingRules/rules`, and true by \
                       `LinkingRules/rules`, in `A`, `B`";
        let refused = vec![format!("{} {refused}", diagnostic_codes::AMENDED_OTHERWISE)];
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[]), refused);
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[("name", "R")]), refused);
        let nothing: Vec<String> = Vec::new();
        assert_eq!(copy_conflict_text(", copyBlocks: false", &[("name", "other")]), nothing);
        assert_eq!(copy_conflict_text(", copyBlocks: true", &[]), nothing);
        assert_eq!(copy_conflict_text("", &[]), nothing);
    }
}
