//! The rules that rows keep, whatever the network looks like.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::table::Table;
use crate::manifest::lost::Lost;
use crate::manifest::node::Extent;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes};
use crate::model::{Diagnostic, Field, Unlisted};

/// One row of a manifest.
#[derive(Debug)]
pub struct Row<'a> {
    /// Where it stands.
    pub extent: Extent,
    /// What it says, key fields included; each with its place.
    pub fields: Vec<(Field, Extent, Said<'a>)>,
    /// `absent`, where it is said.
    pub absent: Option<bool>,
    /// What of the row could not be read.
    pub lost: &'a Lost,
    /// What of the map that holds its key could not be read.
    pub lost_key: &'a Lost,
}

/// What a row says of a field.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// Clear it.
    Null,
    /// A flag.
    Bool(bool),
    /// A text.
    Text(&'a Text),
}

impl<'a> Said<'a> {
    /// A text that may be `null`.
    pub fn nullable(text: &'a Nullable<Text>) -> Self {
        match text {
            Nullable::Null => Self::Null,
            Nullable::Value(text) => Self::Text(text),
        }
    }
}

impl Row<'_> {
    /// Whether it uses a variable, so that it is another record in each zone.
    pub fn depends_on_zone(&self) -> bool {
        self.fields.iter().any(|(_, _, said)| matches!(said, Said::Text(Text::Var(_))))
    }

    /// Its key, so that it can be compared with others; `None` where it has none.
    pub fn written_key(&self, key: &[Field]) -> Option<Vec<(u8, &str)>> {
        self.key(key).map(|parts| symbols(&parts))
    }

    /// Its key, as it is written; `None` where a part is missing, `null` or empty.
    fn key<'r>(&'r self, key: &[Field]) -> Option<Vec<At<&'r Text>>> {
        let part = |field: &Field| {
            self.fields.iter().find(|(each, _, _)| each == field).and_then(|(_, extent, said)| match said {
                Said::Text(Text::Plain(text)) if text.is_empty() => None,
                Said::Text(text) => Some(At { value: *text, extent: *extent }),
                Said::Null | Said::Bool(_) => None,
            })
        };
        key.iter().map(part).collect()
    }
}

/// Everything that is wrong with the rows of a manifest.
pub fn check(table: &Table<'_>, head: &Head) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let lists = || std::iter::once(&table.rows).chain(table.overrides.iter().map(|each| &each.rows));
    for rows in lists() {
        check_list(rows, table, head, &mut problems);
    }
    near_keys(lists().flatten(), table, head, &mut problems);
    let speaks = lists().any(|rows| !rows.is_empty())
        || table.unlisted != Unlisted::Keep
        || table.overrides.iter().any(|each| !matches!(each.unlisted, None | Some(Unlisted::Keep)));
    if !speaks && table.lost.has_all(&["rows", "unlisted", "overrides"]) {
        problems.push(
            Diagnostic::warning(
                codes::DOES_NOTHING,
                head.here(),
                format!("`{}` does nothing", head.manifest),
            )
            .help("it has no rows and keeps unlisted ones: add rows, or remove the manifest"),
        );
    }
    problems
}

fn check_list(rows: &[Row<'_>], table: &Table<'_>, head: &Head, problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<Vec<(u8, &str)>, [Extent; 2]> = BTreeMap::new();
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
                let message = format!("row `{}` is there twice", shown(&parts));
                problems.push(
                    Diagnostic::error(codes::DUPLICATE_ROW, head.place(extent), message)
                        .related(head.place(*first), "first here")
                        .help("remove one of them"),
                );
            }
            None => drop(seen.insert(key, [extent, row.extent])),
        }
        for part in &parts {
            if let Text::Plain(text) = part.value
                && text.trim() != &**text
            {
                let message = format!("the key `{text}` begins or ends with a space");
                problems.push(
                    Diagnostic::warning(codes::SPACES_AROUND_KEY, head.place(part.extent), message)
                        .help("remove the space unless the zone's own row has it too"),
                );
            }
        }
    }
}

fn absent(row: &Row<'_>, table: &Table<'_>, head: &Head, problems: &mut Vec<Diagnostic>) {
    // Without the table's key any field may be part of it.
    let other = row.fields.iter().find(|(field, _, _)| !table.key.contains(field));
    if let (Some(true), Some((field, extent, _)), true) = (row.absent, other, table.lost.has_all(&["key"])) {
        let message = format!("an absent row says something of `{field}`");
        problems.push(
            Diagnostic::error(codes::ABSENT_WITH_FIELDS, head.place(*extent), message)
                .help("remove the other fields, or remove `absent: true`"),
        );
    }
}

fn no_key(row: &Row<'_>, table: &Table<'_>, head: &Head) -> Diagnostic {
    let lacking = table.key.iter().find(|field| row.key(std::slice::from_ref(field)).is_none());
    let said = row.fields.iter().find(|(field, _, _)| Some(field) == lacking);
    let name = lacking.map_or("", |field| field);
    let (extent, message) = match said {
        Some((_, extent, _)) => (*extent, format!("the key `{name}` of the row is empty")),
        None => (row.extent, format!("the row lacks its key `{name}`")),
    };
    Diagnostic::error(codes::NO_KEY, head.place(extent), message)
        .help("without its key a row cannot be told from others: give it a text")
}

/// Warns of keys that are the same but for upper and lower case: Alma takes them for two.
fn near_keys<'a>(
    rows: impl Iterator<Item = &'a Row<'a>>,
    table: &Table<'_>,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, (String, Extent)> = BTreeMap::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for parts in rows.filter(|row| !table.lost_key(row)).filter_map(|row| row.key(&table.key)) {
        let key = shown(&parts);
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
                Diagnostic::warning(codes::KEYS_DIFFER_IN_CASE, head.place(extent), message)
                    .related(head.place(*first_extent), "the other one")
                    .help("keys are case-sensitive: make sure that two rows are meant"),
            );
        }
    }
}

fn symbols<'a>(parts: &[At<&'a Text>]) -> Vec<(u8, &'a str)> {
    parts.iter().map(|part| symbol(part.value)).collect()
}

fn symbol(text: &Text) -> (u8, &str) {
    match text {
        Text::Plain(text) => (0, text),
        Text::Var(name) => (1, &name.value),
    }
}

fn shown(parts: &[At<&Text>]) -> String {
    let texts: Vec<String> = (parts.iter())
        .map(|part| match part.value {
            Text::Plain(text) => text.as_ref().to_owned(),
            Text::Var(name) => format!("{{var: {}}}", name.value),
        })
        .collect();
    texts.join("|")
}
