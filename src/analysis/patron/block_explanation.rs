//! Explanation of copied patron blocks, as facts and text.

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

/// Maximum number of definitions with a reason of their own.
const FEW: usize = 3;

/// Adds the blocks copied from the source institution, and the blocked services at the target.
pub fn from_home(
    builder: &mut ExplanationBuilder,
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
            builder.add_reason(format!("{why}; the member's setting applies"), ground);
            for fact in ["copiesBlocks", "blocks", "blockedActions"] {
                builder.fact(fact, MaybeKnown::Unknown(why.as_str().into()));
            }
            return;
        }
        Some(BlockCopying::None) => {
            let left = "earlier copies remain (inferred)";
            builder.add_reason(format!("the rule copies no patron blocks; {left}"), ground);
            builder.add_fact("copiesBlocks", false);
            builder.add_fact("blocks", FieldValue::Null);
            builder.add_fact("blockedActions", FieldValue::Null);
            return;
        }
        Some(BlockCopying::Network) => {
            let says = "the rule copies network blocks; each refresh deletes and recreates all copies";
            builder.add_reason(says, ground);
            builder.add_fact("copiesBlocks", true);
        }
    }
    let copied = copied_block_definitions(linked, from, settings);
    match &copied {
        MaybeKnown::Known(definitions) => travel(builder, question, definitions, settings),
        MaybeKnown::Unknown(why) => builder.add_alma_reason(why.to_string()),
    }
    let all_are_known = extent(question, settings) == Some(TableCompleteness::Complete);
    let none = all_are_known && copied.get().is_some_and(Vec::is_empty);
    builder.fact(
        "blocks",
        copied.map(|definitions| {
            FieldValue::list(definitions.iter().filter_map(|definition| definition.text_field("ID")))
        }),
    );
    if none {
        builder.add_fact("blockedActions", FieldValue::Null);
        return;
    }
    let effect = effect(CopiedBlock::Copy, at, settings);
    match &effect {
        MaybeKnown::Known(effect) => {
            let (does, ground) = does(effect, target, &format!("with type and description `{COPIED}`"));
            builder.add_reason(format!("a copied patron block of {source} {does}"), ground);
        }
        MaybeKnown::Unknown(why) => builder.add_alma_reason(why.to_string()),
    }
    builder.fact("blockedActions", effect.map(|effect| services_value(effect.blocked_services())));
}

fn extent(question: &PatronQuestion, settings: &NetworkSettings) -> Option<TableCompleteness> {
    network_block_definitions(&question.source, settings).ok().map(|(_, extent)| extent)
}

