//! Parses YAML text into manifests with locations, and reports every problem at once.

pub mod deserialize;
pub mod diagnostic_codes;
pub mod edit_yaml;
pub mod envelope;
pub mod invisible_characters;
pub mod parallel;
pub mod remove_invalid;
pub mod scalar;
pub mod schema_check;
pub mod selection;
pub mod source;
pub mod suggestions;
pub mod text_format;
pub mod text_or_variable;
pub mod unreadable;
pub mod write_yaml;
pub mod yaml_node;

use std::collections::{BTreeMap, BTreeSet};

pub use self::envelope::{API_VERSION, ManifestHeader};
pub use self::source::SourceFile;

use self::deserialize::DeserializeError;
use self::parallel::parallel_map;
use self::schema_check::ManifestSchema;
use self::unreadable::UnreadableParts;
use self::yaml_node::YamlNode;
use crate::model::{Diagnostic, Network, Severity, SourceSpan};

/// Kind of manifest, as the catalogue of kinds defines it.
pub trait CatalogKind: Sync + Sized {
    /// Content of `spec`, the same type for all kinds of the catalogue.
    type Spec: Send;

    /// Returns the value of `kind`.
    fn name(&self) -> &'static str;

    /// Returns true if the content of `spec` goes to zones.
    fn writes_zones(&self) -> bool;

    /// Returns the schema of whole manifests.
    fn schema(&self) -> &ManifestSchema;

    /// Parses the `spec` of a manifest that passed the schema check.
    ///
    /// # Errors
    /// Fails if the type of the spec is stricter than the schema.
    fn parse_spec(&self, spec: &YamlNode) -> Result<Self::Spec, DeserializeError>;

    /// Returns the problems of a manifest that do not depend on the network.
    fn validate(head: &ManifestHeader, spec: &Self::Spec) -> Vec<Diagnostic>;

    /// Returns the network that the manifests declare, with an environment applied.
    fn find_network(
        manifests: &[Manifest<Self::Spec>],
        environment: Option<&str>,
    ) -> (Option<Network>, Vec<Diagnostic>);
}

/// Manifest as loaded. If its form is invalid, only the readable parts.
#[derive(Debug)]
pub struct Manifest<Spec> {
    /// Name and location.
    pub head: ManifestHeader,
    /// Content of `spec`.
    pub spec: Spec,
}

/// Loaded manifests and all diagnostics.
#[derive(Debug)]
pub struct LoadedManifests<Spec> {
    /// The network; `None` if no manifest declares the zones. After errors, only good for finding more
    /// errors.
    pub network: Option<Network>,
    /// All readable manifests, ordered by file and location. After errors, unreadable parts may be missing.
    pub manifests: Vec<Manifest<Spec>>,
    /// All diagnostics, ordered by file and location.
    pub diagnostics: Vec<Diagnostic>,
}

