//! `Letter`: the XSL of one of Alma's letters, and whether it is sent.

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage, stylesheet};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// What a letter shall say. Names, descriptions and labels of letters stay the zone's own: labels are
/// rows of code tables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LetterSpec {
    /// Which zones this is about; all members where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Alma's code of the letter or of the component, `FulBorrowedByLetter`.
    #[schemars(regex(pattern = FILLED))]
    pub letter: Spanned<String>,
    /// The whole stylesheet, best as a block (`xsl: |`). What sort of line breaks it has, and how many
    /// stand at its end, does not count.
    pub xsl: Option<Spanned<String>>,
    /// Whether the letter is sent. Whether a zone lets the API change this is not known: the vendor's
    /// schema for writing letters does not mention it.
    pub enabled: Option<Spanned<bool>>,
    /// How strongly this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

impl KindSpec for LetterSpec {
    const NAME: &'static str = "Letter";
    const SUMMARY: &'static str = "What one of Alma's letters shall say in the zones it applies to.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

/// There is one record for each letter, without a key, and Alma alone makes letters.
static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        menu: "Configuration > General > Letters > Letters Configuration".into(),
        ..CollectionShape::default()
    })
});

/// What is said of a change of `enabled`.
const ENABLED: &str =
    "the vendor's schema for writing letters does not hold `enabled`; it is read back to see";

impl ManifestSpec for LetterSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        if let Some(text) = &self.xsl {
            return stylesheet::problem(&text.value)
                .map(|problem| {
                    let place = head.place(text.extent);
                    match problem {
                        stylesheet::StylesheetError::NotXml(what) => Diagnostic::error(diagnostic_codes::NOT_XML, place, what)
                            .help("Alma would refuse it, or send letters without a text"),
                        stylesheet::StylesheetError::NotXsl(root) => {
                            let message = format!("the XSL begins with `{root}`, which is no stylesheet");
                            Diagnostic::warning(diagnostic_codes::NOT_XSL, place, message)
                                .help("Alma's own letters begin with `<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">`")
                        }
                    }
                })
                .into_iter()
                .collect();
        }
        let silent = self.enabled.is_none() && head.lost_spec().has_all(&["xsl", "enabled"]);
        let problem = silent.then(|| {
            Diagnostic::warning(
                diagnostic_codes::DOES_NOTHING,
                head.span(),
                format!("`{}` does nothing", head.manifest),
            )
            .help("say what the letter shall be: `xsl`, `enabled` or both")
        });
        problem.into_iter().collect()
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        if self.xsl.is_none() && self.enabled.is_none() {
            return;
        }
        for zone in scope.zones(self.applies_to.as_ref()) {
            let id = CollectionId::with_code(Self::NAME, &self.letter.value);
            let mut letter =
                scope.collection(id, &[], &SHAPE).with_enforcement(self.enforcement, self.conflict);
            let mut record = scope.record(self.letter.extent);
            if let Some(xsl) = &self.xsl {
                record = record.with_field("xsl", FieldValue::from_multiline_text(&xsl.value), xsl.extent);
            }
            if let Some(enabled) = &self.enabled {
                record = record.with_field("enabled", enabled.value, enabled.extent);
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
