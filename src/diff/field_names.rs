//! Resolves manifest field names to the field names of an observed collection.

use std::collections::BTreeMap;

use crate::model::{
    DesiredRecord, DesiredValue, FailureClass, FieldChange, FieldName, FieldValue, ObservedCollection,
    Record, ZoneFailure,
};

/// Field names of one observed collection, with their aliases.
pub struct FieldNames<'a> {
    observed: &'a ObservedCollection,
    people: BTreeMap<&'a FieldName, &'a FieldName>,
}

/// Desired value of one field.
pub struct DesiredField<'a> {
    /// Field name of the collection.
    pub field: &'a FieldName,
    /// Field name in the manifest.
    pub name: &'a FieldName,
    /// Desired value.
    pub value: &'a DesiredValue,
}

impl DesiredField<'_> {
    /// Returns the field change that sets the desired value.
    pub fn edit(&self, before: Option<FieldValue>) -> FieldChange {
        FieldChange {
            field: self.field.clone(),
            name: self.name.clone(),
            before,
            after: self.value.value.clone(),
            provenance: self.value.provenance.clone(),
        }
    }
}

impl<'a> FieldNames<'a> {
    /// Collects the field names and aliases of a collection.
    pub fn from_observed(observed: &'a ObservedCollection) -> Self {
        let people = observed.aliases.iter().map(|(alias, field)| (field, alias)).collect();
        Self { observed, people }
    }

    /// Returns the collection's own field name for a name in a manifest. Without known columns, the
    /// manifest's name is used.
    ///
    /// # Errors
    /// Returns `Mismatch` if the zone does not have such a field.
    pub fn resolve<'b>(&'b self, name: &'b FieldName) -> Result<&'b FieldName, ZoneFailure> {
        self.find(name).ok_or_else(|| self.unknown_column(name))
    }

    /// Returns the collection's own field name like [`Self::resolve`]; `None` if the zone does not have such a field.
    pub fn find<'b>(&'b self, name: &'b FieldName) -> Option<&'b FieldName> {
        let alias = || self.observed.aliases.get(name);
        if self.observed.columns.is_empty() {
            return Some(alias().unwrap_or(name));
        }
        self.observed.columns.iter().find(|field| *field == name).or_else(alias)
    }

    fn unknown_column(&self, name: &FieldName) -> ZoneFailure {
        let known: Vec<String> =
            self.observed.columns.iter().map(|field| format!("`{}`", self.display_name(field))).collect();
        let near = self
            .observed
            .aliases
            .keys()
            .find(|alias| alias.to_lowercase() == name.to_lowercase())
            .map(|alias| format!("; did you mean `{alias}`"));
        let failure = ZoneFailure::new(
            FailureClass::Mismatch,
            format!("{} of the zone has no column `{name}`{}", self.observed.id, near.unwrap_or_default()),
        );
        failure.help(format!("columns of the zone: {}", known.join(", ")))
    }

    /// Resolves several field names, in the same order.
    ///
    /// # Errors
    /// Fails like [`Self::resolve`].
    pub fn resolve_all(&self, names: &[FieldName]) -> Result<Vec<FieldName>, ZoneFailure> {
        names.iter().map(|name| self.resolve(name).cloned()).collect()
    }

    /// Returns the display name of one of the collection's own fields.
    pub fn display_name<'b>(&'b self, field: &'b FieldName) -> &'b FieldName {
        self.people.get(field).copied().unwrap_or(field)
    }

    /// Returns an observed record under display names.
    pub fn shown_record(&self, fields: &Record) -> Record {
        fields.iter().map(|(field, value)| (self.display_name(field).clone(), value.clone())).collect()
    }

    /// Returns the desired fields of a record, ordered by the collection's own field names.
    ///
    /// # Errors
    /// Returns `Mismatch` if a name is unknown, or if two names refer to the same field.
    pub fn resolve_record<'b>(
        &'b self,
        record: &'b DesiredRecord,
    ) -> Result<Vec<DesiredField<'b>>, ZoneFailure> {
        let mut wishes = Vec::with_capacity(record.fields.len());
        for (name, value) in &record.fields {
            let field = match self.find(name) {
                Some(field) => field,
                // A zone shows a column without a header only while a row has a value there.
                None if value.value == FieldValue::Null && is_column_number(name) => continue,
                None => return Err(self.unknown_column(name)),
            };
            wishes.push(DesiredField { field, name, value });
        }
        wishes.sort_by_key(|wish| wish.field);
        let mut pairs = wishes.iter().zip(wishes.iter().skip(1));
        if let Some((one, other)) = pairs.find(|(one, other)| one.field == other.field) {
            return Err(ZoneFailure::new(
                FailureClass::Mismatch,
                format!(
                    "`{}` and `{}` are the same column of {} of the zone",
                    one.name, other.name, self.observed.id
                ),
            )
            .help(format!("keep one of them at {}", record.provenance)));
        }
        Ok(wishes)
    }
}

/// Returns true for a mapping table's own name of a column, such as `column4`.
fn is_column_number(name: &FieldName) -> bool {
    name.strip_prefix("column").is_some_and(|number| number.parse::<u8>().is_ok())
}
