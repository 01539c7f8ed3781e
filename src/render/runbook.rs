//! Runbook: manual steps for people in Alma, grouped by zone.

mod markdown;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::markdown::markdown;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionDiff, FieldName, FieldValue, Plan, Provenance,
};

/// All manual steps of a plan.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runbook --json")]
pub struct RunbookJson {
    /// Network name.
    pub network: String,
    /// Environment, or null without an environment.
    pub environment: Option<String>,
    /// Description of the selection, or null for a complete plan.
    pub selection: Option<String>,
    /// Zones with manual steps.
    pub zones: Vec<RunbookZone>,
}

/// Manual steps of a zone, after one login.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookZone {
    /// Alma institution code.
    pub code: String,
    /// Zone name.
    pub name: String,
    /// Pages, in order.
    pub pages: Vec<RunbookPage>,
}

/// Page of Alma's configuration.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookPage {
    /// Collection, for example `LinkedAccountRules`.
    pub collection: String,
    /// Title of the page in Alma, for example `Linked Account Rules`.
    pub title: String,
    /// Alma menu path, or an empty string if unknown.
    pub menu: String,
    /// True if Alma has a page for the collection. Otherwise nobody can take the steps in Alma.
    pub in_alma: bool,
    /// Notes about the collection, such as the reason why it is not changed over the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Manual steps, in order.
    pub steps: Vec<RunbookStep>,
}

/// Manual step for a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookStep {
    /// Record address, as accepted by `zonal attest`.
    pub address: String,
    /// Action on the record.
    pub action: ChangeAction,
    /// Record key, or the field values shared by all records of the step.
    pub key: Vec<RunbookField>,
    /// True if the step applies to every record with these values, possibly none.
    pub each: bool,
    /// Position of the record, if the collection is a list of ordered rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Fields to enter, in the order of the form in Alma as far as zonal knows it; empty for a removed record.
    pub entries: Vec<RunbookField>,
    /// Reasons.
    pub reasons: Vec<String>,
    /// Location of the declaration.
    pub declared_at: Provenance,
}

/// Field with the value to enter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookField {
    /// Field name in manifests.
    pub field: String,
    /// Exact value.
    pub value: FieldValue,
}

/// Returns the manual steps of a plan.
pub fn runbook(plan: &Plan) -> RunbookJson {
    let zones = plan.zones.iter().map(|(code, zone)| RunbookZone {
        code: code.to_string(),
        name: zone.name.clone(),
        pages: zone.collections.iter().filter_map(|step| page(&step.diff)).collect(),
    });
    RunbookJson {
        network: plan.network.clone(),
        environment: plan.environment.clone(),
        selection: plan.selection.clone(),
        zones: zones.filter(|zone| !zone.pages.is_empty()).collect(),
    }
}

impl RunbookJson {
    /// Sorts the fields of each step in the order of the form in Alma. `form_fields` returns the fields of a
    /// collection type in this order.
    pub fn in_form_order(mut self, form_fields: impl Fn(&str) -> Option<&'static [&'static str]>) -> Self {
        for page in self.zones.iter_mut().flat_map(|zone| &mut zone.pages) {
            let collection_type = page.collection.split(['/', '[']).next().unwrap_or_default();
            let Some(form) = form_fields(collection_type) else { continue };
            for step in &mut page.steps {
                // Fields that the form does not have stay behind it, in their order.
                step.entries.sort_by_key(|entry| {
                    form.iter().position(|field| *field == entry.field).unwrap_or(form.len())
                });
            }
        }
        self
    }
}

/// Start of a menu path that says that Alma has no page.
const NO_PAGE: &str = "no page in Alma";

fn page(diff: &CollectionDiff) -> Option<RunbookPage> {
    let found = diff.outcome.as_ref().ok()?;
    let mut steps: Vec<RunbookStep> =
        found.changes.iter().filter(|change| change.mode == ApplyMode::Manual).map(step).collect();
    // Alma numbers new rules from the top, so a person enters them in this order.
    steps.sort_by_key(|step| step.position);
    (!steps.is_empty()).then(|| RunbookPage {
        collection: diff.id.to_string(),
        title: title(&diff.id.to_string(), &diff.shape.menu),
        menu: diff.shape.menu.to_string(),
        in_alma: !diff.shape.menu.starts_with(NO_PAGE),
        notes: found.notes.clone(),
        steps,
    })
}