impl<Spec> LoadedManifests<Spec> {
    /// Returns true if any diagnostic is an error. Planning is not allowed then.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Loads all sources as manifests of these kinds, and selects an environment of the network.
pub fn load<K: CatalogKind>(
    kinds: &[K],
    sources: &[SourceFile],
    environment: Option<&str>,
) -> LoadedManifests<K::Spec> {
    let mut sources: Vec<&SourceFile> = sources.iter().collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    if sources.is_empty() {
        let problem = Diagnostic::nowhere(diagnostic_codes::NO_SOURCES, "no manifests found")
            .help("pass the config directory with `-C DIR`, or create a `*.yaml` file with `kind: Network`");
        return LoadedManifests { network: None, manifests: Vec::new(), diagnostics: vec![problem] };
    }
    let (mut manifests, mut diagnostics) = (Vec::new(), Vec::new());
    // A misspelled network is not a missing one.
    let mut unread = false;
    for file in parallel_map(&sources, |source| load_file(kinds, source)) {
        manifests.extend(file.manifests);
        diagnostics.extend(file.problems);
        unread |= file.may_hide_network;
    }
    diagnostics.extend(envelope::duplicates(manifests.iter().map(|manifest: &Manifest<_>| &manifest.head)));
    let (network, problems) = K::find_network(&manifests, environment);
    diagnostics.extend(
        problems.into_iter().filter(|problem| !(unread && problem.code == diagnostic_codes::NO_NETWORK)),
    );
    sort(&mut diagnostics);
    LoadedManifests { network, manifests, diagnostics }
}

/// Manifests and diagnostics of one file.
struct LoadedFile<Spec> {
    manifests: Vec<Manifest<Spec>>,
    problems: Vec<Diagnostic>,
    /// True if an unreadable part may contain the network.
    may_hide_network: bool,
}

fn load_file<K: CatalogKind>(kinds: &[K], source: &SourceFile) -> LoadedFile<K::Spec> {
    let (documents, mut problems) = source::documents(source);
    let mut complete = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let mut manifests = Vec::new();
    for document in documents {
        let (manifest, form_problems) = parse_manifest(kinds, document);
        problems.extend(form_problems);
        complete &= manifest.is_some();
        if let Some(Manifest { head, spec }) = manifest {
            problems.extend(K::validate(&head, &spec));
            manifests.push(Manifest { head, spec });
        }
    }
    let may_hide_network =
        !complete && source.text.as_ref().map_or(true, |text| envelope::may_be_network(text));
    LoadedFile { manifests, problems, may_hide_network }
}

/// Returns the readable part of a document as a manifest, and the problems of its form.
fn parse_manifest<K: CatalogKind>(
    kinds: &[K],
    document: source::YamlDocument,
) -> (Option<Manifest<K::Spec>>, Vec<Diagnostic>) {
    let kind = match envelope::kind(&document, kinds) {
        Ok(kind) => kind,
        Err(problem) => return (None, vec![*problem]),
    };
    let mut problems = kind.schema().check(&document);
    let matches_schema = problems.is_empty();
    // The cause of a problem that the schema check already reported.
    let mut invisible = Vec::new();
    let mut by_span: BTreeMap<Option<SourceSpan>, Vec<usize>> = BTreeMap::new();
    for (index, problem) in problems.iter().enumerate() {
        by_span.entry(problem.span.clone()).or_default().push(index);
    }
    for found in invisible_characters::check(&document, kind.writes_zones()) {
        match by_span.get(&found.problem.span) {
            Some(same) => (same.iter())
                .for_each(|index| problems[*index].message.push_str(&format!("; {}", found.problem.message))),
            None if found.is_relevant() => invisible.push(found.problem),
            None => {}
        }
    }
    problems.extend(invisible);
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
    let pruned = match matches_schema {
        true => None,
        false => match remove_invalid::prune(kind.schema(), document.root.clone(), &mut lost) {
            Some(root) => Some(root),
            None => return (None, problems),
        },
    };
    let head = envelope::head(&document, kind.name(), lost);
    let root = pruned.as_ref().unwrap_or(&document.root);
    let Some(spec) = root.get("spec") else { return (None, problems) };
    match kind.parse_spec(spec.node) {
        Ok(spec) => (Some(Manifest { head, spec }), problems),
        Err(error) => {
            // A pruned tree already has a diagnostic.
            if matches_schema {
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

/// Sorts diagnostics by file and location, those without a location first, and removes duplicates. A warning of
/// outer spaces duplicates any other problem of its text.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (&a.span, a.severity, a.code, &a.message).cmp(&(&b.span, b.severity, b.code, &b.message))
    });
    diagnostics.dedup();
    // A name with outer spaces has a problem of its own.
    let others = diagnostics.iter().filter(|problem| problem.code != diagnostic_codes::OUTER_SPACE);
    let spans: BTreeSet<_> = others.filter_map(|problem| problem.span.clone()).collect();
    diagnostics.retain(|problem| {
        problem.code != diagnostic_codes::OUTER_SPACE
            || problem.span.as_ref().is_none_or(|span| !spans.contains(span))
    });
}

/// Returns the source texts by file, in the form that `render` expects.
pub fn texts(sources: &[SourceFile]) -> BTreeMap<&str, &str> {
    sources.iter().filter_map(|source| Some((&*source.file, source.text.as_deref().ok()?))).collect()
}

#[cfg(test)]
mod tests;
