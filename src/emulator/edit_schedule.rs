//! Schedule of librarian edits: immediate, or right after a request to race with.

use super::config::ZoneConfig;
use super::institution::EmulatedInstitution;
use super::librarian_edit::{EditAction, EditError, EditTarget, EditTrigger, LibrarianEdit, ScheduledEdit};
use super::table::ModificationStamp;

/// API request to a table, just completed.
#[derive(PartialEq, Eq)]
pub(super) enum TableEvent {
    Read,
    Write,
}

impl EmulatedInstitution {
    /// Applies an edit now, or schedules the edit.
    pub fn edit(&mut self, edit: LibrarianEdit, settings: &ZoneConfig) -> Result<(), EditError> {
        if !self.is_for_table(edit.kind, edit.name()) {
            return Err(match edit.kind {
                EditTarget::Code | EditTarget::Mapping => {
                    format!("zone `{}` has no table `{}` of this type", edit.zone, edit.name())
                }
                EditTarget::Electronic => format!("zone `{}` has no e-resource `{}`", edit.zone, edit.name()),
                EditTarget::Letter => format!("zone `{}` has no letter `{}`", edit.zone, edit.name()),
                EditTarget::Relations => {
                    format!("zone `{}` has no relations of library `{}`", edit.zone, edit.name())
                }
                EditTarget::OpenHours => {
                    format!("zone `{}` has no opening hours of `{}`", edit.zone, edit.name())
                }
            });
        }
        match edit.when {
            EditTrigger::Now => self.carry_out(&edit, settings),
            EditTrigger::AfterReads(left) | EditTrigger::AfterWrites(left) => {
                self.scheduled.push(ScheduledEdit { edit, left: left.max(1) });
                Ok(())
            }
        }
    }

    fn is_for_table(&self, kind: EditTarget, name: &str) -> bool {
        match kind {
            EditTarget::Code => self.code_tables.contains_key(name),
            EditTarget::Mapping => self.mapping_tables.contains_key(name),
            EditTarget::Letter => self.objects.letters.contains_key(name),
            EditTarget::Relations => self.objects.relations.contains_key(name),
            EditTarget::OpenHours => self.objects.open_hours.contains_key(name),
            EditTarget::Electronic => self.electronic.resources.contains_key(name),
        }
    }

    fn carry_out(&mut self, edit: &LibrarianEdit, settings: &ZoneConfig) -> Result<(), EditError> {
        let LibrarianEdit { zone: _, kind, table: name, library, by, when: _, action } = edit;
        let library = library.as_deref().unwrap_or_default();
        let stamp = ModificationStamp { by: by.clone(), date: settings.today.clone() };
        self.forget_written();
        match (kind, action) {
            (EditTarget::Code, EditAction::Remove) => drop(self.code_tables.remove(name)),
            (EditTarget::Mapping, EditAction::Remove) => drop(self.mapping_tables.remove(name)),
            (EditTarget::Code, action) => {
                if let Some(table) = self.code_tables.get_mut(name) {
                    table.edit(library, action, stamp)?;
                }
            }
            (EditTarget::Letter, action) => self.objects.edit_letter(name, action, stamp)?,
            (EditTarget::Relations, action) => self.objects.edit_relations(library, action)?,
            (EditTarget::OpenHours, action) => self.objects.edit_hours(library, action)?,
            (EditTarget::Mapping, action) => {
                if let Some(table) = self.mapping_tables.get_mut(name) {
                    table.edit(library, action, stamp)?;
                }
            }
            (EditTarget::Electronic, action) => self.electronic.edit(name, action)?,
        }
        Ok(())
    }

    /// Applies scheduled edits triggered by the request.
    pub fn come(&mut self, kind: EditTarget, name: &str, happened: TableEvent, settings: &ZoneConfig) {
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        for mut scheduled in self.scheduled.drain(..) {
            let LibrarianEdit { kind: of, when, .. } = &scheduled.edit;
            let counts = match when {
                EditTrigger::Now => false,
                EditTrigger::AfterReads(_) => happened == TableEvent::Read,
                EditTrigger::AfterWrites(_) => happened == TableEvent::Write,
            };
            if counts && *of == kind && scheduled.edit.name() == name {
                scheduled.left -= 1;
            }
            if scheduled.left == 0 { due.push(scheduled.edit) } else { rest.push(scheduled) }
        }
        self.scheduled = rest;
        for edit in due {
            // The result is ignored: deleting a missing row is fine.
            let _ = self.carry_out(&edit, settings);
        }
    }
}
