//! What every manifest has around its spec: `apiVersion`, `kind` and `metadata`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::diagnostic_codes;
use super::source::{YamlDocument, place};
use super::suggestions;
use super::unreadable::UnreadableParts;
use super::yaml_node::{NodeLookup, NodeSpan, YamlNode, YamlValue};
use crate::kinds::{KINDS, ManifestKind};
use crate::model::{Diagnostic, Provenance, SourceSpan};

/// The `apiVersion` of every manifest.
pub const API_VERSION: &str = "zonal/v1";

/// What a manifest is called, and where it is.
#[derive(Debug, Clone)]
pub struct ManifestHeader {
    /// Its kind.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Its file.
    pub file: Arc<str>,
    /// Where its name stands, which is where problems of the whole manifest are shown.
    pub extent: NodeSpan,
    /// What of the manifest could not be read.
    pub lost: UnreadableParts,
}

impl ManifestHeader {
    /// A stretch of the manifest's file as a place.
    pub fn place(&self, extent: NodeSpan) -> SourceSpan {
        place(&self.file, extent)
    }

    /// What of its spec could not be read.
    pub fn lost_spec(&self) -> &UnreadableParts {
        self.lost.field("spec")
    }

    /// Where the manifest is named.
    pub fn span(&self) -> SourceSpan {
        self.place(self.extent)
    }

    /// A stretch of the manifest as the source of a value.
    pub fn provenance(&self, extent: NodeSpan, override_index: Option<u32>) -> Provenance {
        Provenance { span: self.place(extent), manifest: Arc::clone(&self.manifest), override_index }
    }
}

/// The kind of a document, or why it is none of ours.
pub fn kind(document: &YamlDocument) -> Result<&'static ManifestKind, Box<Diagnostic>> {
    let root = &document.root;
    let ignore = "name the file in `.zonalignore` if it is not zonal's";
    let here = document.place(root.head());
    let YamlValue::Map(entries) = &root.value else {
        let problem = Diagnostic::error(
            diagnostic_codes::API_VERSION,
            here,
            "the document is not a map, so it is no manifest",
        );
        return Err(Box::new(problem.help(format!("begin with `apiVersion: {API_VERSION}`, or {ignore}"))));
    };
    let Some(version) = root.get("apiVersion") else {
        let near = entries.iter().find(|(key, _)| suggestions::nearest(&key.text, ["apiVersion"]).is_some());
        return Err(Box::new(match near {
            Some((key, _)) => Diagnostic::error(
                diagnostic_codes::API_VERSION,
                document.place(key.extent),
                format!("unknown field `{}`, and there is no `apiVersion`", key.text),
            )
            .help("did you mean `apiVersion`?"),
            None => {
                Diagnostic::error(diagnostic_codes::API_VERSION, here, "the document has no `apiVersion`")
                    .help(format!("add `apiVersion: {API_VERSION}`, or {ignore}"))
            }
        }));
    };
    if version.node.as_text().map(AsRef::as_ref) != Some(API_VERSION) {
        let problem = Diagnostic::error(
            diagnostic_codes::API_VERSION,
            document.place(version.node.extent),
            format!("the `apiVersion` is not `{API_VERSION}`"),
        );
        return Err(Box::new(problem.help(format!("write `{API_VERSION}`, or {ignore}"))));
    }
    let Some(NodeLookup { node, .. }) = root.get("kind") else {
        let problem = Diagnostic::error(diagnostic_codes::KIND, here, "the document has no `kind`");
        let names: Vec<String> = KINDS.iter().map(|kind| format!("`{}`", kind.name)).collect();
        return Err(Box::new(problem.help(format!("add `kind: ...`; known: {}", names.join(", ")))));
    };
    let unknown = |text: &str| {
        let message = match text {
            "" => "the `kind` is not a text".to_owned(),
            text => format!("unknown kind `{text}`"),
        };
        let problem = Diagnostic::error(diagnostic_codes::KIND, document.place(node.extent), message);
        Box::new(problem.help(suggestions::among(text, KINDS.iter().map(|kind| kind.name))))
    };
    let text = node.as_text().ok_or_else(|| unknown(""))?;
    KINDS.iter().find(|kind| kind.name == text.as_ref()).ok_or_else(|| unknown(text))
}

/// The head of a document that has passed the check of its kind's schema, but for what it lost.
pub fn head(document: &YamlDocument, kind: &'static ManifestKind, lost: UnreadableParts) -> ManifestHeader {
    let metadata = document.root.get("metadata");
    let name = metadata.and_then(|metadata| metadata.node.get("name")).map(|name| name.node);
    let text = name.and_then(YamlNode::as_text).map_or_else(|| "?".into(), Arc::clone);
    let root = document.root.head();
    ManifestHeader {
        kind: kind.name,
        manifest: format!("{}/{text}", kind.name).into(),
        name: text,
        file: Arc::clone(&document.file),
        extent: name.map_or(metadata.map_or(root, |metadata| metadata.head()), |name| name.extent),
        lost,
    }
}

/// Whether a text that could not be read as documents may describe the network.
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

/// Manifests that have the same kind and name.
pub fn duplicates<'a>(heads: impl Iterator<Item = &'a ManifestHeader>) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, &ManifestHeader> = BTreeMap::new();
    let mut problems = Vec::new();
    for head in heads.filter(|head| head.lost.field("metadata").field("name").is_nothing()) {
        match seen.get(&*head.manifest) {
            Some(first) => {
                let message = format!("two manifests are called `{}`", head.manifest);
                let problem = Diagnostic::error(diagnostic_codes::DUPLICATE_MANIFEST, head.span(), message);
                problems
                    .push(problem.with_secondary_span(first.span(), "first here").help("rename one of them"));
            }
            None => drop(seen.insert(&head.manifest, head)),
        }
    }
    problems
}
