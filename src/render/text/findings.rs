//! Text of findings of guards and policies, with help.

use std::fmt::Write as _;

use super::formatting::{ADD, CHANGE, DIM, REMOVE, safe, styled};
use crate::model::{Finding, FindingEffect, ZoneCode};

/// Writes all findings, severest first, and the result for the plan.
pub fn findings(out: &mut String, findings: &[Finding], zone_words: &mut dyn FnMut(&[ZoneCode]) -> String) {
    for each in findings {
        finding(out, each, zone_words);
    }
    if findings.iter().any(|finding| finding.effect == FindingEffect::Deny) {
        let _ = writeln!(out, "{} Nothing of this plan will be written.", styled(REMOVE, "Denied."));
    }
    if !findings.is_empty() {
        out.push('\n');
    }
}

fn finding(out: &mut String, finding: &Finding, zone_words: &mut dyn FnMut(&[ZoneCode]) -> String) {
    let Finding { effect: verdict, guard, zones, message, help, span: place } = finding;
    let (style, what) = match verdict {
        FindingEffect::Deny => (REMOVE, "denied by"),
        FindingEffect::Defer => (REMOVE, "held by"),
        FindingEffect::RequireApproval => (CHANGE, "approval required by"),
        FindingEffect::Warn => (CHANGE, "warning of"),
        FindingEffect::Overridden { .. } => (ADD, "overridden:"),
    };
    let place = place.as_ref().map_or_else(String::new, |place| styled(DIM, format_args!(" ({place})")));
    // Writing to a String cannot fail; this also holds below.
    let _ =
        writeln!(out, "{} {what} {}{place}", styled(style, '!'), safe(format_args!("{guard}: {message}")));
    if let FindingEffect::Overridden { reason } = verdict {
        let _ = writeln!(out, "    reason: {}", safe(reason));
    }
    if zones.len() > 1 {
        let _ = writeln!(out, "    in {}", zone_words(zones));
    }
    if let Some(help) = help {
        let _ = writeln!(out, "    help: {}", safe(help));
    }
}
