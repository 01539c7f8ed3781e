//! Text about the settings of the service.

use std::fmt::Write as _;

use super::formatting::{BOLD, safe, styled, wrapped};
use crate::model::cut_list::cut_sentence_list;
use crate::model::grouped_number::count;
use crate::model::{
    FieldValue, GroupedNumber, MemberValue, Plan, SelectedMembers, ServiceSettings, ServiceValue, ZoneCode,
};

/// First line of the section.
pub const SERVICE_TITLE: &str = "Service: settings that no zone contains. No total counts them.";

/// Width of the settings.
const COLUMNS: usize = 94;
/// Maximum number of members in a list.
const SHOWN_MEMBERS: usize = 8;

/// Returns the manifest with its location: `KIND/follow (a.yaml:1:1)`.
pub fn service_heading(settings: &ServiceSettings) -> String {
    format!("{} ({})", settings.declared_at.manifest, settings.declared_at)
}

/// Returns the settings in one sentence: `appliesTo: all 24 members; create: onUse; ...`.
pub fn service_sentence(settings: &ServiceSettings) -> String {
    setting_texts(settings).collect::<Vec<_>>().join("; ")
}

fn setting_texts(settings: &ServiceSettings) -> impl Iterator<Item = String> {
    let members = format!("appliesTo: {}", members_text(&settings.applies_to));
    let others = settings.settings.iter().map(|(name, value)| format!("{name}: {}", value_text(value)));
    std::iter::once(members).chain(others)
}

/// Returns the settings in lines, each setting in one piece if it fits.
fn setting_lines(settings: &ServiceSettings) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for setting in setting_texts(settings) {
        let fits = |line: &&mut String| line.chars().count() + setting.chars().count() + 2 <= COLUMNS;
        match lines.last_mut().filter(fits) {
            Some(line) => line.push_str(&format!("; {setting}")),
            None => lines.push(setting),
        }
    }
    // A word that is harmless in a line may not be so at its start.
    lines.iter().flat_map(|line| wrapped(line, COLUMNS)).map(safe).collect()
}

fn value_text(value: &ServiceValue) -> String {
    match value {
        ServiceValue::Members(members) => members_text(members),
        ServiceValue::Same(value) => field_text(value),
        ServiceValue::ByMember(values) => {
            let part = |MemberValue { value, members }: &MemberValue| {
                format!("{} ({})", field_text(value), codes(members))
            };
            values.iter().map(part).collect::<Vec<_>>().join(", ")
        }
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

/// Returns the number of members, with the shorter of the lists of selected and other members.
fn members_text(SelectedMembers { selected, left_out }: &SelectedMembers) -> String {
    let all = count(selected.len() + left_out.len(), "member");
    let number = GroupedNumber(selected.len() as u64);
    match (left_out.is_empty(), left_out.len() < selected.len()) {
        (true, _) => format!("all {all}"),
        (false, true) => format!("{number} of {all}, not {}", codes(left_out)),
        (false, false) => format!("{number} of {all}, {}", codes(selected)),
    }
}

fn codes(members: &[ZoneCode]) -> String {
    cut_sentence_list(members.iter().map(ZoneCode::as_str), SHOWN_MEMBERS)
}

/// Writes the section, if there are settings.
pub(super) fn write_service(out: &mut String, plan: &Plan) {
    if plan.service.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", styled(BOLD, SERVICE_TITLE));
    for settings in &plan.service {
        let _ = writeln!(out, "  * {}", safe(service_heading(settings)));
        for line in setting_lines(settings) {
            let _ = writeln!(out, "      {line}");
        }
    }
    out.push('\n');
}
