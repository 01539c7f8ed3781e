//! Chooses the key columns of a table whose rows have no key of their own.

use std::collections::BTreeSet;

use crate::model::{FieldName, FieldValue, ObservedRecord};

/// Largest number of columns that is tried before all usable columns.
const FEW: usize = 3;

/// Returns the fewest columns that tell the rows of each zone apart and are never empty; `None` if rows of one
/// zone do not differ in such columns.
///
/// Among equally many columns, those with the fewest different keys in all zones: they align the zones best.
pub fn choose_key(columns: &[FieldName], zones: &[&[ObservedRecord]]) -> Option<Vec<FieldName>> {
    let text = |record: &ObservedRecord, column: &FieldName| match record.fields.get(column) {
        Some(FieldValue::Text(text)) => Some(text.to_string()),
        Some(_) | None => None,
    };
    let is_usable =
        |column: &&FieldName| zones.iter().all(|rows| rows.iter().all(|row| text(row, column).is_some()));
    let usable: Vec<&FieldName> = columns.iter().filter(is_usable).collect();
    let different_keys = |key: &[&FieldName]| -> Option<usize> {
        let mut all = BTreeSet::new();
        for rows in zones {
            let keys: BTreeSet<Vec<Option<String>>> =
                rows.iter().map(|row| key.iter().map(|column| text(row, column)).collect()).collect();
            if keys.len() < rows.len() {
                return None;
            }
            all.extend(keys);
        }
        Some(all.len())
    };
    for size in 1..=FEW.min(usable.len()) {
        let keys = combinations(&usable, size).into_iter();
        let telling = keys.filter_map(|key| Some((different_keys(&key)?, key)));
        if let Some((_, key)) = telling.min_by_key(|(number, _)| *number) {
            return Some(key.into_iter().cloned().collect());
        }
    }
    (!usable.is_empty() && different_keys(&usable).is_some()).then(|| usable.into_iter().cloned().collect())
}

/// Returns all choices of some columns, the leftmost first.
fn combinations<'c>(columns: &[&'c FieldName], size: usize) -> Vec<Vec<&'c FieldName>> {
    let Some((first, rest)) = columns.split_first().filter(|_| size > 0) else {
        return if size == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    let with_first = combinations(rest, size - 1).into_iter().map(|mut key| {
        key.insert(0, *first);
        key
    });
    with_first.chain(combinations(rest, size)).collect()
}

#[cfg(test)]
mod tests {
    use super::choose_key;
    use crate::model::{FieldName, FieldValue, ObservedRecord};

    fn rows(texts: &[&[&str]]) -> Vec<ObservedRecord> {
        let cell = |(index, text): (usize, &&str)| {
            let name: FieldName = format!("column{index}").into();
            (name, FieldValue::from_text(text))
        };
        let record = |cells: &&[&str]| ObservedRecord {
            fields: cells
                .iter()
                .enumerate()
                .map(cell)
                .filter(|(_, value)| *value != FieldValue::Null)
                .collect(),
            ..ObservedRecord::default()
        };
        texts.iter().map(record).collect()
    }

    fn chosen(zones: &[&[&[&str]]]) -> Option<Vec<String>> {
        let zones: Vec<Vec<ObservedRecord>> = zones.iter().map(|texts| rows(texts)).collect();
        let zones: Vec<&[ObservedRecord]> = zones.iter().map(Vec::as_slice).collect();
        let columns = ["column0", "column1", "column2"].map(FieldName::from);
        Some(choose_key(&columns, &zones)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn column_that_aligns_zones_is_preferred() {
        let key = chosen(&[&[&["Text A", "A", "x"], &["Text B", "B", "x"]], &[&["Texte A", "A", "x"]]]);
        assert_eq!(key.unwrap_or_default(), ["column1"]);
    }

    #[test]
    fn two_columns_tell_rows_apart_that_one_does_not() {
        let key = chosen(&[&[&["A", "1", ""], &["A", "2", ""], &["B", "1", "x"]]]);
        assert_eq!(key.unwrap_or_default(), ["column0", "column1"]);
    }

    #[test]
    fn equal_rows_have_no_key() {
        assert_eq!(chosen(&[&[&["A", "1", ""], &["A", "1", ""]]]), None);
        assert_eq!(chosen(&[&[&["", "", ""]]]), None);
    }
}
