//! Edits the spec of a manifest in its file: comments, order, quoting, flow style and line ends stay.

use std::fmt;
use std::str::FromStr as _;

use serde_json::Value as Json;
use yaml_edit::{AsYaml, Mapping, ScalarValue, Sequence, YamlFile, YamlNode};

/// Longest list that is added in flow style, in characters of its JSON.
const WIDTH: usize = 90;

/// Step of a path below `spec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpecStep {
    /// Field of a map.
    Field(String),
    /// Item of a list, from 0.
    Item(usize),
}

/// Position of a field that an edit adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewFieldPlace {
    /// Before all other fields.
    First,
    /// After all other fields.
    Last,
}

/// Edit below `spec`.
#[derive(Debug, Clone, PartialEq)]
pub enum SpecEdit {
    /// Sets a field of the map at a path; adds a missing field.
    SetField {
        /// Path of the map.
        path: Vec<SpecStep>,
        /// Field.
        name: String,
        /// Value.
        value: Json,
        /// Position of a missing field.
        place: NewFieldPlace,
    },
    /// Adds an item at the end of the list at a path.
    AddItem {
        /// Path of the list.
        path: Vec<SpecStep>,
        /// Item.
        item: Json,
    },
}

/// Reason why an edit is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditYamlError {
    /// File that the editor cannot parse.
    #[error("the editor cannot parse the file: {0}")]
    Unreadable(String),
    /// Manifest not found in the file.
    #[error("the file does not contain the manifest")]
    NoManifest,
    /// Path without a map or list of its own, such as an alias.
    #[error("`{0}` is not written as a map or list of its own")]
    NoPlace(String),
}

/// Formats a path as `spec.rows[2].columns`.
struct SpecPath<'a>(&'a [SpecStep]);

impl fmt::Display for SpecPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spec")?;
        self.0.iter().try_for_each(|step| match step {
            SpecStep::Field(name) => write!(f, ".{name}"),
            SpecStep::Item(index) => write!(f, "[{index}]"),
        })
    }
}

/// Returns the text of a file after edits of one manifest. The caller must check what the result means.
///
/// # Errors
/// Returns the first impossible edit.
pub fn edit_manifest(
    text: &str,
    kind: &str,
    name: &str,
    edits: &[SpecEdit],
) -> Result<String, EditYamlError> {
    let file = YamlFile::from_str(text).map_err(|error| EditYamlError::Unreadable(error.to_string()))?;
    let spec = file
        .documents()
        .filter_map(|document| document.as_mapping())
        .find(|root| {
            let metadata = root.get_mapping("metadata");
            text_of(root.get("kind")).as_deref() == Some(kind)
                && text_of(metadata.and_then(|metadata| metadata.get("name"))).as_deref() == Some(name)
        })
        .and_then(|root| root.get_mapping("spec"))
        .ok_or(EditYamlError::NoManifest)?;
    for edit in edits {
        match edit {
            SpecEdit::SetField { path, name, value, place } => {
                let no_place = || EditYamlError::NoPlace(SpecPath(path).to_string());
                let map = find_map(&spec, path).ok_or_else(no_place)?;
                set_field(&map, name, value, *place);
            }
            SpecEdit::AddItem { path, item } => {
                let no_place = || EditYamlError::NoPlace(SpecPath(path).to_string());
                let list = find(&spec, path).and_then(|node| node.as_sequence().cloned());
                let list = list.ok_or_else(no_place)?;
                list.push(&*new_value(item, list.is_flow_style()));
            }
        }
    }
    Ok(file.to_string())
}

fn text_of(node: Option<YamlNode>) -> Option<String> {
    node?.as_scalar().map(|scalar| scalar.as_string())
}

fn find_map(spec: &Mapping, path: &[SpecStep]) -> Option<Mapping> {
    match path {
        [] => Some(spec.clone()),
        path => find(spec, path)?.as_mapping().cloned(),
    }
}

fn find(spec: &Mapping, path: &[SpecStep]) -> Option<YamlNode> {
    let (first, rest) = path.split_first()?;
    let SpecStep::Field(name) = first else { return None };
    rest.iter().try_fold(spec.get(name.as_str())?, |node, step| match step {
        SpecStep::Field(name) => node.as_mapping()?.get(name.as_str()),
        SpecStep::Item(index) => node.as_sequence()?.get(*index),
    })
}

fn set_field(map: &Mapping, name: &str, value: &Json, place: NewFieldPlace) {
    let written = map.get(name);
    if let (Some(YamlNode::Scalar(scalar)), Json::String(text)) = (&written, value) {
        // The quotes of the old value, unless they would hide characters behind escapes.
        let source = scalar.value();
        let is_plain = text.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
        if source.starts_with('"') && is_plain {
            return map.set(name, ScalarValue::double_quoted(text));
        }
        if source.starts_with('\'') && !text.chars().any(char::is_control) {
            return map.set(name, ScalarValue::single_quoted(text));
        }
    }
    let value = new_value(value, map.is_flow_style());
    match (written, place) {
        (None, NewFieldPlace::First) => {
            map.insert_at_index(0, name, &*value);
        }
        (None, NewFieldPlace::Last) | (Some(_), _) => map.set(name, &*value),
    }
}

