//! Text about the settings of the service.

use std::fmt::Write as _;

use super::formatting::{BOLD, safe, safe_line, styled, wrap_whole};
use super::view::PlanTextView;
use crate::model::cut_list::cut_sentence_list;
use crate::model::grouped_number::count;
use crate::model::{
    FieldValue, GroupedNumber, MemberValue, Plan, SelectedMembers, ServiceSettings, ServiceValue, ZoneCode,
};
use crate::render::decisions::ZoneNames;

/// First line of the section.
pub const SERVICE_TITLE: &str = "Service: settings that no zone contains. No total counts them.";

/// Columns before the settings.
const INDENT: usize = 6;
/// Maximum number of members in a list.
const SHOWN_MEMBERS: usize = 8;

/// Returns the manifest with its location: `KIND/follow (a.yaml:1:1)`.
pub fn service_heading(settings: &ServiceSettings) -> String {
    format!("{} ({})", settings.declared_at.manifest, settings.declared_at)
}

/// Returns the settings in one sentence: `appliesTo: all 24 members; create: onUse; ...`.
pub fn service_sentence(settings: &ServiceSettings) -> String {
    SettingWords { code: &|code| code.to_string() }.settings(settings).join("; ")
}

/// Words for settings. `code` returns the form of zone codes.
struct SettingWords<'a> {
    code: &'a dyn Fn(&ZoneCode) -> String,
}

impl SettingWords<'_> {
    fn settings(&self, settings: &ServiceSettings) -> Vec<String> {
        let members = format!("appliesTo: {}", self.members(&settings.applies_to));
        let others = settings.settings.iter().map(|(name, value)| format!("{name}: {}", self.value(value)));
        std::iter::once(members).chain(others).collect()
    }

    /// Returns the settings in lines of at most `columns` columns, each setting in one piece if it fits.
    fn lines(&self, settings: &ServiceSettings, columns: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for setting in self.settings(settings) {
            let fits = |line: &&mut String| line.chars().count() + setting.chars().count() + 2 <= columns;
            match lines.last_mut().filter(fits) {
                Some(line) => line.push_str(&format!("; {setting}")),
                None => lines.push(setting),
            }
        }
        lines.iter().flat_map(|line| wrap_whole(line, columns)).collect()
    }

    fn value(&self, value: &ServiceValue) -> String {
        match value {
            ServiceValue::Members(members) => self.members(members),
            ServiceValue::Same(value) => field_text(value),
            ServiceValue::ByMember(values) => {
                let part = |MemberValue { value, members }: &MemberValue| {
                    format!("{} ({})", field_text(value), self.codes(members))
                };
                values.iter().map(part).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Returns the number of members, with the shorter of the lists of selected and other members.
    fn members(&self, SelectedMembers { selected, left_out }: &SelectedMembers) -> String {
        let all = count(selected.len() + left_out.len(), "member");
        let number = GroupedNumber(selected.len() as u64);
        match (left_out.is_empty(), left_out.len() < selected.len()) {
            (true, _) => format!("all {all}"),
            (false, true) => format!("{number} of {all}, not {}", self.codes(left_out)),
            (false, false) => format!("{number} of {all}, {}", self.codes(selected)),
        }
    }

    fn codes(&self, members: &[ZoneCode]) -> String {
        cut_sentence_list(members.iter().map(self.code), SHOWN_MEMBERS)
    }
}

fn field_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => "any".to_owned(),
        FieldValue::Bool(flag) => flag.to_string(),
        FieldValue::Text(text) => text.to_string(),
        FieldValue::List(texts) => texts.join(", "),
    }
}

/// Writes the section, if there are settings.
pub(super) fn write_service(out: &mut String, plan: &Plan, view: &PlanTextView, names: &ZoneNames<'_>) {
    if plan.service.is_empty() {
        return;
    }
    let words = SettingWords { code: &|code| names.short(code).to_string() };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", styled(BOLD, SERVICE_TITLE));
    for settings in &plan.service {
        let _ = writeln!(out, "  * {}", safe(service_heading(settings)));
        for line in words.lines(settings, view.width.saturating_sub(INDENT).max(20)) {
            let _ = writeln!(out, "{:INDENT$}{}", "", safe_line(&line));
        }
    }
    out.push('\n');
}
