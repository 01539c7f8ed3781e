//! The rules that rows keep, whatever the network looks like.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::table_manifest::TableManifest;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{Diagnostic, FieldName, UnlistedPolicy};

/// One row of a manifest.
#[derive(Debug)]
pub struct RowSpec<'a> {
    /// Where it stands.
    pub extent: NodeSpan,
    /// What it says, key fields included; each with its place.
    pub fields: Vec<(FieldName, NodeSpan, RowValue<'a>)>,
    /// `absent`, where it is said.
    pub absent: Option<bool>,
    /// What of the row could not be read.
    pub lost: &'a UnreadableParts,
    /// What of the map that holds its key could not be read.
    pub lost_key: &'a UnreadableParts,
}

/// What a row says of a field.
#[derive(Debug, Clone, Copy)]
pub enum RowValue<'a> {
    /// Clear it.
    Null,
    /// A flag.
    Bool(bool),
    /// A text.
    Text(&'a TextOrVariable),
}

impl<'a> RowValue<'a> {
    /// A text that may be `null`.
    pub fn nullable(text: &'a Nullable<TextOrVariable>) -> Self {
        match text {
            Nullable::Null => Self::Null,
            Nullable::Value(text) => Self::Text(text),
        }
    }
}

impl RowSpec<'_> {
    /// Whether it uses a variable, so that it is another record in each zone.
    pub fn depends_on_zone(&self) -> bool {
        self.fields.iter().any(|(_, _, said)| matches!(said, RowValue::Text(TextOrVariable::Var(_))))
    }

    /// Its key, so that it can be compared with others; `None` where it has none.
    pub fn written_key(&self, key: &[FieldName]) -> Option<Vec<(u8, &str)>> {
        self.key(key).map(|parts| symbols(&parts))
    }

    /// Its key, as it is written; `None` where a part is missing, `null` or empty.
    fn key<'r>(&'r self, key: &[FieldName]) -> Option<Vec<Spanned<&'r TextOrVariable>>> {
        let part = |field: &FieldName| {
            self.fields.iter().find(|(each, _, _)| each == field).and_then(|(_, extent, said)| match said {
                RowValue::Text(TextOrVariable::Plain(text)) if text.is_empty() => None,
                RowValue::Text(text) => Some(Spanned { value: *text, extent: *extent }),
                RowValue::Null | RowValue::Bool(_) => None,
            })
        };
        key.iter().map(part).collect()
    }
}

/// Everything that is wrong with the rows of a manifest.
pub fn check(table: &TableManifest<'_>, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let lists = || std::iter::once(&table.rows).chain(table.overrides.iter().map(|each| &each.rows));
    for rows in lists() {
        check_list(rows, table, head, &mut problems);
    }
    near_keys(lists().flatten(), table, head, &mut problems);
    let speaks = lists().any(|rows| !rows.is_empty())
        || table.unlisted != UnlistedPolicy::Keep
        || table.overrides.iter().any(|each| !matches!(each.unlisted, None | Some(UnlistedPolicy::Keep)));
    if !speaks && table.lost.has_all(&["rows", "unlisted", "overrides"]) {
        problems.push(
            Diagnostic::warning(
                diagnostic_codes::DOES_NOTHING,
                head.span(),
                format!("`{}` does nothing", head.manifest),
            )
            .help("it has no rows and keeps unlisted ones: add rows, or remove the manifest"),
        );
    }
    problems
}

