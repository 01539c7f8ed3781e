//! Parses YAML text into located trees. Only this module uses the YAML parser.
//!
//! Trees are composed from parser events. So keys and scalars keep their locations, and duplicate keys report
//! both locations. The cost of an alias is counted before the copy.

mod invalid_keys;
mod layout_mistakes;
pub mod line_parts;
mod plain_text_checks;
pub mod source_lines;
mod syntax_errors;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_saphyr::granit_parser::{self as yaml, Event, Marker, ScalarStyle, ScanError, Span, Tag};

use self::source_lines::SourceLines;
use super::diagnostic_codes;
use super::scalar;
use super::yaml_node::{NodeSpan, YamlKey, YamlNode, YamlValue};
use crate::model::secret_text::is_readable;
use crate::model::{Diagnostic, SourcePosition, SourceSpan};

/// Manifest file as read by `cli`.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the config directory, with `/`.
    pub file: Arc<str>,
    /// File text, or the reason for the failed read.
    pub text: Result<String, UnreadableText>,
}

/// Reason why the text of a file is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableText {
    /// File with more than [`MAX_BYTES`].
    TooLarge,
    /// Any other reason, as text: a system error, or an encoding other than UTF-8.
    Other(String),
}

/// YAML document of a file.
#[derive(Debug, Clone)]
pub struct YamlDocument {
    /// Path of the file.
    pub file: Arc<str>,
    /// Root node.
    pub root: YamlNode,
    /// Maps with dropped keys: keys of an invalid type, already reported.
    pub lost_keys: BTreeSet<NodeSpan>,
}

impl YamlDocument {
    /// Returns a span of this document as a [`SourceSpan`] that names the file.
    pub fn place(&self, extent: NodeSpan) -> SourceSpan {
        place(&self.file, extent)
    }
}

/// Returns a span of a file as a [`SourceSpan`].
pub fn place(file: &Arc<str>, extent: NodeSpan) -> SourceSpan {
    SourceSpan { file: Arc::clone(file), start: extent.start, end: extent.end }
}

/// Maximum file size in bytes. 240,000 rows take about 20 MB.
pub const MAX_BYTES: u64 = 32 << 20;
/// Maximum nesting depth of lists and maps.
const MAX_DEPTH: usize = 64;
/// Maximum sum of nodes copied by the aliases of one file. Every 64 bytes of text count as another node.
const MAX_ALIASED: usize = 200_000;

/// Parses the documents of a file. Returns the readable ones, and the problems of all. Empty documents are
/// left out.
pub fn documents(source: &SourceFile) -> (Vec<YamlDocument>, Vec<Diagnostic>) {
    let file = &source.file;
    let text = match &source.text {
        Ok(text) if text.len() as u64 <= MAX_BYTES => text,
        Ok(_) | Err(UnreadableText::TooLarge) => {
            let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
            let place = SourceSpan::file(Arc::clone(file));
            let problem = Diagnostic::error(diagnostic_codes::TOO_LARGE, place, message);
            return (Vec::new(), vec![problem.help("split it into several files")]);
        }
        Err(UnreadableText::Other(reason)) => {
            let problem = Diagnostic::error(
                diagnostic_codes::UNREADABLE,
                SourceSpan::file(Arc::clone(file)),
                format!("cannot read the file: {reason}"),
            );
            return (Vec::new(), vec![problem.help("fix the file, or list it in `.zonalignore`")]);
        }
    };
    let options = yaml::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let parser = yaml::Parser::new_from_str_with_options(text, options);
    TreeComposer {
        file,
        text,
        lines: OnceCell::new(),
        parser,
        anchors: HashMap::new(),
        aliased: 0,
        lost_keys: BTreeSet::new(),
        problems: Vec::new(),
    }
    .run()
}

struct TreeComposer<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    lines: OnceCell<SourceLines<'a>>,
    parser: yaml::Parser<'a, yaml::StrInput<'a>>,
    /// Finished nodes with an anchor, each with its weight.
    anchors: HashMap<usize, (YamlNode, usize)>,
    aliased: usize,
    lost_keys: BTreeSet<NodeSpan>,
    problems: Vec<Diagnostic>,
}

/// Reason why a document was abandoned.
enum DocumentError {
    /// Parser error.
    Scan(ScanError),
    /// Error that is already reported.
    Told,
}

/// Node with its weight: the cost of a copy.
type WeightedNode = (YamlNode, usize);

