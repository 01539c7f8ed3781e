//! Records that a plan deletes or switches off, each with its place and its zones by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::decisions::{DecisionWriter, ITEM_INDENT, RowForm};
use super::formatting::{BOLD, CHANGE, REMOVE, safe, styled, thousands};
use super::view::PlanTextView;
use crate::model::{ApplyMode, ChangeAction};
use crate::render::decisions::row_words::{collection_words, key_text};
use crate::render::decisions::value_words::{sentence_words, value_words};
use crate::render::decisions::{DecisionVariant, FieldChangeContent, PlanDecision, ZoneWordsForm};

/// Most columns of a value in the list; the decisions show the value whole.
const LONG_VALUE: usize = 300;

/// Most lines of the list. Only a plan that removes records with many different contents is longer.
const REMOVAL_LINES: usize = 1_500;

/// Writes the block; nothing if nothing is removed.
pub(super) fn write_removals(
    out: &mut String,
    view: &PlanTextView,
    decisions: &[PlanDecision<'_>],
    writer: &mut DecisionWriter<'_>,
) {
    let is_planned = |variant: &&DecisionVariant<'_>| {
        variant.takes_away() && matches!(variant.example.mode, ApplyMode::Apply | ApplyMode::Manual)
    };
    let mut found: Vec<(&PlanDecision<'_>, &DecisionVariant<'_>)> = decisions
        .iter()
        .flat_map(|decision| {
            decision.variants.iter().filter(is_planned).map(move |variant| (decision, variant))
        })
        .collect();
    if found.is_empty() {
        return;
    }
    found.sort_by_key(|(_, variant)| variant.action() != ChangeAction::Delete);
    let mut numbers: BTreeMap<bool, usize> = BTreeMap::new();
    for (_, variant) in &found {
        *numbers.entry(variant.action() == ChangeAction::Delete).or_default() += variant.records.len();
    }
    let number = |deleted: bool, word: &str| {
        let number = numbers.get(&deleted).copied().unwrap_or(0);
        (number > 0).then(|| format!("{} {word}", thousands(number as u64)))
    };
    let totals: Vec<String> =
        number(true, "destroyed").into_iter().chain(number(false, "disabled")).collect();
    writer.write_aligned(out, 0, BOLD, "Removed or disabled", &totals.join(", "));
    let mut items = String::new();
    for (decision, variant) in found {
        let (style, sign) = match variant.action() {
            ChangeAction::Delete => (REMOVE, '-'),
            ChangeAction::Create | ChangeAction::Update => (CHANGE, '~'),
        };
        let what = format!("{} {}", collection_words(&decision.collection), key_text(variant, &writer.names));
        let place = match decision.provenance.is_revert() {
            true => safe(&decision.provenance.manifest),
            false => safe(format_args!(
                "{}:{}",
                decision.provenance.span.file, decision.provenance.span.start.line
            )),
        };
        let mut line = String::new();
        writer.write_aligned(&mut line, ITEM_INDENT, Style::new(), what.trim_end(), &place);
        // The sign stands in the indent.
        let line = line.get(ITEM_INDENT..).unwrap_or_default();
        let _ = match (writer.form, sign) {
            (RowForm::Terminal, _) => write!(items, "  {} {line}", styled(style, sign)),
            (RowForm::Diff, '~') => write!(items, "!   {line}"),
            (RowForm::Diff, _) => write!(items, "{sign}   {line}"),
        };
        let zones = writer.names.in_order(variant.records.iter().map(|record| record.zone()));
        let reach = decision.reach.map_or(&[][..], |reach| &reach.zones);
        let of = writer.names.in_order(reach.iter().chain(zones.iter().copied()));
        let mut words = writer.names.words(&zones, &of, &[], ZoneWordsForm::Names, &mut writer.sets);
        let subjects = writer.names.in_order(variant.records.iter().filter_map(|record| record.subject));
        if !subjects.is_empty() {
            let names = writer.names.words(&subjects, &subjects, &[], ZoneWordsForm::Names, &mut writer.sets);
            let _ = write!(words, " for {names}");
        }
        let fields: Vec<String> = variant
            .fields
            .iter()
            .filter_map(|field| match &field.change {
                FieldChangeContent::Removed(value) => {
                    let words = value_words(value, &writer.names);
                    let words = match words.chars().count() {
                        0..=LONG_VALUE => words,
                        length => format!("({} characters, see below)", thousands(length as u64)),
                    };
                    Some(format!("{} {words}", safe(&field.name)))
                }
                FieldChangeContent::Set(_) | FieldChangeContent::Edit { .. } => None,
            })
            .collect();
        if !fields.is_empty() {
            let _ = write!(words, "{}{}", view.separator(), fields.join(view.separator()));
        }
        if let Some(reason) = &variant.reason {
            let reason = sentence_words(reason, &writer.names);
            let _ = write!(words, "{}{reason}", view.separator());
        }
        writer.write_indented(&mut items, ITEM_INDENT, &words);
    }
    writer.write_limited(out, &items, REMOVAL_LINES, "--verbose");
    out.push('\n');
}