fn check_list(
    rows: &[RowSpec<'_>],
    table: &TableManifest<'_>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<Vec<(u8, &str)>, [NodeSpan; 2]> = BTreeMap::new();
    for row in rows {
        absent(row, table, head, problems);
        if table.lost_key(row) {
            continue;
        }
        let Some(parts) = row.key(&table.key) else {
            problems.push(no_key(row, table, head));
            continue;
        };
        let key = symbols(&parts);
        // Where the key stands is what the two rows have in common.
        let extent = parts.first().map_or(row.extent, |part| part.extent);
        match seen.get(&key) {
            Some([first, first_row]) => {
                // Rows that are aliases of one another have their key at one place.
                let (extent, first) =
                    if extent == *first { (row.extent, first_row) } else { (extent, first) };
                let message = format!("row `{}` is there twice", key_text(&parts));
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
                        .with_secondary_span(head.place(*first), "first here")
                        .help("remove one of them"),
                );
            }
            None => drop(seen.insert(key, [extent, row.extent])),
        }
        for part in &parts {
            if let TextOrVariable::Plain(text) = part.value
                && text.trim() != &**text
            {
                let message = format!("the key `{text}` begins or ends with a space");
                problems.push(
                    Diagnostic::warning(
                        diagnostic_codes::SPACES_AROUND_KEY,
                        head.place(part.extent),
                        message,
                    )
                    .help("remove the space unless the zone's own row has it too"),
                );
            }
        }
    }
}

fn absent(
    row: &RowSpec<'_>,
    table: &TableManifest<'_>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    // Without the table's key any field may be part of it.
    let other = row.fields.iter().find(|(field, _, _)| !table.key.contains(field));
    if let (Some(true), Some((field, extent, _)), true) = (row.absent, other, table.lost.has_all(&["key"])) {
        let message = format!("an absent row says something of `{field}`");
        problems.push(
            Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(*extent), message)
                .help("remove the other fields, or remove `absent: true`"),
        );
    }
}

fn no_key(row: &RowSpec<'_>, table: &TableManifest<'_>, head: &ManifestHeader) -> Diagnostic {
    let lacking = table.key.iter().find(|field| row.key(std::slice::from_ref(field)).is_none());
    let said = row.fields.iter().find(|(field, _, _)| Some(field) == lacking);
    let name = lacking.map_or("", |field| field);
    let (extent, message) = match said {
        Some((_, extent, _)) => (*extent, format!("the key `{name}` of the row is empty")),
        None => (row.extent, format!("the row lacks its key `{name}`")),
    };
    Diagnostic::error(diagnostic_codes::NO_KEY, head.place(extent), message)
        .help("without its key a row cannot be told from others: give it a text")
}

/// Warns of keys that are the same but for upper and lower case: Alma takes them for two.
fn near_keys<'a>(
    rows: impl Iterator<Item = &'a RowSpec<'a>>,
    table: &TableManifest<'_>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, (String, NodeSpan)> = BTreeMap::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for parts in rows.filter(|row| !table.lost_key(row)).filter_map(|row| row.key(&table.key)) {
        let key = key_text(&parts);
        let extent = parts.first().map(|part| part.extent).unwrap_or_default();
        let (first, first_extent) = match seen.entry(key.to_lowercase()) {
            Entry::Occupied(first) => first.into_mut(),
            Entry::Vacant(vacant) => {
                vacant.insert((key, extent));
                continue;
            }
        };
        if *first != key && told.insert(key.clone()) {
            let message = format!("the keys `{key}` and `{first}` differ only in upper and lower case");
            problems.push(
                Diagnostic::warning(diagnostic_codes::KEYS_DIFFER_IN_CASE, head.place(extent), message)
                    .with_secondary_span(head.place(*first_extent), "the other one")
                    .help("keys are case-sensitive: make sure that two rows are meant"),
            );
        }
    }
}

fn symbols<'a>(parts: &[Spanned<&'a TextOrVariable>]) -> Vec<(u8, &'a str)> {
    parts.iter().map(|part| symbol(part.value)).collect()
}

fn symbol(text: &TextOrVariable) -> (u8, &str) {
    match text {
        TextOrVariable::Plain(text) => (0, text),
        TextOrVariable::Var(name) => (1, &name.value),
    }
}

fn key_text(parts: &[Spanned<&TextOrVariable>]) -> String {
    let texts: Vec<String> = (parts.iter())
        .map(|part| match part.value {
            TextOrVariable::Plain(text) => text.as_ref().to_owned(),
            TextOrVariable::Var(name) => format!("{{var: {}}}", name.value),
        })
        .collect();
    texts.join("|")
}
