//! `Letter`: the XSL of one of Alma's letters, and whether it is sent.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::scope::Scope;
use super::{Expansion, KindSpec, Reach, Spec, xsl};
use crate::manifest::check::FILLED;
use crate::manifest::selection::AppliesTo;
use crate::manifest::typed::At;
use crate::manifest::{Head, codes};
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Shape, Value};

/// What a letter shall say. Names, descriptions and labels of letters stay the zone's own: labels are
/// rows of code tables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Letter {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Alma's code of the letter or of the component, `FulBorrowedByLetter`.
    #[schemars(regex(pattern = FILLED))]
    pub letter: At<String>,
    /// The whole stylesheet, best as a block (`xsl: |`). What sort of line breaks it has, and how many
    /// stand at its end, does not count.
    pub xsl: Option<At<String>>,
    /// Whether the letter is sent. Whether a zone lets the API change this is not known: the vendor's
    /// schema for writing letters does not mention it.
    pub enabled: Option<At<bool>>,
    /// How strongly this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
}

impl KindSpec for Letter {
    const NAME: &'static str = "Letter";
    const ABOUT: &'static str = "What one of Alma's letters shall say in the zones it applies to.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const REACH: Reach = Reach::All;

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

/// There is one record for each letter, without a key, and Alma alone makes letters.
static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        menu: "Configuration > General > Letters > Letters Configuration".into(),
        ..Shape::default()
    })
});

/// What is said of a change of `enabled`.
const ENABLED: &str =
    "the vendor's schema for writing letters does not hold `enabled`; it is read back to see";

impl Spec for Letter {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        if let Some(text) = &self.xsl {
            return xsl::problem(&text.value)
                .map(|problem| {
                    let place = head.place(text.extent);
                    match problem {
                        xsl::Problem::NotXml(what) => Diagnostic::error(codes::NOT_XML, place, what)
                            .help("Alma would refuse it, or send letters without a text"),
                        xsl::Problem::NotXsl(root) => {
                            let message = format!("the XSL begins with `{root}`, which is no stylesheet");
                            Diagnostic::warning(codes::NOT_XSL, place, message)
                                .help("Alma's own letters begin with `<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">`")
                        }
                    }
                })
                .into_iter()
                .collect();
        }
        let silent = self.enabled.is_none() && head.lost_spec().has_all(&["xsl", "enabled"]);
        let problem = silent.then(|| {
            Diagnostic::warning(codes::DOES_NOTHING, head.here(), format!("`{}` does nothing", head.manifest))
                .help("say what the letter shall be: `xsl`, `enabled` or both")
        });
        problem.into_iter().collect()
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        if self.xsl.is_none() && self.enabled.is_none() {
            return;
        }
        for zone in scope.zones(self.applies_to.as_ref()) {
            let id = CollectionId::coded(Self::NAME, &self.letter.value);
            let mut letter = scope.collection(id, &[], &SHAPE).enforced(self.enforcement, self.conflict);
            let mut record = scope.record(self.letter.extent);
            if let Some(xsl) = &self.xsl {
                record = record.with("xsl", Value::lines(&xsl.value), xsl.extent);
            }
            if let Some(enabled) = &self.enabled {
                record = record.with("enabled", enabled.value, enabled.extent);
            }
            if self.xsl.is_none() {
                record = record.note(ENABLED);
            }
            letter.add(record);
            scope.want(zone, letter);
        }
        scope.finish();
    }
}
