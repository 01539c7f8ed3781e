//! Text about records that zonal created and no manifest declares any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::formatting::{BOLD, count, styled};
use crate::model::Plan;
use crate::model::cut_list::cut_sentence_list;
use crate::model::text_safety::escape_invisible;

/// Maximum number of addresses in a line.
const SHOWN_ADDRESSES: usize = 3;

/// First line of the section.
pub const UNDECLARED_TITLE: &str =
    "No longer declared: zonal created these records, no manifest declares them now, and they stay.";

/// Ways out, one sentence each.
pub const UNDECLARED_WAYS_OUT: [&str; 3] = [
    "To manage them again, restore the manifest or its rows.",
    "To delete or disable them, set `prune` in the Network manifest.",
    "To stop managing them, use `zonal unmanage ADDRESS`, or `zonal unmanage KIND/NAME` for a removed manifest.",
];

/// Undeclared records of one manifest in one collection.
#[derive(Default)]
struct UndeclaredGroup<'a> {
    zones: BTreeSet<&'a str>,
    addresses: Vec<&'a str>,
}

/// Returns a sentence for each manifest and collection, with the numbers of records and zones and the first
/// addresses.
pub fn undeclared_sentences(plan: &Plan) -> Vec<String> {
    let mut groups: BTreeMap<(&str, String), UndeclaredGroup<'_>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            for gone in step.diff.outcome.iter().flat_map(|found| &found.undeclared) {
                let group = (&*gone.manifest, step.diff.id.to_string());
                let UndeclaredGroup { zones, addresses } = groups.entry(group).or_default();
                zones.insert(code.as_str());
                addresses.extend(gone.addresses.iter().map(String::as_str));
            }
        }
    }
    let sentence = |((manifest, collection), group): ((&str, String), UndeclaredGroup<'_>)| {
        let UndeclaredGroup { zones, addresses } = group;
        let (records, zones) = (count(addresses.len(), "record"), count(zones.len(), "zone"));
        let addresses = cut_sentence_list(&addresses, SHOWN_ADDRESSES);
        format!("{records} of {collection} in {zones}, created for {manifest}: {addresses}")
    };
    groups.into_iter().map(sentence).collect()
}

/// Writes the section, if there are such records.
pub(super) fn write_undeclared(out: &mut String, plan: &Plan) {
    let sentences = undeclared_sentences(plan);
    if sentences.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", styled(BOLD, UNDECLARED_TITLE));
    for sentence in sentences {
        let _ = writeln!(out, "  * {}", escape_invisible(&sentence));
    }
    for way_out in UNDECLARED_WAYS_OUT {
        let _ = writeln!(out, "  {way_out}");
    }
    out.push('\n');
}
