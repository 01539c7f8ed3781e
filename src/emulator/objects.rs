//! What a zone keeps besides its tables, answered and replaced.

use std::collections::BTreeMap;

use http::Method;

use super::answer::View;
use super::body;
use super::call::Route;
use super::document::{Format, Node, Part, write};
use super::edit::{Action, Problem};
use super::institution::{Reply, Visit, invalid, language};
use super::letter::Letter;
use super::refusal::Refusal;
use super::table::Stamp;

/// What a zone keeps besides its tables.
#[derive(Default)]
pub(super) struct Objects {
    /// By code.
    pub letters: BTreeMap<String, Letter>,
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

fn no_letter(code: &str) -> Refusal {
    invalid("letter code", code)
}