/// Returns a new value: maps and lists on one line, except those with nested content outside a flow collection.
fn new_value(value: &Json, in_flow: bool) -> Box<dyn AsYaml> {
    match value {
        Json::Null => Box::new(ScalarValue::null()),
        Json::Bool(flag) => Box::new(*flag),
        Json::Number(number) => Box::new(ScalarValue::plain(number.to_string())),
        Json::String(text) if text.chars().any(char::is_control) => {
            Box::new(ScalarValue::double_quoted(text))
        }
        Json::String(text) => Box::new(text.clone()),
        Json::Array(items) => {
            let is_long = value.to_string().len() > WIDTH && items.len() > 1;
            let is_flow = in_flow || !is_long && !items.iter().any(has_nested);
            let list = if is_flow { Sequence::new_flow() } else { Sequence::new_pending_block() };
            items.iter().for_each(|item| list.push(&*new_value(item, is_flow)));
            Box::new(list)
        }
        Json::Object(fields) => {
            let is_flow = in_flow || !has_nested(value) || fields.contains_key("columns");
            let map = if is_flow { Mapping::new_flow() } else { Mapping::new_pending_block() };
            fields.iter().for_each(|(name, value)| map.set(name.as_str(), &*new_value(value, is_flow)));
            Box::new(map)
        }
    }
}

/// Returns true for a map that contains a map, or a list of maps.
fn has_nested(value: &Json) -> bool {
    let Json::Object(fields) = value else { return false };
    fields.iter().any(|(_, field)| match field {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().any(Json::is_object),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use serde_json::json;

    use super::*;
    use crate::manifest::SourceFile;
    use crate::manifest::source::documents;

    const FILE: &str = "\
# top
apiVersion: zonal/v1
kind: Letter
metadata: {name: other}
spec: {table: T}   # untouched
---
apiVersion: zonal/v1
kind: Table
metadata: {name: groups}   # the groups
spec:
  table: UserGroups
  rows:
    # the first
    - {code: A, description: \"One\"}   # keep
    - code: B
      description: 'Two'   # keep, too
";

    fn field(name: &str) -> SpecStep {
        SpecStep::Field(name.to_owned())
    }

    fn set(path: &[SpecStep], name: &str, value: Json) -> SpecEdit {
        SpecEdit::SetField { path: path.to_vec(), name: name.to_owned(), value, place: NewFieldPlace::Last }
    }

    fn edits() -> Vec<SpecEdit> {
        let row = |index| [field("rows"), SpecStep::Item(index)];
        let others =
            json!([{"appliesTo": {"only": ["01A"]}, "rows": [{"code": "B", "description": "NO: 05"}]}]);
        vec![
            set(&row(0), "description", json!("Eins")),
            set(&row(0), "enabled", json!(true)),
            set(&row(1), "description", json!("Zwei: b")),
            SpecEdit::AddItem { path: vec![field("rows")], item: json!({"code": "C", "description": "é"}) },
            set(&[], "overrides", others),
            SpecEdit::SetField {
                path: Vec::new(),
                name: "appliesTo".to_owned(),
                value: json!({"except": ["01Z"]}),
                place: NewFieldPlace::First,
            },
        ]
    }

    const EDITED: &str = "\
# top
apiVersion: zonal/v1
kind: Letter
metadata: {name: other}
spec: {table: T}   # untouched
---
apiVersion: zonal/v1
kind: Table
metadata: {name: groups}   # the groups
spec:
  appliesTo: {except: [01Z]}
  table: UserGroups
  rows:
    # the first
    - {code: A, description: \"Eins\", enabled: true}   # keep
    - code: B
      description: 'Zwei: b'   # keep, too
    - {code: C, description: é}
  overrides:
    - appliesTo: {only: [01A]}
      rows: [{code: B, description: 'NO: 05'}]
";

    #[test]
    fn edits_keep_comments_order_and_quotes() {
        let edited = edit_manifest(FILE, "Table", "groups", &edits()).unwrap();
        assert_eq!(edited, EDITED);
    }

    #[test]
    fn edits_keep_line_ends() {
        let edited = edit_manifest(&FILE.replace('\n', "\r\n"), "Table", "groups", &edits()).unwrap();
        assert_eq!(edited, EDITED.replace('\n', "\r\n"));
    }

    #[test]
    fn edits_keep_flow_style() {
        let file = "kind: Table\nmetadata: {name: g}\nspec: {table: T, rows: [{code: A, description: x}]}\n";
        let edits =
            [set(&[], "overrides", json!([{"appliesTo": {"only": ["01A"]}, "enforcement": "report"}]))];
        assert_eq!(
            edit_manifest(file, "Table", "g", &edits).unwrap(),
            "kind: Table\nmetadata: {name: g}\nspec: {table: T, rows: [{code: A, description: x}], \
             overrides: [{appliesTo: {only: [01A]}, enforcement: report}]}\n"
        );
    }

    #[test]
    fn difficult_texts_keep_their_value() {
        for text in
            ["NO", "05", "", "- a", "a: b # c", "x\ny", "{a}", " lead", "\"q\" 'p' \\", "null", "1e3", "*a"]
        {
            for index in [0, 1] {
                let path = [field("rows"), SpecStep::Item(index)];
                let edits = [set(&path, "description", json!(text))];
                let edited = edit_manifest(FILE, "Table", "groups", &edits).unwrap();
                let (parsed, problems) =
                    documents(&SourceFile { file: "f".into(), text: Ok(edited.clone()) });
                assert!(problems.is_empty(), "{edited}");
                let pointer = format!("/spec/rows/{index}/description");
                assert_eq!(parsed[1].root.find(&pointer).unwrap().node.to_json(), json!(text), "{edited}");
            }
        }
    }

    #[test]
    fn unknown_manifests_and_paths_are_errors() {
        let edit = |name, path: &[SpecStep]| edit_manifest(FILE, "Table", name, &[set(path, "a", json!(1))]);
        assert_eq!(edit("other", &[]), Err(EditYamlError::NoManifest));
        let far = [field("rows"), SpecStep::Item(7)];
        assert_eq!(
            edit("groups", &far).unwrap_err().to_string(),
            "`spec.rows[7]` is not written as a map or list of its own"
        );
    }
}
