//! Which blocks reach whom, in facts and in words.

use super::blocks::{
    BlockEffect, BlockedService, COPIED, CopiedBlock, IneffectiveReason, SENT_HOME, copied_block_definitions,
    effect, network_block_definitions, travels, travels_on, undeclared_copying,
};
use super::link_explanation::abbreviated_list;
use super::linked_account_rules::{BlockCopying, LinkedAccount, link_at};
use crate::analysis::explanation_builder::ExplanationBuilder;
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_table::{RowView, TableCompleteness};
use crate::model::{FieldValue, MaybeKnown, PatronQuestion, ReasonSource};

/// How many definitions are told one by one.
const FEW: usize = 3;

/// Blocks that the patron brings along, and what they stop at the target.
pub fn from_home(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    linked: &LinkedAccount<'_>,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let ground = linked.rule.ground("copyNetworkBlocks");
    match linked.copies_blocks {
        None => {
            let why = undeclared_copying(linked);
            telling.add_reason(format!("{why}: it does as the member has it"), ground);
            for fact in ["copiesBlocks", "blocks", "stops"] {
                telling.fact(fact, MaybeKnown::Unknown(why.as_str().into()));
            }
            return;
        }
        Some(BlockCopying::None) => {
            let left = "copies made before stay, which is inferred";
            telling.add_reason(format!("it copies no blocks; {left}"), ground);
            telling.add_fact("copiesBlocks", false);
            telling.add_fact("blocks", FieldValue::Null);
            telling.add_fact("stops", FieldValue::Null);
            return;
        }
        Some(BlockCopying::Network) => {
            let says = "it copies network blocks: at every refresh all copies are deleted and made again";
            telling.add_reason(says, ground);
            telling.add_fact("copiesBlocks", true);
        }
    }
    let copied = copied_block_definitions(linked, from, settings);
    match &copied {
        MaybeKnown::Known(definitions) => travel(telling, question, definitions, settings),
        MaybeKnown::Unknown(why) => telling.add_reason(why.to_string(), ReasonSource::AlmaDefault),
    }
    let all_are_known = extent(question, settings) == Some(TableCompleteness::Complete);
    let none = all_are_known && copied.get().is_some_and(Vec::is_empty);
    telling.fact(
        "blocks",
        copied
            .map(|definitions| FieldValue::list(definitions.iter().filter_map(|each| each.text_field("ID")))),
    );
    if none {
        telling.add_fact("stops", FieldValue::Null);
        return;
    }
    let effect = effect(CopiedBlock::Copy, at, settings);
    match &effect {
        MaybeKnown::Known(effect) => {
            let (does, ground) = does(effect, target, &format!("of the type and description `{COPIED}`"));
            telling.add_reason(format!("a copy of a block of {source} {does}"), ground);
        }
        MaybeKnown::Unknown(why) => telling.add_reason(why.to_string(), ReasonSource::AlmaDefault),
    }
    telling.fact("stops", effect.map(|effect| services_value(effect.blocked_services())));
}

fn extent(question: &PatronQuestion, settings: &NetworkSettings) -> Option<TableCompleteness> {
    network_block_definitions(&question.source, settings).ok().map(|(_, extent)| extent)
}

