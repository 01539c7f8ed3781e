//! Text of `zonal doctor`.

use super::formatting::{ADD, CHANGE, REMOVE, count, safe, styled, thousands, zone_list};
use crate::render::json::doctor::{CheckResult, CheckStatus, DoctorJson};

/// Number of zones that a line names; more stand on lines of their own.
const NAMED: usize = 3;

/// Returns the results as text: one line a check, equal results of many zones once, and the fix below.
pub fn doctor(result: &DoctorJson) -> String {
    let mut out = String::new();
    let widest = result.checks.iter().map(|check| check.check.as_str().len()).max().unwrap_or_default();
    for check in &result.checks {
        out.push_str(&line(check, result, widest));
    }
    let problems = match (result.failures, result.warnings) {
        (0, 0) => "nothing to do".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (failures, 0) => count(failures, "failure"),
        (failures, warnings) => format!("{}, {}", count(failures, "failure"), count(warnings, "warning")),
    };
    out.push_str(&format!("\nChecked {}: {problems}.\n", count(result.zones, "zone")));
    out
}

fn line(check: &CheckResult, result: &DoctorJson, widest: usize) -> String {
    let zones = result.zones;
    let mark = match check.status {
        CheckStatus::Ok => styled(ADD, "✓"),
        CheckStatus::Warning => styled(CHANGE, "!"),
        CheckStatus::Failure => styled(REMOVE, "✗"),
    };
    let whom = match check.zones.as_slice() {
        [] => String::new(),
        all if all.len() == zones && zones > 1 => format!("all {zones} zones: "),
        few if few.len() <= NAMED => {
            let codes: Vec<String> = few.iter().map(safe).collect();
            format!("{}: ", codes.join(", "))
        }
        many => format!("{} zones: ", many.len()),
    };
    let number = match (check.least, check.most) {
        (Some(least), Some(most)) if least != most => format!("{} to {} ", thousands(least), thousands(most)),
        (Some(number), _) => format!("{} ", thousands(number)),
        (None, _) => String::new(),
    };
    let name = format!("{:widest$}", check.check.as_str());
    let mut out = format!("{mark} {name}  {whom}{number}{}\n", safe(&check.message));
    // Without a name, nobody knows which zones differ from the others.
    let is_alike = |other: &&CheckResult| (other.check, other.status) == (check.check, check.status);
    let needs_names = check.status != CheckStatus::Ok || result.checks.iter().filter(is_alike).count() > 1;
    let indent = " ".repeat(widest + 4);
    if needs_names && check.zones.len() > NAMED && check.zones.len() != zones {
        out.push_str(&format!("{}\n", zone_list(&check.zones, &indent)));
    }
    out.extend(check.fix.iter().map(|fix| format!("{indent}fix: {}\n", safe(fix))));
    out
}
