//! Patron blocks copied between source and target institutions, and the services that they block.

use std::sync::Arc;

use super::code_usage::{CodeUsage, in_use};
use super::linked_account_rules::{BlockCopying, LinkedAccount, link_at};
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
use crate::model::alma_codes::BlockedAction;
pub use crate::model::alma_codes::{BlockedService, COPIED_BLOCK as COPIED, SENT_BACK_BLOCK as SENT_HOME};
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

/// Returns the services that a blocked action blocks, by its code; `None` for an undocumented code.
pub fn blocked_services(action: &str) -> Option<&'static [BlockedService]> {
    BlockedAction::from_word(action).map(BlockedAction::services)
}

/// Patron block that came from another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopiedBlock {
    /// Copy on the linked account.
    Copy,
    /// Block of a target institution, sent back to the source.
    Home,
}

/// Effect of a patron block.
#[derive(Debug, Clone, Copy)]
pub enum BlockEffect<'a> {
    /// Services blocked by the definition.
    Stops(&'static [BlockedService], RowView<'a>),
    /// No effect.
    Idle(IneffectiveReason<'a>),
}

impl BlockEffect<'_> {
    /// Returns the blocked services.
    pub fn blocked_services(&self) -> &'static [BlockedService] {
        match self {
            Self::Stops(services, _) => services,
            Self::Idle(_) => &[],
        }
    }
}

/// Reason why a block has no effect.
#[derive(Debug, Clone, Copy)]
pub enum IneffectiveReason<'a> {
    /// No block definition exists.
    NoDefinition,
    /// Definition disabled.
    DefinitionDisabled(RowView<'a>),
    /// Description disabled.
    DescriptionDisabled(RowView<'a>),
    /// Definition with a missing description.
    NoDescription(RowView<'a>),
}

/// Returns the enabled network block definitions of a zone, with their completeness.
///
/// # Errors
/// Returns the reason if the definitions are unknown. A [`TableCompleteness::DeclaredOnly`] result may omit
/// network blocks.
pub fn network_block_definitions<'a>(
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> Result<(impl Iterator<Item = RowView<'a>>, TableCompleteness), Arc<str>> {
    let table = settings.table(zone, &SettingsCollection::BlockDefinitions)?;
    Ok((table.entries().filter(|definition| travels(*definition)), table.extent))
}

/// Returns true for an enabled network block definition.
pub fn travels(definition: RowView<'_>) -> bool {
    // Alma's default: no network block (release notes of 2017).
    definition.is_on() && definition.flag("Network Block") == Some(true)
}

/// Returns the definition of a block by type and description code, preferably an enabled one.
pub fn definition<'a>(table: &'a SettingsTable, block_type: &str, description: &str) -> Option<RowView<'a>> {
    let is = |definition: &RowView<'_>| {
        definition.text_field("Type") == Some(block_type)
            && definition.text_field("Description") == Some(description)
    };
    let on = table.entries().filter(is).find(RowView::is_on);
    on.or_else(|| table.entries().find(is))
}

/// Returns the source's definitions of blocks copied to a linked account.
///
/// Covers only the known definitions.
///
/// # Errors
/// Unknown if the rule does not declare block copying, or the definitions are unknown.
pub fn copied_block_definitions<'a>(
    linked: &LinkedAccount<'_>,
    from: &ZoneCode,
    settings: &'a NetworkSettings,
) -> MaybeKnown<Vec<RowView<'a>>> {
    match linked.copies_blocks {
        None => MaybeKnown::Unknown(undeclared_copying(linked).into()),
        Some(BlockCopying::None) => MaybeKnown::Known(Vec::new()),
        Some(BlockCopying::Network) => match network_block_definitions(from, settings) {
            Ok((definitions, _)) => MaybeKnown::Known(definitions.collect()),
            Err(why) => MaybeKnown::Unknown(why),
        },
    }
}

pub(super) fn undeclared_copying(linked: &LinkedAccount<'_>) -> String {
    format!("the rule `{}` does not declare whether it copies patron blocks", linked.name)
}

