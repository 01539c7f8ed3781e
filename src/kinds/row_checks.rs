//! Checks rows of table manifests, without the network.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::table_manifest::TableManifest;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{Diagnostic, FieldName, UnlistedPolicy};

/// Row of a table manifest.
#[derive(Debug)]
pub struct RowSpec<'a> {
    /// Location of the row.
    pub extent: NodeSpan,
    /// Fields, including key fields, with their locations.
    pub fields: Vec<(FieldName, NodeSpan, RowValue<'a>)>,
    /// Value of `absent`, if present.
    pub absent: Option<bool>,
    /// Value of `managed`, if present.
    pub managed: Option<Spanned<bool>>,
    /// Unreadable parts of the row.
    pub lost: &'a UnreadableParts,
    /// Unreadable parts of the map with the row's key.
    pub lost_key: &'a UnreadableParts,
}

/// Declared value of a row's field.
#[derive(Debug, Clone, Copy)]
pub enum RowValue<'a> {
    /// `null`: clears the field.
    Null,
    /// Boolean.
    Bool(bool),
    /// Text or variable.
    Text(&'a TextOrVariable),
}

impl<'a> RowValue<'a> {
    /// Returns the value of a text or `null`.
    pub fn nullable(text: &'a Nullable<TextOrVariable>) -> Self {
        match text {
            Nullable::Null => Self::Null,
            Nullable::Value(text) => Self::Text(text),
        }
    }
}

impl RowSpec<'_> {
    /// Returns true if the row uses a variable and therefore differs per zone.
    pub fn depends_on_zone(&self) -> bool {
        self.fields.iter().any(|(_, _, said)| matches!(said, RowValue::Text(text) if text.depends_on_zone()))
    }

    /// Returns the written key in comparable form, or `None` for an incomplete key.
    pub fn written_key(&self, key: &[FieldName]) -> Option<Vec<(u8, &str)>> {
        self.key(key).map(|parts| symbols(&parts))
    }

    /// Returns the location of `managed: false`.
    pub fn unmanaged(&self) -> Option<NodeSpan> {
        self.managed.filter(|managed| !managed.value).map(|managed| managed.extent)
    }

    /// Returns the written key, or `None` if any part is missing, `null` or empty.
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

/// Checks all rows of a manifest, including override rows.
pub fn check(table: &TableManifest<'_>, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let lists = || std::iter::once(&table.rows).chain(table.overrides.iter().map(|each| &each.rows));
    for rows in lists() {
        check_list(rows, table, head, &mut problems);
    }
    let shared = table.rows.iter().filter_map(RowSpec::unmanaged);
    problems.extend(shared.map(|extent| {
        let message = "`managed: false` is allowed only in the rows of an override";
        Diagnostic::error(diagnostic_codes::UNMANAGED_ROW, head.place(extent), message)
            .help("remove the row, or move it to `overrides` with the zones that manage it themselves")
    }));
    near_keys(lists().flatten(), table, head, &mut problems);
    let speaks = lists().any(|rows| !rows.is_empty())
        || table.unlisted != UnlistedPolicy::Keep
        || table.overrides.iter().any(|each| !matches!(each.unlisted, None | Some(UnlistedPolicy::Keep)));
    if !speaks && table.lost.has_all(&["rows", "unlisted", "overrides"]) {
        problems.push(
            Diagnostic::warning(
                diagnostic_codes::DOES_NOTHING,
                head.span(),
                format!("`{}` has no effect", head.manifest),
            )
            .help("the manifest has no rows and `unlisted` is `keep`: add rows, or remove the manifest"),
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
        unmanaged(row, table, head, problems);
        if table.lost_key(row) {
            continue;
        }
        let Some(parts) = row.key(&table.key) else {
            problems.push(no_key(row, table, head));
            continue;
        };
        let key = symbols(&parts);
        // Two rows with the same key share the location of the key.
        let extent = parts.first().map_or(row.extent, |part| part.extent);
        match seen.get(&key) {
            Some([first, first_row]) => {
                // YAML aliases of one row share one key location.
                let (extent, first) =
                    if extent == *first { (row.extent, first_row) } else { (extent, first) };
                let message = format!("row `{}` is declared twice", key_text(&parts));
                problems.push(
                    Diagnostic::error(diagnostic_codes::DUPLICATE_ROW, head.place(extent), message)
                        .with_secondary_span(head.place(*first), "first here")
                        .help("remove one of the rows"),
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
                    .help("remove the space unless the row in the zone also contains it"),
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
    // With an unreadable table key, any field may be part of the key.
    let other = row.fields.iter().find(|(field, _, _)| !table.key.contains(field));
    if let (Some(true), Some((field, extent, _)), true) = (row.absent, other, table.lost.has_all(&["key"])) {
        let message = format!("`{field}` is not allowed in a row with `absent: true`");
        problems.push(
            Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(*extent), message)
                .help("remove the other fields, or remove `absent: true`"),
        );
    }
}

/// Reports other fields in a row with `managed: false`.
fn unmanaged(
    row: &RowSpec<'_>,
    table: &TableManifest<'_>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(extent) = row.unmanaged() else { return };
    let other = row.fields.iter().find(|(field, _, _)| !table.key.contains(field));
    if (other.is_some() || row.absent.is_some()) && table.lost.has_all(&["key"]) {
        let message = "a row with `managed: false` has only its key";
        problems.push(
            Diagnostic::error(diagnostic_codes::UNMANAGED_ROW, head.place(extent), message)
                .help("remove the other fields, or remove `managed: false`"),
        );
    }
}

fn no_key(row: &RowSpec<'_>, table: &TableManifest<'_>, head: &ManifestHeader) -> Diagnostic {
    let lacking = table.key.iter().find(|field| row.key(std::slice::from_ref(field)).is_none());
    let said = row.fields.iter().find(|(field, _, _)| Some(field) == lacking);
    let name = lacking.map_or("", |field| field);
    let (extent, message) = match said {
        Some((_, extent, _)) => (*extent, format!("the row's key `{name}` is empty")),
        None => (row.extent, format!("the row has no key `{name}`")),
    };
    let near = row.fields.iter().find(|(field, _, _)| {
        said.is_none() && **field != *name && field.to_lowercase() == name.to_lowercase()
    });
    match near {
        Some((field, extent, _)) => {
            Diagnostic::error(diagnostic_codes::NO_KEY, head.place(*extent), message).help(format!(
                "write `{name}` instead of `{field}`, or the other way round in `key`: column names are case-sensitive"
            ))
        }
        None => Diagnostic::error(diagnostic_codes::NO_KEY, head.place(extent), message)
            .help("enter a text: the key identifies the row"),
    }
}

/// Warns of keys that differ only in letter case. Alma treats them as different keys.
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
            let message = format!("the keys `{key}` and `{first}` differ only in letter case");
            problems.push(
                Diagnostic::warning(diagnostic_codes::KEYS_DIFFER_IN_CASE, head.place(extent), message)
                    .with_secondary_span(head.place(*first_extent), "other row")
                    .help("keys are case-sensitive: check that both rows are intended"),
            );
        }
    }
}

fn symbols<'a>(parts: &[Spanned<&'a TextOrVariable>]) -> Vec<(u8, &'a str)> {
    parts.iter().map(|part| part.value.symbol()).collect()
}

fn key_text(parts: &[Spanned<&TextOrVariable>]) -> String {
    let texts: Vec<String> = parts.iter().map(|part| part.value.to_string()).collect();
    texts.join("|")
}