/// Adds the definitions of copied blocks.
fn travel(
    builder: &mut ExplanationBuilder,
    question: &PatronQuestion,
    definitions: &[RowView<'_>],
    settings: &NetworkSettings,
) {
    let source = settings.name(&question.source);
    for definition in definitions.iter().take(FEW) {
        let id = definition.text_field("ID").unwrap_or_default();
        let says = format!("patron blocks of `{id}` are copied, as network blocks of {source}");
        builder.add_reason(says, definition.ground("Network Block"));
    }
    if definitions.len() > FEW {
        let rest = definitions[FEW..]
            .iter()
            .filter_map(|definition| definition.text_field("ID"))
            .collect::<Vec<_>>();
        builder.add_alma_reason(format!("also copied: patron blocks of {}", abbreviated_list(rest.iter())));
    }
    match (definitions.is_empty(), extent(question, settings)) {
        (_, Some(TableCompleteness::DeclaredOnly) | None) => {
            let says = format!(
                "undeclared network blocks of {source} may exist; run with --observed to include them"
            );
            builder.add_alma_reason(says);
        }
        (true, Some(TableCompleteness::Complete)) => {
            builder.add_alma_reason(format!("{source} has no network blocks"));
        }
        (false, Some(TableCompleteness::Complete)) => {}
    }
}

/// Adds the effects of a block made at the target institution.
pub fn from_target(builder: &mut ExplanationBuilder, question: &PatronQuestion, settings: &NetworkSettings) {
    let PatronQuestion { source: from, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let home = match effect(CopiedBlock::Home, from, settings) {
        MaybeKnown::Known(home) => home,
        MaybeKnown::Unknown(why) => {
            builder.add_alma_reason(why.to_string());
            for fact in ["sentToSource", "blockedAtSource", "sentToOtherTargets"] {
                builder.fact(fact, MaybeKnown::Unknown(why.clone()));
            }
            return;
        }
    };
    let sent = match &home {
        BlockEffect::Stops(_, _) => {
            let (does, ground) = does(&home, source, &format!("with ID `{SENT_HOME}`"));
            builder.add_reason(
                format!("a patron block made at {target} is sent to the source institution and {does}"),
                ground,
            );
            true
        }
        BlockEffect::Idle(_) => {
            let (does, ground) = does(&home, source, &format!("with ID `{SENT_HOME}`"));
            builder.add_reason(
                format!("a patron block made at {target} is not sent to the source institution: it {does} (inferred)"),
                ground,
            );
            false
        }
    };
    builder.add_fact("sentToSource", sent);
    builder.add_fact("blockedAtSource", services_value(home.blocked_services()));
    let on = travels_on(question, &home, settings);
    if let BlockEffect::Stops(_, definition) = &home {
        onwards(builder, question, *definition, &on, settings);
    }
    builder.fact("sentToOtherTargets", on.map(FieldValue::Bool));
}

/// Adds the reason why a block sent back to the source is copied onwards, or not.
fn onwards(
    builder: &mut ExplanationBuilder,
    question: &PatronQuestion,
    definition: RowView<'_>,
    on: &MaybeKnown<bool>,
    settings: &NetworkSettings,
) {
    let source = settings.name(&question.source);
    let marked = travels(definition);
    let says = match (marked, on) {
        (true, _) => {
            format!("the definition is a network block of {source}, so the block is copied to other members")
        }
        (false, MaybeKnown::Known(_)) => {
            format!(
                "the definition is not a network block of {source}, so the block is not copied to other members"
            )
        }
        (false, MaybeKnown::Unknown(why)) => why.to_string(),
    };
    builder.add_reason(says, definition.ground("Network Block"));
    let Some(on_to) = question.next_target.as_ref().filter(|_| marked) else { return };
    let third = settings.name(on_to);
    match (on, link_at(&question.source, &question.user_group, question.expires, on_to, settings)) {
        (MaybeKnown::Unknown(why), _) => builder.add_alma_reason(why.to_string()),
        (MaybeKnown::Known(_), MaybeKnown::Known(Ok(linked))) => {
            let does = match linked.copies_blocks {
                Some(BlockCopying::Network) => "copies",
                Some(BlockCopying::None) | None => "does not copy",
            };
            let says = format!("the rule `{}` at {third} {does} network blocks", linked.name);
            builder.add_reason(says, linked.rule.ground("copyNetworkBlocks"));
        }
        (MaybeKnown::Known(_), MaybeKnown::Known(Err(refused))) => {
            let says = format!("the patron gets no linked account at {third} (error {})", refused.code());
            builder.add_alma_reason(says);
        }
        (MaybeKnown::Known(_), MaybeKnown::Unknown(_)) => {}
    }
}

/// Returns the effect of a block in a zone as text, with the source of the reason.
fn does(effect: &BlockEffect<'_>, zone: &str, which: &str) -> (String, ReasonSource) {
    let id = |definition: &RowView<'_>| definition.text_field("ID").unwrap_or_default().to_owned();
    match effect {
        BlockEffect::Stops(services, definition) => {
            let what = services.iter().map(|service| service.as_str()).collect::<Vec<_>>().join(", ");
            let says = format!("blocks {what} at {zone} by definition `{}`", id(definition));
            (says, definition.ground("Blocked Action"))
        }
        BlockEffect::Idle(IneffectiveReason::NoDefinition) => {
            (format!("has no effect at {zone}: no definition {which}"), ReasonSource::AlmaDefault)
        }
        BlockEffect::Idle(IneffectiveReason::DefinitionDisabled(definition)) => {
            let says = format!("has no effect at {zone}: definition `{}` is disabled", id(definition));
            (says, definition.ground("enabled"))
        }
        BlockEffect::Idle(IneffectiveReason::DescriptionDisabled(row)) => {
            let code = row.text_field("code").unwrap_or_default();
            let says = format!("has no effect at {zone}: its description `{code}` is disabled");
            (says, row.ground("enabled"))
        }
        BlockEffect::Idle(IneffectiveReason::NoDescription(definition)) => {
            let says = format!("has no effect at {zone}: its description does not exist");
            (says, definition.ground("Description"))
        }
    }
}

fn services_value(services: &[BlockedService]) -> FieldValue {
    FieldValue::list(services.iter().map(|service| service.as_str()))
}
