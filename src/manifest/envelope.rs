//! Parts that surround the spec of every manifest: `apiVersion`, `kind` and `metadata`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::CatalogKind;
use super::diagnostic_codes;
use super::source::{YamlDocument, place};
use super::suggestions;
use super::unreadable::UnreadableParts;
use super::yaml_node::{NodeLookup, NodeSpan, YamlNode, YamlValue};
use crate::model::{Diagnostic, Provenance, SourceSpan};

/// `apiVersion` of every manifest.
pub const API_VERSION: &str = "zonal/v1";

/// Name and location of a manifest.
#[derive(Debug, Clone)]
pub struct ManifestHeader {
    /// Kind of the manifest.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: Arc<str>,
    /// Kind and name: `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Path of the file.
    pub file: Arc<str>,
    /// Span of the name. Problems of the whole manifest are reported here.
    pub extent: NodeSpan,
    /// Unreadable parts of the manifest.
    pub lost: UnreadableParts,
    /// Labels that selectors of the manifest name, in order of appearance. Plans tell zones by these.
    pub selector_labels: Vec<Arc<str>>,
}

impl ManifestHeader {
    /// Returns a span of the manifest's file as a [`SourceSpan`].
    pub fn place(&self, extent: NodeSpan) -> SourceSpan {
        place(&self.file, extent)
    }

    /// Returns the unreadable parts of the spec.
    pub fn lost_spec(&self) -> &UnreadableParts {
        self.lost.field("spec")
    }

    /// Returns the location of the manifest's name.
    pub fn span(&self) -> SourceSpan {
        self.place(self.extent)
    }

    /// Returns a span of the manifest as the source of a value.
    pub fn provenance(&self, extent: NodeSpan, override_index: Option<u32>) -> Provenance {
        Provenance { span: self.place(extent), manifest: Arc::clone(&self.manifest), override_index }
    }
}

/// Returns the kind of a document, or a diagnostic if the document is not a manifest.
pub fn kind<'k, K: CatalogKind>(document: &YamlDocument, kinds: &'k [K]) -> Result<&'k K, Box<Diagnostic>> {
    let root = &document.root;
    let ignore = "list the file in `.zonalignore` if it is not a manifest";
    let here = document.place(root.head());
    let YamlValue::Map(entries) = &root.value else {
        let problem = Diagnostic::error(diagnostic_codes::API_VERSION, here, "the document is not a map");
        return Err(Box::new(problem.help(format!("start with `apiVersion: {API_VERSION}`, or {ignore}"))));
    };
    let Some(version) = root.get("apiVersion") else {
        let near = entries.iter().find(|(key, _)| suggestions::nearest(&key.text, ["apiVersion"]).is_some());
        return Err(Box::new(match near {
            Some((key, _)) => Diagnostic::error(
                diagnostic_codes::API_VERSION,
                document.place(key.extent),
                format!("unknown field `{}`, and `apiVersion` is missing", key.text),
            )
            .help("did you mean `apiVersion`?"),
            None => Diagnostic::error(diagnostic_codes::API_VERSION, here, "missing `apiVersion`")
                .help(format!("add `apiVersion: {API_VERSION}`, or {ignore}")),
        }));
    };
    if version.node.as_text().map(AsRef::as_ref) != Some(API_VERSION) {
        let problem = Diagnostic::error(
            diagnostic_codes::API_VERSION,
            document.place(version.node.extent),
            format!("unsupported `apiVersion`: expected `{API_VERSION}`"),
        );
        return Err(Box::new(problem.help(format!("use `{API_VERSION}`, or {ignore}"))));
    }
    let Some(NodeLookup { node, .. }) = root.get("kind") else {
        let problem = Diagnostic::error(diagnostic_codes::KIND, here, "missing `kind`");
        let names: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.name())).collect();
        return Err(Box::new(problem.help(format!("add `kind: ...`; known: {}", names.join(", ")))));
    };
    let unknown = |text: &str| {
        let message = match text {
            "" => "`kind` is not text".to_owned(),
            text => format!("unknown kind `{text}`"),
        };
        let problem = Diagnostic::error(diagnostic_codes::KIND, document.place(node.extent), message);
        Box::new(problem.help(suggestions::among(text, kinds.iter().map(K::name))))
    };
    let text = node.as_text().ok_or_else(|| unknown(""))?;
    kinds.iter().find(|kind| kind.name() == text.as_ref()).ok_or_else(|| unknown(text))
}

/// Returns the header of a document that passed the schema check of its kind, apart from its unreadable
/// parts.
pub fn head(document: &YamlDocument, kind: &'static str, lost: UnreadableParts) -> ManifestHeader {
    let metadata = document.root.get("metadata");
    let name = metadata.and_then(|metadata| metadata.node.get("name")).map(|name| name.node);
    let text = name.and_then(YamlNode::as_text).map_or_else(|| "?".into(), Arc::clone);
    let root = document.root.head();
    ManifestHeader {
        kind,
        manifest: format!("{kind}/{text}").into(),
        name: text,
        file: Arc::clone(&document.file),
        extent: name.map_or(metadata.map_or(root, |metadata| metadata.head()), |name| name.extent),
        lost,
        selector_labels: selector_labels(&document.root),
    }
}

/// Returns the keys of all maps called `labels`, in order and without duplicates.
fn selector_labels(node: &YamlNode) -> Vec<Arc<str>> {
    fn visit(node: &YamlNode, found: &mut Vec<Arc<str>>) {
        match &node.value {
            YamlValue::List(items) => items.iter().for_each(|item| visit(item, found)),
            YamlValue::Map(entries) => entries.iter().for_each(|(key, value)| match &value.value {
                YamlValue::Map(labels) if &*key.text == "labels" => {
                    for (label, _) in labels {
                        if !found.contains(&label.text) {
                            found.push(Arc::clone(&label.text));
                        }
                    }
                }
                _ => visit(value, found),
            }),
            YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
        }
    }
    let mut found = Vec::new();
    visit(node, &mut found);
    found
}

/// Returns true if an unparsable text may contain the `Network` manifest.
pub fn may_be_network(text: &str) -> bool {
    text.contains("networkZone")
        || text.lines().any(|line| {
            let words = line.trim_start_matches(['-', ' ', '{', '"', '\'', '?']);
            let value = words.strip_prefix("kind").and_then(|rest| rest.split_once(':'));
            let word = value.map(|(_, word)| word.split(['#', ',', '}']).next().unwrap_or_default());
            word.is_some_and(|word| {
                suggestions::nearest(word.trim().trim_matches(['"', '\'']), ["Network"]).is_some()
            })
        })
}

/// Returns a diagnostic for every manifest with the kind and name of an earlier one.
pub fn duplicates<'a>(heads: impl Iterator<Item = &'a ManifestHeader>) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, &ManifestHeader> = BTreeMap::new();
    let mut problems = Vec::new();
    for head in heads.filter(|head| head.lost.field("metadata").field("name").is_nothing()) {
        match seen.get(&*head.manifest) {
            Some(first) => {
                let message = format!("duplicate manifest `{}`", head.manifest);
                let problem = Diagnostic::error(diagnostic_codes::DUPLICATE_MANIFEST, head.span(), message);
                problems
                    .push(problem.with_secondary_span(first.span(), "first here").help("rename one of them"));
            }
            None => drop(seen.insert(&head.manifest, head)),
        }
    }
    problems
}
