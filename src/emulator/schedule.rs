//! Lets librarians into a zone: at once, or just after the request that they are to race.

use super::behaviour::Settings;
use super::edit::{Action, Edit, Moment, Problem, Scheduled, Subject};
use super::institution::Institution;
use super::table::Stamp;

/// What the API has just done with a table.
#[derive(PartialEq, Eq)]
pub(super) enum Happened {
    Read,
    Write,
}

impl Institution {
    /// Does an edit now, or remembers it for its moment.
    pub fn edit(&mut self, edit: Edit, settings: &Settings) -> Result<(), Problem> {
        if !self.holds(edit.kind, edit.name()) {
            return Err(match edit.kind {
                Subject::Code | Subject::Mapping => {
                    format!("`{}` has no table `{}` of this kind", edit.zone, edit.name())
                }
                Subject::Electronic => format!("`{}` has no e-resource `{}`", edit.zone, edit.name()),
                Subject::Letter => format!("`{}` has no letter `{}`", edit.zone, edit.name()),
                Subject::Relations => format!("`{}` has no relations of `{}`", edit.zone, edit.name()),
                Subject::OpenHours => format!("`{}` has no calendar of `{}`", edit.zone, edit.name()),
            });
        }
        match edit.when {
            Moment::Now => self.carry_out(&edit, settings),
            Moment::AfterReads(left) | Moment::AfterWrites(left) => {
                self.scheduled.push(Scheduled { edit, left: left.max(1) });
                Ok(())
            }
        }
    }

    fn holds(&self, kind: Subject, name: &str) -> bool {
        match kind {
            Subject::Code => self.code_tables.contains_key(name),
            Subject::Mapping => self.mapping_tables.contains_key(name),
            Subject::Letter => self.objects.letters.contains_key(name),
            Subject::Relations => self.objects.relations.contains_key(name),
            Subject::OpenHours => self.objects.open_hours.contains_key(name),
            Subject::Electronic => self.electronic.resources.contains_key(name),
        }
    }

    fn carry_out(&mut self, edit: &Edit, settings: &Settings) -> Result<(), Problem> {
        let Edit { zone: _, kind, table: name, library, by, when: _, action } = edit;
        let library = library.as_deref().unwrap_or_default();
        let stamp = Stamp { by: by.clone(), date: settings.today.clone() };
        self.forget_written();
        match (kind, action) {
            (Subject::Code, Action::Remove) => drop(self.code_tables.remove(name)),
            (Subject::Mapping, Action::Remove) => drop(self.mapping_tables.remove(name)),
            (Subject::Code, action) => {
                if let Some(table) = self.code_tables.get_mut(name) {
                    table.edit(library, action, stamp)?;
                }
            }
            (Subject::Letter, action) => self.objects.edit_letter(name, action, stamp)?,
            (Subject::Relations, action) => self.objects.edit_relations(library, action)?,
            (Subject::OpenHours, action) => self.objects.edit_hours(library, action)?,
            (Subject::Mapping, action) => {
                if let Some(table) = self.mapping_tables.get_mut(name) {
                    table.edit(library, action, stamp)?;
                }
            }
            (Subject::Electronic, action) => self.electronic.edit(name, action)?,
        }
        Ok(())
    }

    /// Carries out the edits whose moment has come with this request.
    pub fn come(&mut self, kind: Subject, name: &str, happened: Happened, settings: &Settings) {
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        for mut scheduled in self.scheduled.drain(..) {
            let Edit { kind: of, when, .. } = &scheduled.edit;
            let counts = match when {
                Moment::Now => false,
                Moment::AfterReads(_) => happened == Happened::Read,
                Moment::AfterWrites(_) => happened == Happened::Write,
            };
            if counts && *of == kind && scheduled.edit.name() == name {
                scheduled.left -= 1;
            }
            if scheduled.left == 0 { due.push(scheduled.edit) } else { rest.push(scheduled) }
        }
        self.scheduled = rest;
        for edit in due {
            // Nobody waits for its result: a row that is no longer there needs no deleting.
            let _ = self.carry_out(&edit, settings);
        }
    }
}
