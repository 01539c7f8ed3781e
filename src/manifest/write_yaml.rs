//! Writes manifests as YAML: short values on one line, lists item by item, comments above their items.

use serde_json::{Map, Value as Json};
use serde_saphyr::{FlowSeq, ser_options, to_string_with_options};

use super::envelope::API_VERSION;
use crate::model::text_safety::escape_invisible;

/// Longest line of a map or list that is written on one line.
const WIDTH: usize = 118;

/// Manifest to write.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestText {
    /// Comments above the manifest, one per line.
    pub comments: Vec<String>,
    /// Kind.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: String,
    /// Fields of the spec, in order.
    pub spec: Vec<(&'static str, YamlPart)>,
}

/// Part of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub enum YamlPart {
    /// Value on one line if it is short, otherwise field by field.
    Value(Json),
    /// Fields, each on its own line.
    Fields(Vec<(&'static str, YamlPart)>),
    /// Items, each on its own line.
    Items(Vec<YamlItem>),
}

/// Item of a list with comments above it.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlItem {
    /// Comments, one per line.
    pub comments: Vec<String>,
    /// Content.
    pub part: YamlPart,
}

impl From<Json> for YamlItem {
    fn from(value: Json) -> Self {
        Self { comments: Vec::new(), part: YamlPart::Value(value) }
    }
}

/// Error when writing YAML: a value that YAML cannot represent.
pub type WriteYamlError = serde_saphyr::ser_error::Error;

/// Returns manifests as the text of one file.
///
/// # Errors
/// Returns the error of the serializer.
pub fn write_manifests(manifests: &[ManifestText]) -> Result<String, WriteYamlError> {
    let mut writer = YamlWriter::default();
    for (index, manifest) in manifests.iter().enumerate() {
        if index > 0 {
            writer.line(0, "---");
        }
        writer.comments(0, &manifest.comments);
        writer.line(0, &format!("apiVersion: {API_VERSION}"));
        writer.line(0, &format!("kind: {}", manifest.kind));
        writer.line(0, &format!("metadata: {{name: {}}}", scalar(&manifest.name)?));
        writer.line(0, "spec:");
        writer.fields(2, &manifest.spec)?;
    }
    Ok(writer.text)
}

#[derive(Default)]
struct YamlWriter {
    text: String,
}

impl YamlWriter {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn comments(&mut self, indent: usize, comments: &[String]) {
        for comment in comments {
            self.line(indent, format!("# {}", escape_invisible(comment)).trim_end());
        }
    }