fn step(change: &Change) -> RunbookStep {
    let entry = |(field, value): (&FieldName, &FieldValue)| RunbookField {
        field: field.to_string(),
        value: value.clone(),
    };
    let key = change.matches.as_ref().unwrap_or(&change.key);
    let is_key = |field: &FieldName| key.iter().any(|(key, _)| key == field);
    let mut edits: Vec<_> = change.field_changes.iter().filter(|edit| !is_key(&edit.field)).collect();
    // A mapping table shows its columns by number.
    edits.sort_by_key(|edit| edit.field.strip_prefix("column").and_then(|number| number.parse::<u32>().ok()));
    let position = |name: &str| {
        let edit = change.field_changes.iter().find(|edit| &*edit.name == name).map(|edit| &edit.after);
        edit.or_else(|| change.before.get(name)).and_then(FieldValue::as_text)?.parse().ok()
    };
    RunbookStep {
        address: change.address.to_string(),
        action: change.action,
        key: key.iter().map(|(field, value)| entry((field, value))).collect(),
        each: change.matches.is_some(),
        position: position("position"),
        entries: edits.into_iter().map(|edit| entry((&edit.name, &edit.after))).collect(),
        reasons: change.reason.iter().cloned().chain(change.notes.iter().map(ToString::to_string)).collect(),
        declared_at: change.provenance.clone(),
    }
}

/// Returns the title of a page: the last name in its menu path, or the name of the collection type.
fn title(collection: &str, menu: &str) -> String {
    let (collection_type, rest) = collection.split_once('/').unwrap_or((collection, ""));
    let names = menu.split(" > ").skip(1).filter(|name| name.starts_with(char::is_uppercase));
    match (names.last(), rest) {
        (Some(name), "") => name.to_owned(),
        (None, "") => label(collection_type),
        (Some(name), rest) => format!("{name} ({rest})"),
        (None, rest) => format!("{} ({rest})", label(collection_type)),
    }
}

/// Returns a field label as on the page in Alma: `Copy network blocks` for `copyNetworkBlocks`.
pub(super) fn label(field: &str) -> String {
    let mut label = String::new();
    for (index, c) in field.chars().enumerate() {
        match c {
            c if index == 0 => label.extend(c.to_uppercase()),
            '_' => label.push(' '),
            c if c.is_uppercase() && label.ends_with(|last: char| last.is_lowercase()) => {
                label.push(' ');
                label.extend(c.to_lowercase());
            }
            c => label.push(c),
        }
    }
    label
}

/// Instruction for an empty value.
pub(super) const EMPTY: &str = "(leave empty)";
/// Label of a set flag.
pub(super) const YES: &str = "Yes";
/// Label of a cleared flag.
pub(super) const NO: &str = "No";

#[cfg(test)]
mod tests {
    use super::{label, title};

    #[test]
    fn label_splits_words_of_field_name() {
        assert_eq!(label("copyNetworkBlocks"), "Copy network blocks");
        assert_eq!(label("Network Block"), "Network Block");
        assert_eq!(label("public_name"), "Public name");
    }

    #[test]
    fn title_is_the_last_page_of_the_menu() {
        let menu = "Configuration > User Management > Linked Account Rules";
        assert_eq!(title("LinkedAccountRules", menu), "Linked Account Rules");
        let menu = "Configuration > Fulfillment > Fulfillment Units > a unit > its rules";
        assert_eq!(title("FulfillmentRules/MAIN", menu), "Fulfillment Units (MAIN)");
        assert_eq!(title("ImportPermissions", "page of the Network Zone"), "Import permissions");
        assert_eq!(title("CodeTable/Reasons", "the code table's own page"), "Code table (Reasons)");
    }
}
