//! Manifests name fields as people do, zones as they please: this is where the two meet.

use std::collections::BTreeMap;

use crate::model::{
    DesiredRecord, DesiredValue, FailureClass, FieldChange, FieldName, FieldValue, ObservedCollection,
    Record, ZoneFailure,
};

/// The names of one observed collection's fields.
pub struct FieldNames<'a> {
    observed: &'a ObservedCollection,
    people: BTreeMap<&'a FieldName, &'a FieldName>,
}

/// What a manifest wants of one field.
pub struct DesiredField<'a> {
    /// The collection's own word for the field.
    pub field: &'a FieldName,
    /// The manifest's word for it.
    pub name: &'a FieldName,
    /// What is wanted.
    pub value: &'a DesiredValue,
}

impl DesiredField<'_> {
    /// What fulfils it.
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
    /// Both ways of naming the fields of a collection.
    pub fn from_observed(observed: &'a ObservedCollection) -> Self {
        let people = observed.aliases.iter().map(|(alias, field)| (field, alias)).collect();
        Self { observed, people }
    }

    /// The collection's own word for a field that a manifest mentions. Where the zone does not say what
    /// its fields are, it is the manifest's.
    ///
    /// # Errors
    /// `Mismatch` where the zone has no such field: the manifest must use a name that it has.
    pub fn resolve<'b>(&'b self, name: &'b FieldName) -> Result<&'b FieldName, ZoneFailure> {
        if self.observed.columns.is_empty() {
            return Ok(self.observed.aliases.get(name).unwrap_or(name));
        }
        if let Some(field) = self.observed.columns.iter().find(|field| *field == name) {
            return Ok(field);
        }
        if let Some(field) = self.observed.aliases.get(name) {
            return Ok(field);
        }
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
            format!("the zone's {} has no column `{name}`{}", self.observed.id, near.unwrap_or_default()),
        );
        Err(failure.help(format!("the zone's columns are {}", known.join(", "))))
    }

    /// The collection's own words for several fields, in the same order.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_all(&self, names: &[FieldName]) -> Result<Vec<FieldName>, ZoneFailure> {
        names.iter().map(|name| self.resolve(name).cloned()).collect()
    }

    /// The people's word for one of the collection's own fields.
    pub fn display_name<'b>(&'b self, field: &'b FieldName) -> &'b FieldName {
        self.people.get(field).copied().unwrap_or(field)
    }

    /// An observed record under the names that people use.
    pub fn shown_record(&self, fields: &Record) -> Record {
        fields.iter().map(|(field, value)| (self.display_name(field).clone(), value.clone())).collect()
    }

    /// What a manifest wants of a record, in the order of the collection's own field names.
    ///
    /// # Errors
    /// `Mismatch` where a name is unknown, or where two names mean the same field.
    pub fn resolve_record<'b>(
        &'b self,
        record: &'b DesiredRecord,
    ) -> Result<Vec<DesiredField<'b>>, ZoneFailure> {
        let mut wishes = Vec::with_capacity(record.fields.len());
        for (name, value) in &record.fields {
            wishes.push(DesiredField { field: self.resolve(name)?, name, value });
        }
        wishes.sort_by_key(|wish| wish.field);
        let mut pairs = wishes.iter().zip(wishes.iter().skip(1));
        if let Some((one, other)) = pairs.find(|(one, other)| one.field == other.field) {
            return Err(ZoneFailure::new(
                FailureClass::Mismatch,
                format!(
                    "`{}` and `{}` are the same column of the zone's {}",
                    one.name, other.name, self.observed.id
                ),
            )
            .help(format!("keep one of them at {}", record.provenance)));
        }
        Ok(wishes)
    }
}
