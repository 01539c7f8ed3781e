//! One record of a calendar: an entry, or the periods of one day.

use std::sync::Arc;

use super::{Hour, KEY};
use crate::kinds::scope::{Entry, Scope};
use crate::manifest::codes;
use crate::manifest::node::Extent;
use crate::model::Value;

/// One record of a calendar.
pub(super) struct Wanted<'a> {
    pub key: [Arc<str>; 4],
    pub first: &'a Hour,
    pub extent: Extent,
    pub description: Option<(Arc<str>, Extent)>,
    pub hours: Vec<(String, Extent)>,
}

impl Wanted<'_> {
    /// Adds a further period.
    pub fn and(
        &mut self,
        hour: &Hour,
        period: Option<(String, Extent)>,
    ) -> Result<(), (&'static str, String)> {
        let (Some(last), Some(period)) = (self.hours.last(), period) else {
            return Err((codes::DUPLICATE_ROW, "an entry about these days is there already".to_owned()));
        };
        if let Some(field) = self.first.disagrees(hour) {
            return Err((codes::PERIODS, format!("two periods of one day disagree about `{field}`")));
        }
        // Both are `HH:MM-HH:MM`, which sorts as time does.
        if last.0.get(6..) > period.0.get(..5) {
            let message = format!("the period {} does not follow {}", period.0, last.0);
            return Err((codes::PERIODS, message));
        }
        self.hours.push(period);
        Ok(())
    }

    pub fn entry<'a>(&self, scope: &Scope<'a, '_>) -> Entry<'a> {
        let mut entry = scope.record(self.extent);
        for (field, text) in KEY.iter().zip(&self.key).filter(|(_, text)| !text.is_empty()) {
            entry = entry.with(field, Arc::clone(text), self.extent);
        }
        if let Some((_, extent)) = self.hours.first() {
            entry =
                entry.with("hours", Value::list(self.hours.iter().map(|(hours, _)| hours.as_str())), *extent);
        }
        if let Some((description, extent)) = &self.description {
            entry = entry.with("description", Arc::clone(description), *extent);
        }
        entry = entry.with_some("status", self.first.status.as_ref());
        if let Some(recurrence) = &self.first.recurrence {
            entry = entry.with("recurrence", recurrence.value.as_str(), recurrence.extent);
        }
        match self.first.absent {
            Some(true) => entry.absent(),
            Some(false) | None => entry,
        }
    }
}
