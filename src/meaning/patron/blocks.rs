//! Which blocks travel between a patron's own member and those where it is linked, and what they stop there.

use std::sync::Arc;

use super::in_use::{InUse, in_use};
use super::rules::{Copying, Linked, link_at};
use crate::meaning::settings::Settings;
use crate::meaning::subject::Subject;
use crate::meaning::table::{Entry, Extent, Silence, Table};
use crate::model::{PatronQuestion, Told, ZoneCode};

/// The type and the description of a copied block. That it is also the description is inferred from what consortia
/// set up; the type is in the release notes of 2017.
pub const COPIED: &str = "CONSORTIA";
/// The definition of a block that was sent home.
pub const SENT_HOME: &str = "FROM_TARGET";

/// Something that a block keeps a patron from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Borrowing.
    Loan,
    /// Renewing a loan.
    Renew,
    /// Asking for a hold.
    Hold,
    /// Asking for an interlibrary loan.
    InterlibraryLoan,
}

impl Stop {
    /// As expectations call it.
    pub fn word(self) -> &'static str {
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
pub fn stops(action: &str) -> Option<&'static [Stop]> {
    use Stop::{Hold, InterlibraryLoan, Loan, Renew};
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
pub enum Arrived {
    /// A copy on the linked account.
    Copy,
    /// One of a target, sent home.
    Home,
}

/// What a block does.
#[derive(Debug, Clone, Copy)]
pub enum Effect<'a> {
    /// What the definition says.
    Stops(&'static [Stop], Entry<'a>),
    /// Nothing.
    Idle(Idle<'a>),
}

impl Effect<'_> {
    /// What it stops.
    pub fn stops(&self) -> &'static [Stop] {
        match self {
            Self::Stops(stops, _) => stops,
            Self::Idle(_) => &[],
        }
    }
}

/// Why a block does nothing.
#[derive(Debug, Clone, Copy)]
pub enum Idle<'a> {
    /// There is no definition of it.
    Undefined,
    /// Its definition is switched off.
    Off(Entry<'a>),
    /// Its description is switched off.
    DescriptionOff(Entry<'a>),
    /// The definition names a description that is not there.
    Undescribed(Entry<'a>),
}

/// The definitions by which blocks of a zone travel: switched on, and marked as network blocks.
///
/// # Errors
/// Why they are not known. Where no more than some are known ([`Extent::Named`]), others may travel too.
pub fn travelling<'a>(
    zone: &ZoneCode,
    settings: &'a Settings,
) -> Result<(impl Iterator<Item = Entry<'a>>, Extent), Arc<str>> {
    let table = settings.table(zone, &Subject::BlockDefinitions)?;
    Ok((table.entries().filter(|definition| travels(*definition)), table.extent))
}

/// Whether blocks of a definition travel.
pub fn travels(definition: Entry<'_>) -> bool {
    // Alma's default is that they do not (the release notes of 2017).
    definition.is_on() && definition.flag("Network Block") == Some(true)
}

/// The definition of a block by its type and the code of its description: one that is switched on, if there is.
pub fn definition<'a>(table: &'a Table, block_type: &str, description: &str) -> Option<Entry<'a>> {
    let is = |definition: &Entry<'_>| {
        definition.text("Type") == Some(block_type) && definition.text("Description") == Some(description)
    };
    let on = table.entries().filter(is).find(Entry::is_on);
    on.or_else(|| table.entries().find(is))
}

/// The source's definitions of which blocks are copied to a linked account. Where no more than some definitions
/// are known, no more than these are meant.
///
/// # Errors
/// Why that is not known, in words.
pub fn copied<'a>(linked: &Linked<'_>, from: &ZoneCode, settings: &'a Settings) -> Told<Vec<Entry<'a>>> {
    match linked.copies_blocks {
        None => Told::Not(unsaid(linked).into()),
        Some(Copying::None) => Told::Is(Vec::new()),
        Some(Copying::Network) => match travelling(from, settings) {
            Ok((definitions, _)) => Told::Is(definitions.collect()),
            Err(why) => Told::Not(why),
        },
    }
}