/// The definitions by which blocks are copied.
fn travel(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    definitions: &[RowView<'_>],
    settings: &NetworkSettings,
) {
    let source = settings.name(&question.source);
    for definition in definitions.iter().take(FEW) {
        let id = definition.text_field("ID").unwrap_or_default();
        let says = format!("blocks of `{id}` are copied: it is a network block at {source}");
        telling.add_reason(says, definition.ground("Network Block"));
    }
    if definitions.len() > FEW {
        let rest = definitions[FEW..].iter().filter_map(|each| each.text_field("ID")).collect::<Vec<_>>();
        telling.add_reason(
            format!("so are those of {}", abbreviated_list(rest.iter())),
            ReasonSource::AlmaDefault,
        );
    }
    match (definitions.is_empty(), extent(question, settings)) {
        (_, Some(TableCompleteness::DeclaredOnly) | None) => {
            let says = format!("only declared definitions are told: {source} may have other network blocks");
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        (true, Some(TableCompleteness::Complete)) => {
            telling.add_reason(format!("{source} has no network block"), ReasonSource::AlmaDefault);
        }
        (false, Some(TableCompleteness::Complete)) => {}
    }
}

/// What becomes of a block that is made at the target.
pub fn from_target(telling: &mut ExplanationBuilder, question: &PatronQuestion, settings: &NetworkSettings) {
    let PatronQuestion { source: from, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let home = match effect(CopiedBlock::Home, from, settings) {
        MaybeKnown::Known(home) => home,
        MaybeKnown::Unknown(why) => {
            telling.add_reason(why.to_string(), ReasonSource::AlmaDefault);
            for fact in ["sentHome", "stopsAtHome", "travelsOn"] {
                telling.fact(fact, MaybeKnown::Unknown(why.clone()));
            }
            return;
        }
    };
    let sent = match &home {
        BlockEffect::Stops(_, _) => {
            let (does, ground) = does(&home, source, &format!("with the ID `{SENT_HOME}`"));
            telling.add_reason(format!("a block made at {target} is sent home and {does}"), ground);
            true
        }
        BlockEffect::Idle(_) => {
            let (does, ground) = does(&home, source, &format!("with the ID `{SENT_HOME}`"));
            telling.add_reason(
                format!("a block made at {target} is not sent home: it {does} (inferred)"),
                ground,
            );
            false
        }
    };
    telling.add_fact("sentHome", sent);
    telling.add_fact("stopsAtHome", services_value(home.blocked_services()));
    let on = travels_on(question, &home, settings);
    if let BlockEffect::Stops(_, definition) = &home {
        onwards(telling, question, *definition, &on, settings);
    }
    telling.fact("travelsOn", on.map(FieldValue::Bool));
}

/// Why a block that was sent home travels on, or does not.
fn onwards(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    definition: RowView<'_>,
    on: &MaybeKnown<bool>,
    settings: &NetworkSettings,
) {
    let source = settings.name(&question.source);
    let marked = travels(definition);
    let says = match (marked, on) {
        (true, _) => format!("there it is a network block, which travels on from {source}"),
        (false, MaybeKnown::Known(_)) => {
            format!("there it is no network block, and travels no further than {source}")
        }
        (false, MaybeKnown::Unknown(why)) => why.to_string(),
    };
    telling.add_reason(says, definition.ground("Network Block"));
    let Some(on_to) = question.next_target.as_ref().filter(|_| marked) else { return };
    let third = settings.name(on_to);
    match (on, link_at(&question.source, &question.user_group, question.expires, on_to, settings)) {
        (MaybeKnown::Unknown(why), _) => telling.add_reason(why.to_string(), ReasonSource::AlmaDefault),
        (MaybeKnown::Known(_), MaybeKnown::Known(Ok(linked))) => {
            let does = match linked.copies_blocks {
                Some(BlockCopying::Network) => "copies",
                Some(BlockCopying::None) | None => "does not copy",
            };
            let says = format!("the rule `{}` at {third} {does} network blocks", linked.name);
            telling.add_reason(says, linked.rule.ground("copyNetworkBlocks"));
        }
        (MaybeKnown::Known(_), MaybeKnown::Known(Err(refused))) => {
            let says = format!("the patron gets no linked account at {third} (error {})", refused.code());
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        (MaybeKnown::Known(_), MaybeKnown::Unknown(_)) => {}
    }
}

/// What a block does in a zone, by which definition, and who says so.
fn does(effect: &BlockEffect<'_>, zone: &str, which: &str) -> (String, ReasonSource) {
    let id = |definition: &RowView<'_>| definition.text_field("ID").unwrap_or_default().to_owned();
    match effect {
        BlockEffect::Stops(stops, definition) => {
            let what = stops.iter().map(|stop| stop.as_str()).collect::<Vec<_>>().join(", ");
            let says = format!("stops {what} at {zone}, by the definition `{}`", id(definition));
            (says, definition.ground("Blocked Action"))
        }
        BlockEffect::Idle(IneffectiveReason::NoDefinition) => (
            format!("does nothing at {zone}, where no definition {which} is there"),
            ReasonSource::AlmaDefault,
        ),
        BlockEffect::Idle(IneffectiveReason::DefinitionDisabled(definition)) => {
            let says =
                format!("does nothing at {zone}, where the definition `{}` is switched off", id(definition));
            (says, definition.ground("enabled"))
        }
        BlockEffect::Idle(IneffectiveReason::DescriptionDisabled(row)) => {
            let code = row.text_field("code").unwrap_or_default();
            let says = format!("does nothing at {zone}, where its description `{code}` is switched off");
            (says, row.ground("enabled"))
        }
        BlockEffect::Idle(IneffectiveReason::NoDescription(definition)) => {
            let says = format!("does nothing at {zone}, where its description is not there");
            (says, definition.ground("Description"))
        }
    }
}

fn services_value(stops: &[BlockedService]) -> FieldValue {
    FieldValue::list(stops.iter().map(|stop| stop.as_str()))
}
