//! What a zone keeps besides its tables, answered and replaced.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value};

use super::answer::View;
use super::behaviour::InstitutionHours;
use super::body;
use super::call::Route;
use super::document::{Format, Node, Part, write};
use super::edit::{Action, Problem};
use super::institution::{Reply, Visit, invalid, language};
use super::letter::Letter;
use super::open_hours::{self, OpenHour, Whose};
use super::refusal::Refusal;
use super::relations::{self, Relation};
use super::table::Stamp;

/// What a zone keeps besides its tables.
#[derive(Default)]
pub(super) struct Objects {
    /// By code.
    pub letters: BTreeMap<String, Letter>,
    /// By library; an entry for each.
    pub relations: BTreeMap<String, Vec<Relation>>,
    /// By library, the institution's under `""`; an entry for each.
    pub open_hours: BTreeMap<String, Vec<OpenHour>>,
}

impl Objects {
    pub fn answer(&mut self, visit: &Visit<'_>) -> Result<Reply, Refusal> {
        let Visit { call, sent: _, zone, settings, code: _ } = *visit;
        let language = language(call, zone, &zone.default_language)?;
        let view = View { zone, settings, language, library: "" };
        let (root, node) = match (&call.route, &call.method) {
            (Route::Letters, &Method::GET) => ("letters", self.list_letters(&view)),
            (Route::Letter(code), &Method::GET) => {
                let letter = self.letters.get(code).ok_or_else(|| no_letter(code))?;
                ("letter", letter.answer(&view))
            }
            (Route::Letter(code), _) => ("letter", self.put_letter(code, visit, &view)?),
            (Route::Relations, method) => {
                let library = call.query.scope.as_deref().filter(|scope| !scope.is_empty());
                let library = library
                    .ok_or_else(|| Refusal::business(40_166_413, "Parameter value is mandatory: scope."))?;
                let held = self.relations.get_mut(library).ok_or_else(|| invalid("scope", library))?;
                if *method != Method::GET {
                    *held = relations::taken(&read("relations", visit)?, settings.relation_shape, zone)?;
                }
                ("relations", relations::answer(held, settings.relation_shape))
            }
            (Route::OpenHours, method) => {
                let scope = call.query.scope.as_deref().unwrap_or(&zone.code);
                let library = if scope == zone.code { "" } else { scope };
                let held = self.open_hours.get_mut(library).ok_or_else(|| invalid("scope", scope))?;
                if *method != Method::GET {
                    *held = open_hours::taken(&read("open_hours", visit)?)?;
                }
                ("open_hours", self.hours(library, settings.institution_hours))
            }
            (_, _) => return Err(Refusal::routing()),
        };
        Ok((call.answer, write(root, &node, call.answer, settings.booleans)))
    }

    fn list_letters(&self, view: &View<'_>) -> Node {
        let items: Vec<Node> = self.letters.values().map(|letter| Node::Group(letter.entry(view))).collect();
        let count = Part::Count("total_record_count", items.len());
        Node::Group(vec![count, Part::List { around: None, item: "letter", items }])
    }

    /// XML alone is taken (60105 in the vendor's OpenAPI).
    fn put_letter(&mut self, code: &str, visit: &Visit<'_>, view: &View<'_>) -> Result<Node, Refusal> {
        if visit.call.body != Some(Format::Xml) {
            return Err(Refusal::business(60105, "JSON is not supported for this API."));
        }
        let letter = self.letters.get_mut(code).ok_or_else(|| no_letter(code))?;
        let body = body::read(Format::Xml, "letter", visit.sent).map_err(Refusal::invalid_request)?;
        letter.replace(&body, visit.settings.letter_enabled, visit.stamp())?;
        Ok(letter.answer(view))
    }

    /// A calendar, with what a library has from its institution and says nothing else of.
    fn hours(&self, library: &str, institution: InstitutionHours) -> Node {
        let of = |library: &str| self.open_hours.get(library).map_or(&[][..], Vec::as_slice);
        let whose = match (library, institution) {
            ("", InstitutionHours::Inherited) => Whose::Inherited,
            (_, InstitutionHours::Own | InstitutionHours::Inherited) => Whose::Own,
        };
        let own = of(library);
        let inherited =
            of("").iter().filter(|hour| !library.is_empty() && !own.iter().any(|own| own.is_like(hour)));
        let inherited = inherited.map(|hour| hour.answer(Whose::Inherited));
        let items = own.iter().map(|hour| hour.answer(whose)).chain(inherited).collect();
        Node::Group(vec![Part::List { around: None, item: "open_hour", items }])
    }

    pub fn edit_relations(&mut self, library: &str, action: &Action) -> Result<(), Problem> {
        relations::edit(self.relations.entry(library.to_owned()).or_default(), action)
    }

    pub fn edit_hours(&mut self, library: &str, action: &Action) -> Result<(), Problem> {
        open_hours::edit(self.open_hours.entry(library.to_owned()).or_default(), action)
    }

    pub fn edit_letter(&mut self, code: &str, action: &Action, stamp: Stamp) -> Result<(), Problem> {
        if *action == Action::Remove {
            self.letters.remove(code);
            return Ok(());
        }
        let Action::SetLetter { xsl, enabled, name } = action else {
            return Err(format!("`{code}` is a letter: use set_letter and remove"));
        };
        let Some(letter) = self.letters.get_mut(code) else { return Err(format!("no letter `{code}`")) };
        letter.xsl = xsl.clone().unwrap_or_else(|| letter.xsl.clone());
        letter.enabled = enabled.unwrap_or(letter.enabled);
        letter.name = name.clone().unwrap_or_else(|| letter.name.clone());
        letter.customized = true;
        letter.updated = Some(stamp);
        Ok(())
    }
}

/// The body of a PUT, in whichever format.
fn read(root: &str, visit: &Visit<'_>) -> Result<Map<String, Value>, Refusal> {
    let neither = || Refusal::invalid_request("The Content-Type is neither JSON nor XML.");
    body::read(visit.call.body.ok_or_else(neither)?, root, visit.sent).map_err(Refusal::invalid_request)
}

fn no_letter(code: &str) -> Refusal {
    invalid("letter code", code)
}
