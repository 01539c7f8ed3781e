//! Builds calendar records: one entry, or the periods of one day.

use std::sync::Arc;

use super::OpenHourSpec;
use crate::kinds::manifest_expansion::{ManifestExpansion, RecordDraft};
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::FieldValue;
use crate::model::calendar::{CALENDAR_KEY, WEEK, WEEK_DESCRIPTION, WEEK_END};

/// Calendar record.
pub(super) struct CalendarRecord<'a> {
    pub key: [Arc<str>; 5],
    pub first: &'a OpenHourSpec,
    pub extent: NodeSpan,
    pub description: Option<(Arc<str>, NodeSpan)>,
    pub to: Option<(Arc<str>, NodeSpan)>,
    pub hours: Vec<(String, NodeSpan)>,
}

impl CalendarRecord<'_> {
    /// Adds a period.
    ///
    /// # Errors
    /// Returns the diagnostic code and message if the period does not fit.
    pub fn add_period(
        &mut self,
        hour: &OpenHourSpec,
        period: Option<(String, NodeSpan)>,
    ) -> Result<(), (&'static str, String)> {
        let (Some(last), Some(period)) = (self.hours.last(), period) else {
            return Err((
                diagnostic_codes::DUPLICATE_ROW,
                "an entry for this type, day, dates and description already exists".to_owned(),
            ));
        };
        if let Some(field) = self.first.disagrees(hour) {
            return Err((
                diagnostic_codes::PERIODS,
                format!("two periods of one day have different values of `{field}`"),
            ));
        }
        // Text order equals time order, because both texts are `HH:MM-HH:MM`.
        if last.0.get(6..) > period.0.get(..5) {
            let message = format!("the period {} does not follow the period {}", period.0, last.0);
            return Err((diagnostic_codes::PERIODS, message));
        }
        self.hours.push(period);
        Ok(())
    }

    pub fn entry<'a>(&self, scope: &ManifestExpansion<'a, '_>) -> RecordDraft<'a> {
        let mut entry = scope.record(self.extent);
        for (field, text) in CALENDAR_KEY.iter().zip(&self.key).filter(|(_, text)| !text.is_empty()) {
            entry = entry.with_field(field, Arc::clone(text), self.extent);
        }
        if let Some((_, extent)) = self.hours.first() {
            entry = entry.with_field(
                "hours",
                FieldValue::list(self.hours.iter().map(|(hours, _)| hours.as_str())),
                *extent,
            );
        }
        if self.first.kind == WEEK && self.first.absent != Some(true) {
            for (field, text) in [(WEEK_DESCRIPTION, &self.description), (WEEK_END, &self.to)] {
                if let Some((text, extent)) = text {
                    entry = entry.with_field(field, Arc::clone(text), *extent);
                }
            }
        }
        entry = entry.with_some("status", self.first.status.as_ref());
        if let Some(recurrence) = &self.first.recurrence {
            entry = entry.with_field("recurrence", recurrence.value.as_str(), recurrence.extent);
        }
        match self.first.absent {
            Some(true) => entry.absent(),
            Some(false) | None => entry,
        }
    }
}
