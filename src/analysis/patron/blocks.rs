//! Which blocks travel between a patron's own member and those where it is linked, and what they stop there.

use std::sync::Arc;

use super::code_usage::{CodeUsage, in_use};
use super::linked_account_rules::{BlockCopying, LinkedAccount, link_at};
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, SettingsTable, TableCompleteness};
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

/// The type and the description of a copied block. That it is also the description is inferred from what consortia
/// set up; the type is in the release notes of 2017.
pub const COPIED: &str = "CONSORTIA";
/// The definition of a block that was sent home.
pub const SENT_HOME: &str = "FROM_TARGET";

/// Something that a block keeps a patron from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockedService {
    /// Borrowing.
    Loan,
    /// Renewing a loan.
    Renew,
    /// Asking for a hold.
    Hold,
    /// Asking for an interlibrary loan.
    InterlibraryLoan,
}

impl BlockedService {
    /// As expectations call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loan => "loan",
            Self::Renew => "renew",
            Self::Hold => "hold",
            Self::InterlibraryLoan => "ill",
        }
    }
}

/// What a blocked action stops, by its code. The last two are added by the vendor on request, and mean what
/// consortia write of them. `None` for a code that nobody has explained.
pub fn blocked_services(action: &str) -> Option<&'static [BlockedService]> {
    use BlockedService::{Hold, InterlibraryLoan, Loan, Renew};
    match action {
        "01" => Some(&[Loan]),
        "02" => Some(&[Loan, Renew]),
        "03" => Some(&[Loan, Renew, Hold]),
        "04" => Some(&[InterlibraryLoan]),
        "05" => Some(&[Loan, Renew, Hold, InterlibraryLoan]),
        _ => None,
    }
}

/// A block that came from another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopiedBlock {
    /// A copy on the linked account.
    Copy,
    /// One of a target, sent home.
    Home,
}

/// What a block does.
#[derive(Debug, Clone, Copy)]
pub enum BlockEffect<'a> {
    /// What the definition says.
    Stops(&'static [BlockedService], RowView<'a>),
    /// Nothing.
    Idle(IneffectiveReason<'a>),
}

impl BlockEffect<'_> {
    /// What it stops.
    pub fn blocked_services(&self) -> &'static [BlockedService] {
        match self {
            Self::Stops(stops, _) => stops,
            Self::Idle(_) => &[],
        }
    }
}

/// Why a block does nothing.
#[derive(Debug, Clone, Copy)]
pub enum IneffectiveReason<'a> {
    /// There is no definition of it.
    NoDefinition,
    /// Its definition is switched off.
    DefinitionDisabled(RowView<'a>),
    /// Its description is switched off.
    DescriptionDisabled(RowView<'a>),
    /// The definition names a description that is not there.
    NoDescription(RowView<'a>),
}

/// The definitions by which blocks of a zone travel: switched on, and marked as network blocks.
///
/// # Errors
/// Why they are not known. Where no more than some are known ([`Extent::Named`]), others may travel too.
pub fn network_block_definitions<'a>(
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> Result<(impl Iterator<Item = RowView<'a>>, TableCompleteness), Arc<str>> {
    let table = settings.table(zone, &SettingsCollection::BlockDefinitions)?;
    Ok((table.entries().filter(|definition| travels(*definition)), table.extent))
}

/// Whether blocks of a definition travel.
pub fn travels(definition: RowView<'_>) -> bool {
    // Alma's default is that they do not (the release notes of 2017).
    definition.is_on() && definition.flag("Network Block") == Some(true)
}

/// The definition of a block by its type and the code of its description: one that is switched on, if there is.
pub fn definition<'a>(table: &'a SettingsTable, block_type: &str, description: &str) -> Option<RowView<'a>> {
    let is = |definition: &RowView<'_>| {
        definition.text_field("Type") == Some(block_type)
            && definition.text_field("Description") == Some(description)
    };
    let on = table.entries().filter(is).find(RowView::is_on);
    on.or_else(|| table.entries().find(is))
}

/// The source's definitions of which blocks are copied to a linked account. Where no more than some definitions
/// are known, no more than these are meant.
///
/// # Errors
/// Why that is not known, in words.
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
    format!("the rule `{}` does not say whether it copies blocks", linked.name)
}

/// What a block that came from another member does in a zone.
///
/// # Errors
/// Why that is not known, in words.
pub fn effect<'a>(
    arrived: CopiedBlock,
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> MaybeKnown<BlockEffect<'a>> {
    match effect_or_why(arrived, zone, settings) {
        Ok(effect) => MaybeKnown::Known(effect),
        Err(why) => MaybeKnown::Unknown(why),
    }
}

fn effect_or_why<'a>(
    arrived: CopiedBlock,
    zone: &ZoneCode,
    settings: &'a NetworkSettings,
) -> Result<BlockEffect<'a>, Arc<str>> {
    let table = settings.table(zone, &SettingsCollection::BlockDefinitions)?;
    let (found, gone) = match arrived {
        CopiedBlock::Copy => (definition(table, COPIED, COPIED), false),
        CopiedBlock::Home => (
            table.find("ID", SENT_HOME),
            table.absent_rows().any(|definition| definition.text_field("ID") == Some(SENT_HOME)),
        ),
    };
    let Some(definition) = found else {
        return match table.extent {
            TableCompleteness::DeclaredOnly if !gone => Err(match arrived {
                CopiedBlock::Copy => format!("nobody says what a block `{COPIED}` does at {zone}"),
                CopiedBlock::Home => format!("nobody says what a block `{SENT_HOME}` does at {zone}"),
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
            return Err(
                format!("nobody says whether the block description `{code}` is in use at {zone}").into()
            );
        }
    }
    let action = definition.text_field("Blocked Action").unwrap_or_default();
    match blocked_services(action) {
        Some(stops) => Ok(BlockEffect::Stops(stops, definition)),
        None => Err(format!("nobody has explained the blocked action `{action}` at {zone}").into()),
    }
}

/// Whether a block that was made at the target, and sent home, travels on from there: to the third member that the
/// question names; without one, whether it is marked to travel at all. `home` is what it does at home.
///
/// # Errors
/// Why that is not known, in words.
pub fn travels_on(
    question: &PatronQuestion,
    home: &BlockEffect<'_>,
    settings: &NetworkSettings,
) -> MaybeKnown<bool> {
    let PatronQuestion { source: from, user_group, target: _, expires, next_target: on_to } = question;
    let marked = match home {
        BlockEffect::Stops(_, definition) => match (definition.flag("Network Block"), definition.silence()) {
            (None, MissingFieldMeaning::Unknown) => {
                let why = format!("nobody says whether `{SENT_HOME}` is a network block at {from}");
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
