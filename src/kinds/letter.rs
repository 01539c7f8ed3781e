//! `Letter`: XSL stylesheet and sending of one Alma letter.

mod export;

use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::manifest_expansion::ManifestExpansion;
use super::way_back::{CollectionSource, ExplainOmission, ExportKind};
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage, stylesheet};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionId, CollectionOwner, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue,
    Network,
};

/// Stylesheet and sending of one Alma letter. zonal does not manage names, descriptions and labels of
/// letters; labels are rows of code tables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LetterSpec {
    /// Selector of the target zones. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Alma's code of the letter or component, such as `FulBorrowedByLetter`.
    #[schemars(regex(pattern = FILLED))]
    pub letter: Spanned<String>,
    /// Complete XSL stylesheet, preferably as a block (`xsl: |`). zonal ignores the type of line breaks and
    /// their number at the end.
    pub xsl: Option<Spanned<String>>,
    /// True to send the letter. The API may not accept this field: Alma's schema for writing letters does not
    /// mention it.
    pub enabled: Option<Spanned<bool>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// Owner of the letter, if the Network Zone's distribution jobs write it too: `undecided` (default; zonal does
    /// not write such a letter), `zonal` (a write can detach the letter from the network) or `network` (zonal only
    /// reports differences).
    #[serde(default)]
    pub owner: CollectionOwner,
}

impl KindSpec for LetterSpec {
    const NAME: &'static str = "Letter";
    const SUMMARY: &'static str = "Stylesheet and sending of one Alma letter in the selected zones.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::All;
    const EXPORT: Option<ExportKind> = Some(export::export);
    const EXPORT_SOURCE: CollectionSource = CollectionSource::ChangedObjects;
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

/// Shape of a letter: one record without a key. Only Alma creates letters.
static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        menu: "Configuration > General > Letters > Letters Configuration".into(),
        ..CollectionShape::default()
    })
});

/// Note for changes of `enabled`.
const ENABLED: &str =
    "Alma's schema for writing letters does not contain `enabled`; zonal verifies the value after the write";

impl ManifestSpec for LetterSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        if let Some(text) = &self.xsl {
            return stylesheet::problem(&text.value)
                .map(|problem| {
                    let place = head.place(text.extent);
                    match problem {
                        stylesheet::StylesheetError::NotXml(what) => {
                            Diagnostic::error(diagnostic_codes::NOT_XML, place, what)
                                .help("Alma would reject the stylesheet, or send letters without text")
                        }
                        stylesheet::StylesheetError::NotXsl(root) => {
                            let message =
                                format!("the XSL root element is `{root}`, expected `xsl:stylesheet`");
                            Diagnostic::warning(diagnostic_codes::NOT_XSL, place, message).help(
                                "Alma's own letters start with `<xsl:stylesheet version=\"1.0\" \
                                       xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">`",
                            )
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
                format!("`{}` has no effect", head.manifest),
            )
            .help("add `xsl`, `enabled` or both")
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
            let mut letter = scope
                .collection(id, &[])
                .with_owner(self.owner)
                .with_enforcement(self.enforcement, self.conflict);
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