impl<'a> TreeComposer<'a> {
    fn run(mut self) -> (Vec<YamlDocument>, Vec<Diagnostic>) {
        let mut documents: Vec<YamlDocument> = Vec::new();
        loop {
            match self.document() {
                Ok(None) => return (documents, self.problems),
                Ok(Some(root)) if matches!(root.value, YamlValue::Null) => {}
                Ok(Some(root)) => {
                    let file = Arc::clone(self.file);
                    documents.push(YamlDocument {
                        file,
                        root,
                        lost_keys: std::mem::take(&mut self.lost_keys),
                    });
                }
                Err(reason) => {
                    if let DocumentError::Scan(error) = reason {
                        let problem = syntax_errors::explain(&error, self.file, self.lines());
                        let line = problem.span.as_ref().map(|span| span.start.line);
                        // The parser takes the text before the error for a document of its own.
                        documents.pop_if(|document| {
                            document.root.as_text().is_some() && line == Some(document.root.extent.start.line)
                        });
                        self.problems.push(problem);
                    }
                    // The document after the next `---` can still be checked.
                    if !self.parser.proceed_next_document().unwrap_or(false) {
                        return (documents, self.problems);
                    }
                }
            }
        }
    }

    fn lines(&self) -> &SourceLines<'a> {
        self.lines.get_or_init(|| SourceLines::new(self.text))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, DocumentError> {
        self.parser.next_event().transpose().map_err(DocumentError::Scan)
    }

