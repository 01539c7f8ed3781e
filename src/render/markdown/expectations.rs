//! What the plan breaks of what is expected.

use std::fmt::{self, Write as _};

use super::content::Content;
use super::escape::{code, prose};
use super::sheet::Sheet;
use super::{About, Level};
use crate::model::Broken;
use crate::render::text::{count, would_be};

/// Expectations that are told one by one.
const TOLD: usize = 50;

/// What is broken: how many where there is no room for more.
pub fn broken(sheet: &mut Sheet, content: &Content<'_>, level: Level) -> fmt::Result {
    let broken = &content.plan.expectations.broken;
    if broken.is_empty() || content.about == About::Drift {
        return Ok(());
    }
    writeln!(sheet, "> [!CAUTION]\n> Breaks {}.", count(broken.len(), "expectation"))?;
    if level <= Level::Records {
        broken.iter().take(TOLD).try_for_each(|each| one(sheet, each))?;
        if broken.len() > TOLD {
            writeln!(sheet, "> - and {} more", broken.len() - TOLD)?;
        }
    }
    writeln!(sheet)
}

fn one(sheet: &mut Sheet, Broken { provenance, question, because, facts }: &Broken) -> fmt::Result {
    let place = facts.first().map_or(&provenance.place, |fact| &fact.place);
    write!(sheet, "> - {}: {}?", code(&place.to_string()), prose(question))?;
    for fact in facts {
        write!(sheet, " {}", code(&would_be(fact)))?;
    }
    match because {
        Some(because) => writeln!(sheet, ", expected because {}", prose(because)),
        None => writeln!(sheet),
    }
}
