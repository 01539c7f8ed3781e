//! What the plan says of records that it does not change: notes, records that zonal stops managing, and
//! records that no manifest declares any more.

use maud::{Markup, html};

use super::action_required::zone_words;
use super::page_context::{PageContext, prose};
use crate::model::PlanCounts;
use crate::render::text::{
    UNDECLARED_TITLE, UNDECLARED_WAYS_OUT, notes, thousands, undeclared_sentences, unmanaged_notes,
};

/// Returns the section; empty if there is nothing to say.
pub fn other_records(context: &PageContext<'_>) -> Markup {
    let plan = context.plan;
    let PlanCounts {
        create_only_differences,
        attested,
        undeclared,
        unmanaged,
        detached,
        drifted,
        pending,
        conflict,
        converged,
        ..
    } = plan.counts();
    let counts = [
        (drifted, "drifted: the zone changed them since the last apply"),
        (pending, "pending: not applied yet"),
        (conflict, "in conflict"),
        (converged, "converged: manifests and zone changed alike"),
        (detached, "detached from the network"),
        (attested, "attested by people, not verified"),
        (unmanaged, "that zonal stops managing, which stay as they are"),
        (undeclared, "that zonal created and no manifest declares any more"),
        (create_only_differences, "different and kept, because of `enforcement: createOnly`"),
    ];
    let counts: Vec<_> = counts.into_iter().filter(|(number, _)| *number > 0).collect();
    let undeclared = undeclared_sentences(plan);
    let (notes, unmanaged) = (notes(plan), unmanaged_notes(plan));
    html! {
        @if !counts.is_empty() || !notes.is_empty() {
            section #others aria-labelledby="oh" {
                h2 #oh { "Other records" }
                @if !counts.is_empty() {
                    p.dim {
                        "Records: "
                        @for (index, (number, words)) in counts.iter().enumerate() {
                            @if index > 0 { "; " }
                            (thousands(*number as u64)) " " (prose(words))
                        }
                        "."
                    }
                }
                ul.items {
                    @for (note, zones) in &notes { li { span {} div.text { (prose(note)) } (zone_words(context, zones)) } }
                    @for (note, zones) in &unmanaged { li { span {} div.text { (prose(note)) } (zone_words(context, zones)) } }
                }
                @if !undeclared.is_empty() {
                    p { (UNDECLARED_TITLE) }
                    ul.plain { @for sentence in &undeclared { li { (prose(sentence)) } } }
                    p.dim { @for way in UNDECLARED_WAYS_OUT { (prose(way)) " " } }
                }
            }
        }
    }
}