pub(super) fn unsaid(linked: &Linked<'_>) -> String {
    format!("the rule `{}` does not say whether it copies blocks", linked.name)
}

/// What a block that came from another member does in a zone.
///
/// # Errors
/// Why that is not known, in words.
pub fn effect<'a>(arrived: Arrived, zone: &ZoneCode, settings: &'a Settings) -> Told<Effect<'a>> {
    match effect_or_why(arrived, zone, settings) {
        Ok(effect) => Told::Is(effect),
        Err(why) => Told::Not(why),
    }
}

fn effect_or_why<'a>(
    arrived: Arrived,
    zone: &ZoneCode,
    settings: &'a Settings,
) -> Result<Effect<'a>, Arc<str>> {
    let table = settings.table(zone, &Subject::BlockDefinitions)?;
    let (found, gone) = match arrived {
        Arrived::Copy => (definition(table, COPIED, COPIED), false),
        Arrived::Home => (
            table.find("ID", SENT_HOME),
            table.gone().any(|definition| definition.text("ID") == Some(SENT_HOME)),
        ),
    };
    let Some(definition) = found else {
        return match table.extent {
            Extent::Named if !gone => Err(match arrived {
                Arrived::Copy => format!("nobody says what a block `{COPIED}` does at {zone}"),
                Arrived::Home => format!("nobody says what a block `{SENT_HOME}` does at {zone}"),
            }
            .into()),
            Extent::Named | Extent::Whole => Ok(Effect::Idle(Idle::Undefined)),
        };
    };
    if !definition.is_on() {
        return Ok(Effect::Idle(Idle::Off(definition)));
    }
    let code = definition.text("Description").unwrap_or_default();
    let descriptions = settings.table(zone, &Subject::BlockDescriptions)?;
    match in_use(descriptions, |row| row.text("code") == Some(code)) {
        InUse::Yes(_) => {}
        InUse::Off(row) => return Ok(Effect::Idle(Idle::DescriptionOff(row))),
        InUse::Missing(_) => return Ok(Effect::Idle(Idle::Undescribed(definition))),
        InUse::Unsaid => {
            return Err(
                format!("nobody says whether the block description `{code}` is in use at {zone}").into()
            );
        }
    }
    let action = definition.text("Blocked Action").unwrap_or_default();
    match stops(action) {
        Some(stops) => Ok(Effect::Stops(stops, definition)),
        None => Err(format!("nobody has explained the blocked action `{action}` at {zone}").into()),
    }
}

/// Whether a block that was made at the target, and sent home, travels on from there: to the third member that the
/// question names; without one, whether it is marked to travel at all. `home` is what it does at home.
///
/// # Errors
/// Why that is not known, in words.
pub fn travels_on(question: &PatronQuestion, home: &Effect<'_>, settings: &Settings) -> Told<bool> {
    let PatronQuestion { from, user_group, at: _, expires, on_to } = question;
    let marked = match home {
        Effect::Stops(_, definition) => match (definition.flag("Network Block"), definition.silence()) {
            (None, Silence::Unknown) => {
                let why = format!("nobody says whether `{SENT_HOME}` is a network block at {from}");
                return Told::Not(why.into());
            }
            (_, _) => travels(*definition),
        },
        Effect::Idle(_) => false,
    };
    match on_to {
        Some(on_to) if marked => match link_at(from, user_group, *expires, on_to, settings) {
            Told::Is(Ok(linked)) => match linked.copies_blocks {
                Some(copying) => Told::Is(copying == Copying::Network),
                None => Told::Not(unsaid(&linked).into()),
            },
            Told::Is(Err(_)) => Told::Is(false),
            Told::Not(why) => Told::Not(why),
        },
        Some(_) | None => Told::Is(marked),
    }
}