    fn fields(&mut self, indent: usize, fields: &[(&'static str, YamlPart)]) -> Result<(), WriteYamlError> {
        for (name, part) in fields {
            self.field(indent, name, part)?;
        }
        Ok(())
    }

    fn field(&mut self, indent: usize, name: &str, part: &YamlPart) -> Result<(), WriteYamlError> {
        match part {
            YamlPart::Value(value) => self.value_field(indent, name, value),
            YamlPart::Fields(fields) => {
                self.line(indent, &format!("{name}:"));
                self.fields(indent + 2, fields)
            }
            YamlPart::Items(items) => {
                self.line(indent, &format!("{name}:"));
                for item in items {
                    self.comments(indent + 2, &item.comments);
                    self.item(indent + 2, &item.part)?;
                }
                Ok(())
            }
        }
    }

    fn value_field(&mut self, indent: usize, name: &str, value: &Json) -> Result<(), WriteYamlError> {
        if let Json::String(text) = value
            && text.trim_end().contains('\n')
        {
            return self.block_text(indent, name, text);
        }
        let flow = flow(value)?;
        if indent + name.len() + 2 + flow.chars().count() <= WIDTH {
            self.line(indent, &format!("{name}: {flow}"));
            return Ok(());
        }
        match value {
            Json::Object(fields) if fields.values().any(is_nested) => {
                self.line(indent, &format!("{name}:"));
                for (name, value) in fields {
                    self.value_field(indent + 2, &scalar(name)?, value)?;
                }
            }
            Json::Object(fields) => {
                let pieces = fields
                    .iter()
                    .map(|(field, value)| Ok(format!("{}: {}", scalar(field)?, self::flow(value)?)));
                let pieces: Vec<String> = pieces.collect::<Result<_, WriteYamlError>>()?;
                self.wrapped(indent, &format!("{name}: {{"), &pieces, "}");
            }
            Json::Array(items) if items.iter().any(Json::is_object) => {
                self.line(indent, &format!("{name}:"));
                for item in items {
                    self.item(indent + 2, &YamlPart::Value(item.clone()))?;
                }
            }
            Json::Array(items) => {
                let pieces: Vec<String> = items.iter().map(self::flow).collect::<Result<_, _>>()?;
                self.wrapped(indent, &format!("{name}: ["), &pieces, "]");
            }
            _ => self.line(indent, &format!("{name}: {flow}")),
        }
        Ok(())
    }

    /// Writes a list or map over several lines.
    fn wrapped(&mut self, indent: usize, start: &str, pieces: &[String], end: &str) {
        let inner = " ".repeat(start.chars().count());
        let mut current = start.to_owned();
        for (index, piece) in pieces.iter().enumerate() {
            let end = if index + 1 == pieces.len() { end } else { "," };
            let width = indent + current.chars().count() + 1 + piece.chars().count() + end.len();
            if index > 0 && width > WIDTH {
                self.line(indent, &current);
                current.clone_from(&inner);
            } else if index > 0 {
                current.push(' ');
            }
            current.push_str(piece);
            current.push_str(end);
        }
        self.line(indent, &current);
    }

    /// Writes an item: on one line, or with its first field behind the dash.
    fn item(&mut self, indent: usize, part: &YamlPart) -> Result<(), WriteYamlError> {
        let mut inner = Self::default();
        match part {
            YamlPart::Value(Json::Object(fields)) => {
                let flow = flow(&Json::Object(fields.clone()))?;
                let is_block =
                    |value: &Json| value.as_str().is_some_and(|text| text.trim_end().contains('\n'));
                let fits = indent + 2 + flow.chars().count() <= WIDTH && !fields.values().any(is_block);
                match fits || fields.is_empty() {
                    true => inner.line(indent + 2, &flow),
                    false => {
                        for (name, value) in fields {
                            inner.value_field(indent + 2, &scalar(name)?, value)?;
                        }
                    }
                }
            }
            YamlPart::Value(value) => inner.line(indent + 2, &flow(value)?),
            YamlPart::Fields(fields) => inner.fields(indent + 2, fields)?,
            YamlPart::Items(_) => inner.line(indent + 2, "[]"),
        }
        let text = inner.text.get(indent + 2..).unwrap_or_default();
        self.text.push_str(&format!("{}- {text}", " ".repeat(indent)));
        Ok(())
    }

    /// Writes a text of several lines as a block.
    fn block_text(&mut self, indent: usize, name: &str, text: &str) -> Result<(), WriteYamlError> {
        let field = Map::from_iter([(name.to_owned(), Json::String(text.to_owned()))]);
        let block = to_string_with_options(&field, ser_options! { prefer_block_scalars: true })?;
        for line in block.lines() {
            self.line(if line.is_empty() { 0 } else { indent }, line);
        }
        Ok(())
    }
}

/// Returns true for a value that one line should not contain inside a longer one.
fn is_nested(value: &Json) -> bool {
    value.is_object() || value.is_array() || value.as_str().is_some_and(|text| text.trim_end().contains('\n'))
}

/// Returns a value on one line.
fn flow(value: &Json) -> Result<String, WriteYamlError> {
    let options = ser_options! { prefer_block_scalars: false };
    // A list of one item has the quotes that the item needs inside other lists and maps.
    let text = to_string_with_options(&FlowSeq([value]), options)?;
    let text = text.trim_end();
    Ok(text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).to_owned())
}

fn scalar(text: &str) -> Result<String, WriteYamlError> {
    flow(&Json::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use serde_json::json;

    use super::{ManifestText, YamlItem, YamlPart, write_manifests};

    #[test]
    fn manifest_reads_like_one_written_by_hand() {
        let long: Vec<String> = (10..40).map(|number| format!("01MAPLE_{number}")).collect();
        let row = |value| YamlItem { comments: vec!["Differs:\nx".to_owned()], part: YamlPart::Value(value) };
        let override_part = YamlPart::Fields(vec![
            ("appliesTo", YamlPart::Value(json!({"only": ["01A"]}))),
            ("rows", YamlPart::Items(vec![json!({"code": "no", "absent": true}).into()])),
        ]);
        let spec = vec![
            ("appliesTo", YamlPart::Value(json!({"only": long}))),
            ("table", YamlPart::Value(json!("Sub Systems: a"))),
            ("text", YamlPart::Value(json!("One\n  two: #\n"))),
            (
                "rows",
                YamlPart::Items(vec![
                    row(
                        json!({"code": "03", "description": "a, b", "enabled": true, "columns": {"x": null}}),
                    ),
                    row(json!({"code": "A", "description": "long ".repeat(30), "enabled": true})),
                ]),
            ),
            ("overrides", YamlPart::Items(vec![YamlItem { comments: Vec::new(), part: override_part }])),
        ];
        let manifest =
            ManifestText { comments: vec!["From here.".to_owned()], kind: "K", name: "yes".to_owned(), spec };
        let text = write_manifests(&[manifest.clone(), manifest]).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let is_long = |line: &&&str| line.chars().count() > super::WIDTH && !line.contains("long long");
        assert_eq!(lines.iter().filter(is_long).count(), 0, "{text}");
        assert_eq!(lines.iter().filter(|line| **line == "---").count(), 1);
        for part in [
            "# From here.\napiVersion: zonal/v1\nkind: K\n",
            "\n  text: |",
            "\n    # Differs:",
            "\n    - {code: ",
            "\n    - appliesTo: {only: [01A]}\n      rows:\n        - {code: ",
            ", absent: true}\n",
        ] {
            assert!(text.contains(part), "{part:?}\n{text}");
        }
    }
}
