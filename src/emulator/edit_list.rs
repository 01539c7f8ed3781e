//! List of edits that librarians made in the past: one JSON object a line.

use serde_json::Value;

use super::librarian_edit::LibrarianEdit;

/// Edit with its date.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEdit {
    /// Edit of one zone.
    pub edit: LibrarianEdit,
    /// Date of the edit, `YYYY-MM-DDZ`; `None` for the emulated date.
    pub date: Option<String>,
}

impl PastEdit {
    /// Parses a list. Each line is a [`LibrarianEdit`] with two further fields: `date`, and `zones` in place of
    /// `zone` for the same edit in several zones. Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// Returns the first invalid line in words.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let is_edit = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
        let lines = text.lines().enumerate().filter(|(_, line)| is_edit(line));
        let edits = lines.map(|(index, line)| {
            Self::parse_line(line).map_err(|error| format!("line {}: {error}", index + 1))
        });
        Ok(edits.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn parse_line(line: &str) -> Result<Vec<Self>, String> {
        let in_words = |error: serde_json::Error| error.to_string();
        let mut object: serde_json::Map<String, Value> = serde_json::from_str(line).map_err(in_words)?;
        let date: Option<String> = match object.remove("date") {
            Some(date) => Some(serde_json::from_value(date).map_err(in_words)?),
            None => None,
        };
        let zones: Vec<Value> = match object.remove("zones").or_else(|| object.get("zone").cloned()) {
            Some(Value::Array(zones)) => zones,
            Some(zone) => vec![zone],
            None => return Err("`zone` or `zones` is missing".to_owned()),
        };
        let of_zone = |zone: Value| {
            let mut edit = object.clone();
            edit.insert("zone".to_owned(), zone);
            let edit = serde_json::from_value(Value::Object(edit)).map_err(in_words)?;
            Ok(Self { edit, date: date.clone() })
        };
        zones.into_iter().map(of_zone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::PastEdit;

    #[test]
    fn line_edits_several_zones_on_a_date() {
        let line = r#"{"zones": ["01A", "01B"], "date": "2024-11-05Z", "kind": "code", "table": "UserGroups", "by": "ann", "action": {"delete_code": {"code": "GRAD"}}}"#;
        let edits = PastEdit::parse_list(&format!("# past\n\n{line}\n")).unwrap_or_default();
        let edits: Vec<(&str, Option<&str>)> =
            edits.iter().map(|past| (past.edit.zone.as_str(), past.date.as_deref())).collect();
        assert_eq!(edits, [("01A", Some("2024-11-05Z")), ("01B", Some("2024-11-05Z"))]);
        assert_eq!(
            PastEdit::parse_list("# past\n{\"by\": \"ann\"}"),
            Err("line 2: `zone` or `zones` is missing".to_owned())
        );
    }
}
