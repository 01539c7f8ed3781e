//! Recognizes lists whose items or fields are indented wrongly.

use serde_saphyr::granit_parser::ErrorKind;

use super::{ErrorLines, LayoutMistake};
use crate::manifest::source::line_parts::{LineParts, spaces_text};

impl ErrorLines<'_> {
    /// Finds a list item that is indented more than the item above.
    pub(super) fn item_too_deep(&self) -> Option<LayoutMistake> {
        let is_item = |line: usize| self.text(line).trim_start().starts_with("- ");
        let (above, outer) = self.above(self.line)?;
        let spaces = self.parts(self.line).spaces;
        (is_item(self.line) && is_item(above) && outer.spaces < spaces).then(|| {
            let message = format!(
                "the item is indented by {}, the item above by {}",
                spaces_text(spaces),
                outer.spaces
            );
            let help = format!("indent it by {}", spaces_text(outer.spaces));
            self.mistake(self.line, spaces + 1, message, help)
        })
    }

    /// Finds a list that starts in the line of its field: `rows: - code: A`.
    pub(super) fn list_beside_field(&self, kind: &ErrorKind) -> Option<LayoutMistake> {
        let text = self.text(self.line);
        let (before, after) = text.split_at(self.byte_before(text));
        let is_beside = before.trim_end().ends_with(':') && after.starts_with("- ");
        (is_beside && matches!(kind, ErrorKind::BlockSequenceEntryNotAllowed)).then(|| {
            let message = "a list starts in the line of its field".to_owned();
            let help = "write each item on its own line below the field, with `- ` before it".to_owned();
            self.mistake(self.line, self.column, message, help)
        })
    }

    /// Finds a field that is indented like the items of the list above, without a dash.
    pub(super) fn field_beside_items(&self) -> Option<LayoutMistake> {
        let parts = self.parts(self.line);
        let (_, item) = self.above(self.line)?;
        let has_dash = |parts: &LineParts<'_>| parts.column > parts.spaces + 1;
        let is_beside = item.spaces == parts.spaces && has_dash(&item) && !has_dash(&parts);
        is_beside.then(|| {
            let message = "the line is indented like the `- ` above, but has none".to_owned();
            let item_fields = spaces_text(item.column - 1);
            let help =
                format!("indent it by {item_fields} for a field of the item above, or write `- ` before it");
            self.mistake(self.line, parts.spaces + 1, message, help)
        })
    }
}
