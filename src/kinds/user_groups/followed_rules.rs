//! The way back of rules about user groups: rotas and hidden services whose rules agree with the visibility of a group.
//!
//! A manifest amends rules, so a group follows them if the amendment of each rule changes nothing.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{DISPLAY_LOGIC, LIST, OPERATOR, ROTA};
use crate::export::{FieldTerm, RowValues};
use crate::kinds::way_back::{ObservedSettings, text};
use crate::manifest::write_yaml::YamlPart;
use crate::model::{FieldName, FieldValue, IN_LIST, NOT_IN_LIST, ObservedRecord};

/// Fields of a manifest for the rules that its groups follow, each with the field that selects the rules.
const RULES: [(&str, &str); 2] = [("rotaRules", "rota"), ("displayLogic", "hiddenService")];

/// Rules of one zone.
pub(super) struct ZoneRules<'o> {
    rota: &'o [ObservedRecord],
    display: &'o [ObservedRecord],
}

impl<'o> ZoneRules<'o> {
    /// Returns the rules of a zone.
    pub(super) fn of_zone(zone: usize, settings: &'o ObservedSettings<'_>) -> Self {
        let rules = |kind| settings.in_zone(kind, zone).unwrap_or_default();
        Self { rota: rules(ROTA), display: rules(DISPLAY_LOGIC) }
    }

    /// Returns the rota and the hidden service whose rules agree with the visibility of a group, as fields.
    ///
    /// Among several, the first by name: a manifest names one.
    pub(super) fn followed_by(&self, code: &str, is_visible: bool) -> Vec<(FieldName, FieldTerm)> {
        let agrees_rota = |rule: &ObservedRecord| agrees(rule, code, is_visible);
        // A rule that hides a service must match hidden groups only.
        let agrees_display = |rule: &ObservedRecord| agrees(rule, code, !is_visible);
        let followed = [
            first_followed(self.rota, "rota", agrees_rota),
            first_followed(self.display, "hides", agrees_display),
        ];
        let fields = RULES.iter().zip(followed).filter_map(|((field, _), name)| {
            Some(((*field).into(), FieldTerm::Value(FieldValue::from(name?))))
        });
        fields.collect()
    }
}

/// Returns the first name whose rules all agree.
fn first_followed<'r>(
    rules: &'r [ObservedRecord],
    field: &str,
    agrees: impl Fn(&ObservedRecord) -> bool,
) -> Option<&'r str> {
    let names: BTreeSet<&str> = rules.iter().filter_map(|rule| text(rule, field)).collect();
    let follows = |name: &&str| {
        let mut named = rules.iter().filter(|rule| text(rule, field) == Some(name));
        !name.trim().is_empty() && named.all(&agrees)
    };
    names.into_iter().find(follows)
}

/// Returns true if a rule has a list of groups, and matches the group or not, as requested.
fn agrees(rule: &ObservedRecord, code: &str, is_matched: bool) -> bool {
    let groups = rule.fields.get(LIST).unwrap_or(&FieldValue::Null).texts();
    let is_listed = groups.iter().any(|group| **group == *code);
    match text(rule, OPERATOR) {
        Some(IN_LIST) => is_listed == is_matched,
        Some(NOT_IN_LIST) => is_listed != is_matched,
        Some(_) | None => false,
    }
}

/// Rules that a group follows.
#[derive(Default, PartialEq, Eq)]
pub(super) struct FollowedRules([Option<String>; 2]);

impl FollowedRules {
    /// Returns the rules in the values of a group.
    pub(super) fn of_group(values: &RowValues) -> Self {
        Self(RULES.map(|(field, _)| match values.get(field)? {
            FieldTerm::Value(value) => value.as_text().map(str::to_owned),
            FieldTerm::Variable(_) => None,
        }))
    }

    /// Removes the rules from the values of a group.
    pub(super) fn remove(values: &mut RowValues) {
        values.retain(|field, _| !RULES.iter().any(|(name, _)| **field == **name));
    }

    /// Returns the fields of the manifest.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, YamlPart)> + '_ {
        RULES.iter().zip(&self.0).filter_map(|((field, selects), name)| {
            let rules: Json = json!({*selects: name.as_ref()?});
            Some((*field, YamlPart::Value(rules)))
        })
    }
}
