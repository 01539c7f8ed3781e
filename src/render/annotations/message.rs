//! Title and message of an annotation.

use std::fmt::Write as _;

use super::Annotation;
use super::subject::{AnnotationSubject, ChangeSimilarity};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{Change, ChangeAction, FieldChange, FindingEffect, ZoneCode, ZoneFailure};
use crate::render::text::{conflict, count, fate, last_changed, origin_text};
use crate::render::text_difference::{brief, distinct_brief_texts};

/// Maximum number of fields shown with values.
const FIELDS: usize = 6;

impl Annotation<'_> {
    /// Returns the subject, as a short title.
    pub fn subject(&self) -> String {
        match self.about {
            AnnotationSubject::Finding(finding) => format!("guard `{}`", escape_invisible(&finding.guard)),
            AnnotationSubject::Zone(_) => zones(&self.zones),
            AnnotationSubject::Collection(step, _) => escape_invisible(&step.diff.id.to_string()),
            AnnotationSubject::Change(change) => escape_invisible(&change.address.without_zone()),
        }
    }

    /// Returns the message, in one line.
    pub fn message(&self) -> String {
        let of_zones = match self.zones.is_empty() {
            true => String::new(),
            false => format!(" in {}", zones(&self.zones)),
        };
        match self.about {
            AnnotationSubject::Finding(finding) => {
                let (before, after) = match &finding.effect {
                    FindingEffect::Deny => ("forbids it", String::new()),
                    FindingEffect::Defer => ("holds it back", String::new()),
                    FindingEffect::RequireApproval => ("asks for an approval", String::new()),
                    FindingEffect::Warn => ("warns", String::new()),
                    FindingEffect::Overridden { reason } => {
                        ("was overridden", format!(" ({})", escape_invisible(reason)))
                    }
                };
                let help = help(finding.help.as_deref());
                format!("{before}{after}{of_zones}: {}{help}", escape_invisible(&finding.message))
            }
            AnnotationSubject::Zone(failure) => format!("could not be asked: {}", self.failure(failure)),
            AnnotationSubject::Collection(_, failure) => {
                format!("cannot be planned{of_zones}: {}", self.failure(failure))
            }
            AnnotationSubject::Change(change) => {
                let mut words = format!("{}{of_zones}", fate(change.mode, change.action, change.difference));
                match self.held {
                    0 => {}
                    all if all >= self.zones.len() => words.push_str(", held back for now"),
                    some => words.push_str(&format!(", held back in {}", count(some, "zone"))),
                }
                self.fields(change, &mut words);
                for (origin, zones) in &self.moved {
                    match *zones >= self.zones.len() {
                        true => words.push_str(&format!("; {}", origin_text(*origin))),
                        false => words.push_str(&format!(
                            "; in {}, {}",
                            count(*zones, "zone"),
                            origin_text(*origin)
                        )),
                    }
                }
                // Conflict and author differ between zones.
                if self.zones.len() == 1 {
                    for told in conflict(change).into_iter().chain(last_changed(change)) {
                        words.push_str(&format!("; {}", escape_invisible(&told)));
                    }
                }
                words
            }
        }
    }

    fn failure(&self, failure: &ZoneFailure) -> String {
        let more = if self.alike == ChangeSimilarity::Wholly { "" } else { ", and the like" };
        format!("{}{more}{}", escape_invisible(&failure.message), help(failure.help.as_deref()))
    }

    fn fields(&self, change: &Change, words: &mut String) {
        let (shown, omitted) = cut_list(&change.field_changes, FIELDS);
        for (index, FieldChange { field: _, name, before, after, provenance: _ }) in shown.iter().enumerate()
        {
            words.push_str(if index == 0 { ": " } else { ", " });
            // Writing to a String cannot fail.
            let _ = match (before, self.alike) {
                (_, ChangeSimilarity::InFields) => write!(words, "{}", escape_invisible(name)),
                (Some(before), ChangeSimilarity::Wholly)
                    if change.action == ChangeAction::Update && change.matches.is_none() =>
                {
                    let (before, after) = distinct_brief_texts(before, after);
                    write!(words, "{} {before} -> {after}", escape_invisible(name))
                }
                (_, ChangeSimilarity::InWhatComes | ChangeSimilarity::Wholly) => {
                    write!(words, "{} = {}", escape_invisible(name), brief(after))
                }
            };
        }
        words.extend(omitted.map(|omitted| format!(" {}", omitted.of("field"))));
    }
}

fn help(help: Option<&str>) -> String {
    help.map(|help| format!("; {}", escape_invisible(help))).unwrap_or_default()
}

/// Returns the codes of up to three zones, otherwise their number.
pub fn zones(zones: &[&ZoneCode]) -> String {
    match zones {
        [] => "the network".to_owned(),
        [one] => escape_invisible(one.as_str()),
        [one, other] => {
            format!("{} and {}", escape_invisible(one.as_str()), escape_invisible(other.as_str()))
        }
        [one, two, three] => {
            format!(
                "{}, {} and {}",
                escape_invisible(one.as_str()),
                escape_invisible(two.as_str()),
                escape_invisible(three.as_str())
            )
        }
        more => count(more.len(), "zone"),
    }
}
