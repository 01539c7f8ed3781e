//! Which blocks reach whom, in facts and in words.

use super::blocks::{
    Arrived, COPIED, Effect, Idle, SENT_HOME, Stop, copied, effect, travelling, travels, travels_on, unsaid,
};
use super::rules::{Copying, Linked, link_at};
use super::said::few;
use crate::meaning::settings::Settings;
use crate::meaning::table::{Entry, Extent};
use crate::meaning::told::Telling;
use crate::model::{Ground, PatronQuestion, Told, Value};

/// How many definitions are told one by one.
const FEW: usize = 3;

/// Blocks that the patron brings along, and what they stop at the target.
pub fn from_home(telling: &mut Telling, question: &PatronQuestion, linked: &Linked<'_>, settings: &Settings) {
    let PatronQuestion { from, at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let ground = linked.rule.ground("copyNetworkBlocks");
    match linked.copies_blocks {
        None => {
            let why = unsaid(linked);
            telling.because(format!("{why}: it does as the member has it"), ground);
            for fact in ["copiesBlocks", "blocks", "stops"] {
                telling.fact(fact, Told::Not(why.as_str().into()));
            }
            return;
        }
        Some(Copying::None) => {
            let left = "copies made before stay, which is inferred";
            telling.because(format!("it copies no blocks; {left}"), ground);
            telling.is("copiesBlocks", false);
            telling.is("blocks", Value::Null);
            telling.is("stops", Value::Null);
            return;
        }
        Some(Copying::Network) => {
            let says = "it copies network blocks: at every refresh all copies are deleted and made again";
            telling.because(says, ground);
            telling.is("copiesBlocks", true);
        }
    }
    let copied = copied(linked, from, settings);
    match &copied {
        Told::Is(definitions) => travel(telling, question, definitions, settings),
        Told::Not(why) => telling.because(why.to_string(), Ground::Alma),
    }
    let all_are_known = extent(question, settings) == Some(Extent::Whole);
    let none = all_are_known && copied.get().is_some_and(Vec::is_empty);
    telling.fact(
        "blocks",
        copied.map(|definitions| Value::list(definitions.iter().filter_map(|each| each.text("ID")))),
    );
    if none {
        telling.is("stops", Value::Null);
        return;
    }
    let effect = effect(Arrived::Copy, at, settings);
    match &effect {
        Told::Is(effect) => {
            let (does, ground) = does(effect, target, &format!("of the type and description `{COPIED}`"));
            telling.because(format!("a copy of a block of {source} {does}"), ground);
        }
        Told::Not(why) => telling.because(why.to_string(), Ground::Alma),
    }
    telling.fact("stops", effect.map(|effect| words(effect.stops())));
}

fn extent(question: &PatronQuestion, settings: &Settings) -> Option<Extent> {
    travelling(&question.from, settings).ok().map(|(_, extent)| extent)
}

/// The definitions by which blocks are copied.
fn travel(telling: &mut Telling, question: &PatronQuestion, definitions: &[Entry<'_>], settings: &Settings) {
    let source = settings.name(&question.from);
    for definition in definitions.iter().take(FEW) {
        let id = definition.text("ID").unwrap_or_default();
        let says = format!("blocks of `{id}` are copied: it is a network block at {source}");
        telling.because(says, definition.ground("Network Block"));
    }
    if definitions.len() > FEW {
        let rest = definitions[FEW..].iter().filter_map(|each| each.text("ID")).collect::<Vec<_>>();
        telling.because(format!("so are those of {}", few(rest.iter())), Ground::Alma);
    }
    match (definitions.is_empty(), extent(question, settings)) {
        (_, Some(Extent::Named) | None) => {
            let says = format!("only declared definitions are told: {source} may have other network blocks");
            telling.because(says, Ground::Alma);
        }
        (true, Some(Extent::Whole)) => {
            telling.because(format!("{source} has no network block"), Ground::Alma);
        }
        (false, Some(Extent::Whole)) => {}
    }
}

/// What becomes of a block that is made at the target.
pub fn from_target(telling: &mut Telling, question: &PatronQuestion, settings: &Settings) {
    let PatronQuestion { from, at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let home = match effect(Arrived::Home, from, settings) {
        Told::Is(home) => home,
        Told::Not(why) => {
            telling.because(why.to_string(), Ground::Alma);
            for fact in ["sentHome", "stopsAtHome", "travelsOn"] {
                telling.fact(fact, Told::Not(why.clone()));
            }
            return;
        }
    };
    let sent = match &home {
        Effect::Stops(_, _) => {
            let (does, ground) = does(&home, source, &format!("with the ID `{SENT_HOME}`"));
            telling.because(format!("a block made at {target} is sent home and {does}"), ground);
            true
        }
        Effect::Idle(_) => {
            let (does, ground) = does(&home, source, &format!("with the ID `{SENT_HOME}`"));
            telling
                .because(format!("a block made at {target} is not sent home: it {does} (inferred)"), ground);
            false
        }
    };
    telling.is("sentHome", sent);
    telling.is("stopsAtHome", words(home.stops()));
    let on = travels_on(question, &home, settings);
    if let Effect::Stops(_, definition) = &home {
        onwards(telling, question, *definition, &on, settings);
    }
    telling.fact("travelsOn", on.map(Value::Bool));
}

/// Why a block that was sent home travels on, or does not.
fn onwards(
    telling: &mut Telling,
    question: &PatronQuestion,
    definition: Entry<'_>,
    on: &Told<bool>,
    settings: &Settings,
) {
    let source = settings.name(&question.from);
    let marked = travels(definition);
    let says = match (marked, on) {
        (true, _) => format!("there it is a network block, which travels on from {source}"),
        (false, Told::Is(_)) => format!("there it is no network block, and travels no further than {source}"),
        (false, Told::Not(why)) => why.to_string(),
    };
    telling.because(says, definition.ground("Network Block"));
    let Some(on_to) = question.on_to.as_ref().filter(|_| marked) else { return };
    let third = settings.name(on_to);
    match (on, link_at(&question.from, &question.user_group, question.expires, on_to, settings)) {
        (Told::Not(why), _) => telling.because(why.to_string(), Ground::Alma),
        (Told::Is(_), Told::Is(Ok(linked))) => {
            let does = match linked.copies_blocks {
                Some(Copying::Network) => "copies",
                Some(Copying::None) | None => "does not copy",
            };
            let says = format!("the rule `{}` at {third} {does} network blocks", linked.name);
            telling.because(says, linked.rule.ground("copyNetworkBlocks"));
        }
        (Told::Is(_), Told::Is(Err(refused))) => {
            let says = format!("the patron gets no linked account at {third} (error {})", refused.code());
            telling.because(says, Ground::Alma);
        }
        (Told::Is(_), Told::Not(_)) => {}
    }
}

/// What a block does in a zone, by which definition, and who says so.
fn does(effect: &Effect<'_>, zone: &str, which: &str) -> (String, Ground) {
    let id = |definition: &Entry<'_>| definition.text("ID").unwrap_or_default().to_owned();
    match effect {
        Effect::Stops(stops, definition) => {
            let what = stops.iter().map(|stop| stop.word()).collect::<Vec<_>>().join(", ");
            let says = format!("stops {what} at {zone}, by the definition `{}`", id(definition));
            (says, definition.ground("Blocked Action"))
        }
        Effect::Idle(Idle::Undefined) => {
            (format!("does nothing at {zone}, where no definition {which} is there"), Ground::Alma)
        }
        Effect::Idle(Idle::Off(definition)) => {
            let says =
                format!("does nothing at {zone}, where the definition `{}` is switched off", id(definition));
            (says, definition.ground("enabled"))
        }
        Effect::Idle(Idle::DescriptionOff(row)) => {
            let code = row.text("code").unwrap_or_default();
            let says = format!("does nothing at {zone}, where its description `{code}` is switched off");
            (says, row.ground("enabled"))
        }
        Effect::Idle(Idle::Undescribed(definition)) => {
            let says = format!("does nothing at {zone}, where its description is not there");
            (says, definition.ground("Description"))
        }
    }
}

fn words(stops: &[Stop]) -> Value {
    Value::list(stops.iter().map(|stop| stop.word()))
}
