//! Finds the forms of settings that zones share: equal ones, also if a variable of the zones replaces a text that
//! differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::export::ZoneSet;
use crate::model::Network;

/// Smallest number of zones that show a variable, if others have another text.
const ENOUGH_ZONES: usize = 3;

/// Settings of each zone, by the index of the zone, in the zone's order.
pub type ZoneSettings = BTreeMap<usize, Vec<Json>>;

/// Settings as a manifest writes them, with the zones that have them.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedForm {
    /// Settings, perhaps with variables.
    pub form: Json,
    /// Zones.
    pub zones: ZoneSet,
}

/// Fields that can be variables.
#[derive(Debug, Clone, Copy)]
pub struct VariableFields {
    /// Names of the fields, at any depth.
    pub names: &'static [&'static str],
    /// Returns the text that the variable stands for.
    pub text: fn(&str) -> &str,
}

impl VariableFields {
    /// Returns the settings with a variable for each equal text; `None` without such a text.
    fn replace(&self, settings: &Json, variable: &str, text: &str) -> Option<Json> {
        let mut replaced = false;
        let form = self.replaced(settings, false, (variable, (self.text)(text)), &mut replaced);
        replaced.then_some(form)
    }

    fn replaced(&self, settings: &Json, may_vary: bool, variable: (&str, &str), replaced: &mut bool) -> Json {
        match settings {
            Json::Object(fields) => {
                let field = |(name, value): (&String, &Json)| {
                    let may_vary = self.names.contains(&name.as_str());
                    (name.clone(), self.replaced(value, may_vary, variable, replaced))
                };
                Json::Object(fields.iter().map(field).collect::<Map<_, _>>())
            }
            Json::Array(items) => {
                let mut items: Vec<Json> =
                    items.iter().map(|item| self.replaced(item, may_vary, variable, replaced)).collect();
                // The order of texts depends on the replaced one.
                if may_vary {
                    items.sort_by_key(Json::is_object);
                }
                Json::Array(items)
            }
            Json::String(text) if may_vary && text == variable.1 => {
                *replaced = true;
                json!({"var": variable.0})
            }
            other => other.clone(),
        }
    }
}

/// Returns the forms of all settings, in the order of the zones that first have them.
pub fn shared_forms(settings: &ZoneSettings, fields: VariableFields, network: &Network) -> Vec<SharedForm> {
    let mut left: BTreeMap<(usize, String), (usize, &Json)> = BTreeMap::new();
    for (zone, items) in settings {
        for (position, item) in items.iter().enumerate() {
            left.entry((*zone, item.to_string())).or_insert((position, item));
        }
    }
    let mut found: Vec<((usize, usize), SharedForm)> = Vec::new();
    for candidate in variable_forms(&left, fields, network) {
        let uses: Vec<&(usize, String)> =
            candidate.uses.iter().filter(|place| left.contains_key(*place)).collect();
        let mut by_text: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, text) in &uses {
            *by_text.entry(text).or_default() += 1;
        }
        let is_everywhere = uses.len() == settings.len();
        let most = by_text.values().copied().max().unwrap_or_default();
        if by_text.len() < 2 || uses.len() <= most || !(is_everywhere || uses.len() >= ENOUGH_ZONES) {
            continue;
        }
        let zones = ZoneSet::from_indices(uses.iter().map(|(zone, _)| *zone));
        let first = uses.first().and_then(|place| Some((place.0, left.get(*place)?.0)));
        let uses: BTreeSet<(usize, String)> = uses.into_iter().cloned().collect();
        left.retain(|place, _| !uses.contains(place));
        found.push((first.unwrap_or_default(), SharedForm { form: candidate.form, zones }));
    }
    let mut equal: BTreeMap<&str, ((usize, usize), SharedForm)> = BTreeMap::new();
    for ((zone, text), (position, item)) in &left {
        let new = || ((*zone, *position), SharedForm { form: (*item).clone(), zones: ZoneSet::default() });
        equal.entry(text).or_insert_with(new).1.zones.insert(*zone);
    }
    found.extend(equal.into_values());
    found.sort_by_key(|(first, _)| *first);
    found.into_iter().map(|(_, form)| form).collect()
}

/// Form with a variable, and the settings that it stands for.
struct VariableForm {
    form: Json,
    uses: BTreeSet<(usize, String)>,
}

/// Returns the forms with a variable, those of many zones first.
fn variable_forms(
    settings: &BTreeMap<(usize, String), (usize, &Json)>,
    fields: VariableFields,
    network: &Network,
) -> Vec<VariableForm> {
    let mut forms: BTreeMap<String, VariableForm> = BTreeMap::new();
    for ((zone, text), (_, item)) in settings {
        for (variable, value) in network.zones[*zone].vars.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(form) = fields.replace(item, variable, value) else { continue };
            let new = || VariableForm { form: form.clone(), uses: BTreeSet::new() };
            forms.entry(form.to_string()).or_insert_with(new).uses.insert((*zone, text.clone()));
        }
    }
    let mut forms: Vec<VariableForm> = forms.into_values().collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.uses.len()));
    forms
}

/// Groups forms by their zones: large sets of zones first, forms in their order.
pub fn by_zones(forms: Vec<SharedForm>) -> Vec<(ZoneSet, Vec<Json>)> {
    let mut sets: BTreeMap<ZoneSet, Vec<Json>> = BTreeMap::new();
    for SharedForm { form, zones } in forms {
        sets.entry(zones).or_default().push(form);
    }
    let mut sets: Vec<(ZoneSet, Vec<Json>)> = sets.into_iter().collect();
    sets.sort_by_key(|(zones, _)| std::cmp::Reverse(zones.len()));
    sets
}
