//! Names of enum variants as JSON has them.

/// Returns the JSON name of an enum variant without fields; empty for any other value.
pub fn serialized_name(variant: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(variant).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}
