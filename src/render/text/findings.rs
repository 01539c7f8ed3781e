//! Text of findings of guards and policies, with help.

use std::fmt::Write as _;

use super::decisions::DecisionWriter;
use super::formatting::{ADD, CHANGE, REMOVE, safe, styled};
use crate::model::{Finding, FindingEffect};

/// Columns before reason, zones and help of a finding.
const DETAIL_INDENT: usize = 6;

/// Writes all findings, severest first, and the result for the plan.
pub(super) fn write_findings(out: &mut String, findings: &[Finding], writer: &mut DecisionWriter<'_>) {
    for finding in findings {
        write_finding(out, finding, writer);
    }
    if findings.iter().any(|finding| finding.effect == FindingEffect::Deny) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {} Nothing of this plan will be written.", styled(REMOVE, "Denied."));
    }
}

fn write_finding(out: &mut String, finding: &Finding, writer: &mut DecisionWriter<'_>) {
    let Finding { effect, guard, zones, message, help, span } = finding;
    let (style, effect_words) = match effect {
        FindingEffect::Deny => (REMOVE, "denied by"),
        FindingEffect::Defer => (REMOVE, "held by"),
        FindingEffect::RequireApproval => (CHANGE, "approval required by"),
        FindingEffect::Warn => (CHANGE, "warning of"),
        FindingEffect::Overridden { .. } => (ADD, "overridden:"),
    };
    let place = span.as_ref().map(|span| format!(" ({span})")).unwrap_or_default();
    writer.write_item(out, style, '!', &safe(format_args!("{effect_words} {guard}: {message}{place}")));
    if let FindingEffect::Overridden { reason } = effect {
        writer.write_indented(out, DETAIL_INDENT, &safe(format_args!("reason: {reason}")));
    }
    if zones.len() > 1 {
        let words = writer.zone_words(zones);
        writer.write_indented(out, DETAIL_INDENT, &format!("in {words}"));
    }
    if let Some(help) = help {
        // A command is copied, so it stays in one line. Writing to a String cannot fail.
        let _ = writeln!(out, "{}help: {}", " ".repeat(DETAIL_INDENT), safe(help));
    }
}