    /// Returns the root of the next document; `None` at the end.
    fn document(&mut self) -> Result<Option<YamlNode>, DocumentError> {
        self.anchors.clear();
        self.lost_keys.clear();
        loop {
            match self.next()? {
                None | Some((Event::StreamEnd, _)) => return Ok(None),
                Some((Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _)) => {}
                Some((event, span)) => return self.node(event, span).map(|(node, _)| Some(node)),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<WeightedNode, DocumentError> {
        let extent = extent(span);
        let (node, weight, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), extent);
                (YamlNode { extent, value }, 1 + text.len() / 64, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", extent);
                let (node, weight) = self.list(extent)?;
                (node, weight, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", extent);
                let (node, weight) = self.map(extent)?;
                (node, weight, anchor)
            }
            Event::Alias(id) => return self.alias(id, extent),
            // No other event can occur at the position of a node.
            _ => (YamlNode { extent, value: YamlValue::Null }, 1, 0),
        };
        if anchor != 0 {
            // Anchors can be nested, so saving a node must be counted too.
            self.pay(weight, extent)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        Ok((node, weight))
    }

    fn pay(&mut self, weight: usize, at: NodeSpan) -> Result<(), DocumentError> {
        self.aliased += weight;
        if self.aliased <= MAX_ALIASED {
            return Ok(());
        }
        let message = format!("the anchors and aliases of this file repeat more than {MAX_ALIASED} values");
        let problem = Diagnostic::error(diagnostic_codes::ALIAS, place(self.file, at), message);
        self.problems.push(problem.help("use fewer aliases"));
        Err(DocumentError::Told)
    }

    fn list(&mut self, start: NodeSpan) -> Result<WeightedNode, DocumentError> {
        let mut items: Vec<YamlNode> = Vec::new();
        let mut weight = 1;
        loop {
            match self.next()? {
                None => return Err(DocumentError::Told),
                Some((Event::SequenceEnd, end)) => {
                    let end = items.last().map_or_else(|| extent(end).end, |last| last.extent.end);
                    let extent = NodeSpan { start: start.start, end };
                    return Ok((YamlNode { extent, value: YamlValue::List(items) }, weight));
                }
                Some((event, span)) => {
                    let (item, more) = self.node(event, span)?;
                    items.push(item);
                    weight += more;
                }
            }
        }
    }

    fn map(&mut self, start: NodeSpan) -> Result<WeightedNode, DocumentError> {
        let mut entries: Vec<(YamlKey, YamlNode)> = Vec::new();
        // An index only pays off for long maps.
        let mut index: HashMap<Arc<str>, usize> = HashMap::new();
        let mut weight = 1;
        let mut lost = false;
        let mut is_second_manifest = false;
        loop {
            let (event, span) = match self.next()? {
                None => return Err(DocumentError::Told),
                Some((Event::MappingEnd, end)) => {
                    let end = entries.last().map_or_else(|| extent(end).end, |(_, last)| last.extent.end);
                    let extent = NodeSpan { start: start.start, end };
                    if lost {
                        self.lost_keys.insert(extent);
                    }
                    return Ok((YamlNode { extent, value: YamlValue::Map(entries) }, weight));
                }
                Some(next) => next,
            };
            let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let (key, key_weight) = self.node(event, span)?;
            let Some((event, span)) = self.next()? else { return Err(DocumentError::Told) };
            let (value, value_weight) = self.node(event, span)?;
            weight += key_weight + value_weight;
            let Some(key) = self.key(key, merge) else {
                lost = true;
                continue;
            };
            let first = if entries.len() < 16 {
                entries.iter().position(|(each, _)| each.text == key.text)
            } else {
                if index.is_empty() {
                    index
                        .extend(entries.iter().enumerate().map(|(at, (key, _))| (Arc::clone(&key.text), at)));
                }
                index.get(&key.text).copied()
            };
            if let Some(first) = first {
                // A second `apiVersion` starts a manifest: its other fields are no further mistakes.
                let starts_manifest = &*key.text == "apiVersion" && start.start.column == 1;
                if !is_second_manifest || starts_manifest {
                    let is_secret = || !is_readable(&key.text) && self.lines().is_secret_at(key.extent);
                    let at = place(self.file, key.extent);
                    let first = place(self.file, entries[first].0.extent);
                    let problem = match starts_manifest {
                        true => invalid_keys::second_manifest(at, first),
                        false => invalid_keys::duplicate((!is_secret()).then_some(&*key.text), at, first),
                    };
                    self.problems.push(problem);
                }
                is_second_manifest |= starts_manifest;
                continue;
            }
            if !index.is_empty() {
                index.insert(Arc::clone(&key.text), entries.len());
            }
            entries.push((key, value));
        }
    }

    /// Returns the node as a map key. Reports and drops a node that cannot be a key.
    fn key(&mut self, node: YamlNode, merge: bool) -> Option<YamlKey> {
        match node.value {
            YamlValue::Text(text) if !merge => Some(YamlKey { text, extent: node.extent }),
            _ => {
                let problem = invalid_keys::explain(&node, place(self.file, node.head()), || {
                    self.lines().is_secret_at(node.extent)
                });
                self.problems.push(problem);
                None
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: NodeSpan) -> YamlValue {
        match tag {
            None if style == ScalarStyle::Plain => {
                let problem = plain_text_checks::check(text, at, self.file, self.text, || self.lines());
                self.problems.extend(problem);
                scalar::plain(text)
            }
            None => YamlValue::Text(text.into()),
            Some(tag) if tag.is_yaml_core_schema_tag("str") || tag.original() == "!" => {
                YamlValue::Text(text.into())
            }
            Some(tag) => {
                self.refuse_tag(tag, at);
                YamlValue::Text(text.into())
            }
        }
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, own: &str, at: NodeSpan) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag(own)) {
            self.refuse_tag(tag, at);
        }
    }

    fn refuse_tag(&mut self, tag: &Tag, at: NodeSpan) {
        let message = match self.lines().is_secret_at(at) {
            true => "unsupported tag".to_owned(),
            false => format!("unsupported tag `{}`", tag.original()),
        };
        let problem = Diagnostic::error(diagnostic_codes::TAG, place(self.file, at), message);
        self.problems.push(problem.help("remove the tag: manifests are plain data"));
    }

    fn alias(&mut self, id: usize, at: NodeSpan) -> Result<WeightedNode, DocumentError> {
        let Some((node, weight)) = self.anchors.get(&id) else {
            let message = "alias of a value that contains the alias";
            self.problems.push(Diagnostic::error(diagnostic_codes::ALIAS, place(self.file, at), message));
            return Err(DocumentError::Told);
        };
        let weight = *weight;
        let lost = self.lost_keys.contains(&node.extent);
        // The cost is counted before the copy.
        if self.aliased + weight <= MAX_ALIASED {
            let node = YamlNode { extent: at, value: node.value.clone() };
            self.aliased += weight;
            if lost {
                self.lost_keys.insert(at);
            }
            return Ok((node, weight));
        }
        self.pay(weight, at)?;
        Err(DocumentError::Told)
    }
}

fn extent(span: Span) -> NodeSpan {
    NodeSpan { start: position(span.start), end: position(span.end) }
}

fn position(marker: Marker) -> SourcePosition {
    let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    SourcePosition {
        line: clamp(marker.line()),
        column: clamp(marker.col()).saturating_add(1),
        byte: clamp(marker.byte_offset().unwrap_or_default()),
    }
}
