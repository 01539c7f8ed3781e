//! Turns text into manifests with places, or into every problem at once.

pub mod check;
pub mod codes;
pub mod envelope;
pub mod node;
pub mod scalar;
pub mod selection;
pub mod source;
pub mod spread;
pub mod suggest;
pub mod text;
pub mod typed;

use std::collections::BTreeMap;

pub use self::envelope::{API_VERSION, Head};
pub use self::source::Source;

use self::spread::spread;

use crate::kinds::{self, Spec};
use crate::model::{Diagnostic, Network, Severity};

/// One manifest whose form is right.
#[derive(Debug)]
pub struct Manifest {
    /// What it is called, and where it is.
    pub head: Head,
    /// What it says.
    pub spec: Box<dyn Spec>,
}

/// Everything that the manifests say, and everything that is wrong with them.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The network; `None` where it is missing or too wrong to be used.
    pub network: Option<Network>,
    /// All manifests that could be read, in the order of file and place.
    pub manifests: Vec<Manifest>,
    /// All problems, in the order of file and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether something is an error, so that nothing may be planned.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Reads all sources and chooses an environment of the network.
pub fn load(sources: &[Source], environment: Option<&str>) -> Loaded {
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    if sources.is_empty() {
        let problem = Diagnostic::nowhere(codes::NO_SOURCES, "there are no manifests here").help(
            "name the config directory with `-C DIR`, or write a first `*.yaml` file with `kind: Network`",
        );
        return Loaded { diagnostics: vec![problem], ..Loaded::default() };
    }
    let (mut manifests, mut unreadable, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    for file in spread(&sources, |source| read(source)) {
        manifests.extend(file.manifests);
        unreadable.extend(file.unreadable);
        diagnostics.extend(file.wrong);
    }
    // A network that was misspelt is not a network that is missing.
    let unread = !unreadable.is_empty();
    diagnostics.extend(unreadable);
    diagnostics.extend(envelope::duplicates(manifests.iter().map(|manifest| &manifest.head)));
    let (network, problems) = kinds::network(&manifests, environment);
    diagnostics.extend(problems.into_iter().filter(|problem| !(unread && problem.code == codes::NO_NETWORK)));
    sort(&mut diagnostics);
    Loaded { network, manifests, diagnostics }
}

/// What one file comes to.
#[derive(Default)]
struct File {
    manifests: Vec<Manifest>,
    /// Why there are not more manifests.
    unreadable: Vec<Diagnostic>,
    /// What is wrong with those that there are.
    wrong: Vec<Diagnostic>,
}

fn read(source: &Source) -> File {
    let (documents, unreadable) = source::documents(source);
    let mut file = File { unreadable, ..File::default() };
    for document in documents {
        match manifest(&document) {
            Ok(Manifest { head, spec }) => {
                file.wrong.extend(spec.check(&head));
                file.manifests.push(Manifest { head, spec });
            }
            Err(problems) => file.unreadable.extend(problems),
        }
    }
    file
}

fn manifest(document: &source::Document) -> Result<Manifest, Vec<Diagnostic>> {
    let kind = envelope::kind(document).map_err(|problem| vec![*problem])?;
    let mut problems = kind.schema().check(document);
    if document.lost_keys {
        // What seems to be missing may be what could not be read.
        problems.retain(|problem| problem.code != codes::MISSING_FIELD);
        return Err(problems);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let misfit =
        |message: String, extent| vec![Diagnostic::error(codes::SCHEMA, document.place(extent), message)];
    let root = document.root.head();
    let (Some(head), Some(spec)) = (envelope::head(document, kind), document.root.get("spec")) else {
        return Err(misfit("the manifest has no name or no spec".to_owned(), root));
    };
    match kind.read(spec.node) {
        Ok(spec) => Ok(Manifest { head, spec }),
        Err(error) => Err(misfit(error.message, error.extent.unwrap_or(root))),
    }
}

/// Orders problems by file and place, those of no place first, and drops repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (&a.place, a.severity, a.code, &a.message).cmp(&(&b.place, b.severity, b.code, &b.message))
    });
    diagnostics.dedup();
}

/// The texts of the sources by file, as `render` wants them.
pub fn texts(sources: &[Source]) -> BTreeMap<&str, &str> {
    sources.iter().filter_map(|source| Some((&*source.file, source.text.as_deref().ok()?))).collect()
}

#[cfg(test)]
mod tests;
