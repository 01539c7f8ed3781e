//! Turns text into manifests with places, or into every problem at once.

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
pub mod value_or_list;
pub mod yaml_node;

use std::collections::BTreeMap;

pub use self::envelope::{API_VERSION, ManifestHeader};
pub use self::source::SourceFile;

use self::parallel::parallel_map;
use self::unreadable::UnreadableParts;
use crate::kinds::{self, ManifestSpec};
use crate::model::{Diagnostic, Network, Severity};

/// One manifest, or what is left of one whose form is wrong.
#[derive(Debug)]
pub struct Manifest {
    /// What it is called, and where it is.
    pub head: ManifestHeader,
    /// What it says.
    pub spec: Box<dyn ManifestSpec>,
}

/// Everything that the manifests say, and everything that is wrong with them.
#[derive(Debug, Default)]
pub struct LoadedManifests {
    /// The network; `None` where no manifest says what its zones are. Where there are errors, it is
    /// only good for finding more of them.
    pub network: Option<Network>,
    /// All manifests that could be read, in the order of file and place. Where there are errors, they
    /// may lack what could not be read.
    pub manifests: Vec<Manifest>,
    /// All problems, in the order of file and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl LoadedManifests {
    /// Whether something is an error, so that nothing may be planned.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Reads all sources and chooses an environment of the network.
pub fn load(sources: &[SourceFile], environment: Option<&str>) -> LoadedManifests {
    let mut sources: Vec<&SourceFile> = sources.iter().collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    if sources.is_empty() {
        let problem = Diagnostic::nowhere(diagnostic_codes::NO_SOURCES, "there are no manifests here").help(
            "name the config directory with `-C DIR`, or write a first `*.yaml` file with `kind: Network`",
        );
        return LoadedManifests { diagnostics: vec![problem], ..LoadedManifests::default() };
    }
    let (mut manifests, mut diagnostics) = (Vec::new(), Vec::new());
    // A network that was misspelt is not a network that is missing.
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

/// What one file comes to.
#[derive(Default)]
struct LoadedFile {
    manifests: Vec<Manifest>,
    problems: Vec<Diagnostic>,
    /// Whether the network may stand in what could not be read.
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

/// What a document says, as far as it can be read, and what is wrong with its form.
fn manifest(document: source::YamlDocument) -> (Option<Manifest>, Vec<Diagnostic>) {
    let kind = match envelope::kind(&document) {
        Ok(kind) => kind,
        Err(problem) => return (None, vec![*problem]),
    };
    let mut problems = kind.schema().check(&document);
    let right = problems.is_empty();
    // What does not fit the schema has been told, whatever is in it.
    let unseen = invisible_characters::check(&document).into_iter();
    let unseen: Vec<_> = unseen.filter(|each| problems.iter().all(|told| told.span != each.span)).collect();
    problems.extend(unseen);
    if !document.lost_keys.is_empty() {
        // What seems to be missing may be what could not be read.
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
            // Of a tree that was pruned there is something to be told already.
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

/// Orders problems by file and place, those of no place first, and drops repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (&a.span, a.severity, a.code, &a.message).cmp(&(&b.span, b.severity, b.code, &b.message))
    });
    diagnostics.dedup();
}

/// The texts of the sources by file, as `render` wants them.
pub fn texts(sources: &[SourceFile]) -> BTreeMap<&str, &str> {
    sources.iter().filter_map(|source| Some((&*source.file, source.text.as_deref().ok()?))).collect()
}

#[cfg(test)]
mod tests;
