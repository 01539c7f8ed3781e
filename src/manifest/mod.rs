//! Parses YAML text into manifests with locations, and reports every problem at once.

pub mod deserialize;
pub mod diagnostic_codes;
pub mod envelope;
pub mod invisible_characters;
pub mod parallel;
pub mod remove_invalid;
pub mod scalar;
pub mod schema_check;
pub mod selection;
pub mod source;
pub mod suggestions;
pub mod text_or_variable;
pub mod unreadable;
pub mod yaml_node;

use std::collections::BTreeMap;

pub use self::envelope::{API_VERSION, ManifestHeader};
pub use self::source::SourceFile;

use self::parallel::parallel_map;
use self::unreadable::UnreadableParts;
use crate::kinds::{self, ManifestSpec};
use crate::model::{Diagnostic, Network, Severity};

/// Manifest as loaded. If its form is invalid, only the readable parts.
#[derive(Debug)]
pub struct Manifest {
    /// Name and location.
    pub head: ManifestHeader,
    /// Content of `spec`.
    pub spec: Box<dyn ManifestSpec>,
}

/// Loaded manifests and all diagnostics.
#[derive(Debug, Default)]
pub struct LoadedManifests {
    /// The network; `None` if no manifest declares the zones. After errors, only good for finding more
    /// errors.
    pub network: Option<Network>,
    /// All readable manifests, ordered by file and location. After errors, unreadable parts may be missing.
    pub manifests: Vec<Manifest>,
    /// All diagnostics, ordered by file and location.
    pub diagnostics: Vec<Diagnostic>,
}

impl LoadedManifests {
    /// Returns true if any diagnostic is an error. Planning is not allowed then.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Loads all sources and selects an environment of the network.
pub fn load(sources: &[SourceFile], environment: Option<&str>) -> LoadedManifests {
    let mut sources: Vec<&SourceFile> = sources.iter().collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    if sources.is_empty() {
        let problem = Diagnostic::nowhere(diagnostic_codes::NO_SOURCES, "no manifests found")
            .help("pass the config directory with `-C DIR`, or create a `*.yaml` file with `kind: Network`");
        return LoadedManifests { diagnostics: vec![problem], ..LoadedManifests::default() };
    }
    let (mut manifests, mut diagnostics) = (Vec::new(), Vec::new());
    // A misspelled network is not a missing one.
    let mut unread = false;
    for file in parallel_map(&sources, |source| load_file(source)) {
        manifests.extend(file.manifests);
        diagnostics.extend(file.problems);
        unread |= file.may_hide_network;
    }
    diagnostics.extend(envelope::duplicates(manifests.iter().map(|manifest: &Manifest| &manifest.head)));
    let (network, problems) = kinds::network(&manifests, environment);
    diagnostics.extend(
        problems.into_iter().filter(|problem| !(unread && problem.code == diagnostic_codes::NO_NETWORK)),
    );
    sort(&mut diagnostics);
    LoadedManifests { network, manifests, diagnostics }
}

/// Manifests and diagnostics of one file.
#[derive(Default)]
struct LoadedFile {
    manifests: Vec<Manifest>,
    problems: Vec<Diagnostic>,
    /// True if an unreadable part may contain the network.
    may_hide_network: bool,
}

fn load_file(source: &SourceFile) -> LoadedFile {
    let (documents, problems) = source::documents(source);
    let mut whole = problems.is_empty();
    let mut file = LoadedFile { problems, ..LoadedFile::default() };
    for document in documents {
        let (manifest, problems) = manifest(document);
        file.problems.extend(problems);
        whole &= manifest.is_some();
        if let Some(Manifest { head, spec }) = manifest {
            file.problems.extend(spec.validate(&head));
            file.manifests.push(Manifest { head, spec });
        }
    }
    file.may_hide_network =
        !whole && source.text.as_ref().map_or(true, |text| envelope::may_be_network(text));
    file
}

/// Returns the readable part of a document as a manifest, and the problems of its form.
fn manifest(document: source::YamlDocument) -> (Option<Manifest>, Vec<Diagnostic>) {
    let kind = match envelope::kind(&document) {
        Ok(kind) => kind,
        Err(problem) => return (None, vec![*problem]),
    };
    let mut problems = kind.schema().check(&document);
    let right = problems.is_empty();
    // Texts that the schema check already reported are left out.
    let unseen = invisible_characters::check(&document).into_iter();
    let unseen: Vec<_> = unseen.filter(|each| problems.iter().all(|told| told.span != each.span)).collect();
    problems.extend(unseen);
    if !document.lost_keys.is_empty() {
        // A field that seems missing may be among the unreadable ones.
        problems.retain(|problem| match problem.code {
            diagnostic_codes::MISSING_FIELD => false,
            diagnostic_codes::NOT_EXACTLY_ONE => !problem.related.is_empty(),
            _ => true,
        });
    }
    let mut lost = match document.lost_keys.is_empty() {
        true => UnreadableParts::default(),
        false => UnreadableParts::keys(&document.root, &document.lost_keys),
    };
    let pruned = match right {
        true => None,
        false => match remove_invalid::prune(kind.schema(), document.root.clone(), &mut lost) {
            Some(root) => Some(root),
            None => return (None, problems),
        },
    };
    let head = envelope::head(&document, kind, lost);
    let root = pruned.as_ref().unwrap_or(&document.root);
    let Some(spec) = root.get("spec") else { return (None, problems) };
    match kind.parse_spec(spec.node) {
        Ok(spec) => (Some(Manifest { head, spec }), problems),
        Err(error) => {
            // A pruned tree already has a diagnostic.
            if right {
                let extent = error.extent.unwrap_or(document.root.head());
                problems.push(Diagnostic::error(
                    diagnostic_codes::SCHEMA,
                    document.place(extent),
                    error.message,
                ));
            }
            (None, problems)
        }
    }
}

/// Sorts diagnostics by file and location, those without a location first, and removes duplicates.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (&a.span, a.severity, a.code, &a.message).cmp(&(&b.span, b.severity, b.code, &b.message))
    });
    diagnostics.dedup();
}

/// Returns the source texts by file, in the form that `render` expects.
pub fn texts(sources: &[SourceFile]) -> BTreeMap<&str, &str> {
    sources.iter().filter_map(|source| Some((&*source.file, source.text.as_deref().ok()?))).collect()
}

#[cfg(test)]
mod tests;