/// Returns the effect of a copied block in a zone.
///
/// # Errors
/// Unknown if a definition or description is undeclared or unreadable.
pub fn effect<'a>(
    arrived: CopiedBlock,
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> MaybeKnown<BlockEffect<'a>> {
    effect_or_why(arrived, zone, settings).into()
}

fn effect_or_why<'a>(
    arrived: CopiedBlock,
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> Result<BlockEffect<'a>, Arc<str>> {
    let table = settings.table(zone, &SettingsCollection::BlockDefinitions)?;
    let (found, is_absent) = match arrived {
        CopiedBlock::Copy => (definition(table, COPIED, COPIED), false),
        CopiedBlock::Home => (
            table.find("ID", SENT_HOME),
            table.absent_rows().any(|definition| definition.text_field("ID") == Some(SENT_HOME)),
        ),
    };
    let Some(definition) = found else {
        return match table.extent {
            TableCompleteness::DeclaredOnly if !is_absent => Err(match arrived {
                CopiedBlock::Copy => format!("no manifest declares the patron block `{COPIED}` at {zone}"),
                CopiedBlock::Home => format!("no manifest declares the patron block `{SENT_HOME}` at {zone}"),
            }
            .into()),
            TableCompleteness::DeclaredOnly | TableCompleteness::Complete => {
                Ok(BlockEffect::Idle(IneffectiveReason::NoDefinition))
            }
        };
    };
    if !definition.is_on() {
        return Ok(BlockEffect::Idle(IneffectiveReason::DefinitionDisabled(definition)));
    }
    let code = definition.text_field("Description").unwrap_or_default();
    let descriptions = settings.table(zone, &SettingsCollection::BlockDescriptions)?;
    match in_use(descriptions, |row| row.text_field("code") == Some(code)) {
        CodeUsage::Yes(_) => {}
        CodeUsage::Off(row) => return Ok(BlockEffect::Idle(IneffectiveReason::DescriptionDisabled(row))),
        CodeUsage::Missing(_) => return Ok(BlockEffect::Idle(IneffectiveReason::NoDescription(definition))),
        CodeUsage::Unsaid => {
            return Err(format!(
                "no manifest declares whether the block description `{code}` is enabled at {zone}"
            )
            .into());
        }
    }
    let action = definition.text_field("Blocked Action").unwrap_or_default();
    match blocked_services(action) {
        Some(services) => Ok(BlockEffect::Stops(services, definition)),
        None => Err(format!("unknown blocked action `{action}` at {zone}").into()),
    }
}

/// Returns true if a block sent back to the source institution is then copied to the next target.
///
/// Without a next target, depends only on the network block mark.
///
/// # Errors
/// Unknown if the mark or the rule at the next target is unknown.
pub fn travels_on(
    question: &PatronQuestion,
    home: &BlockEffect<'_>,
    settings: &NetworkSettings,
) -> MaybeKnown<bool> {
    let PatronQuestion { source: from, user_group, target: _, expires, next_target: on_to } = question;
    let marked = match home {
        BlockEffect::Stops(_, definition) => match (definition.flag("Network Block"), definition.silence()) {
            (None, MissingFieldMeaning::Unknown) => {
                let why = format!("no manifest declares whether `{SENT_HOME}` is a network block at {from}");
                return MaybeKnown::Unknown(why.into());
            }
            (_, _) => travels(*definition),
        },
        BlockEffect::Idle(_) => false,
    };
    match on_to {
        Some(on_to) if marked => match link_at(from, user_group, *expires, on_to, settings) {
            MaybeKnown::Known(Ok(linked)) => match linked.copies_blocks {
                Some(copying) => MaybeKnown::Known(copying == BlockCopying::Network),
                None => MaybeKnown::Unknown(undeclared_copying(&linked).into()),
            },
            MaybeKnown::Known(Err(_)) => MaybeKnown::Known(false),
            MaybeKnown::Unknown(why) => MaybeKnown::Unknown(why),
        },
        Some(_) | None => MaybeKnown::Known(marked),
    }
}
