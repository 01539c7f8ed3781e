//! Text output of diagnostics: location, message, source line and help.

use std::collections::BTreeSet;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet};

use super::{SourceSnippet, SourceTexts, count, in_order};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{Diagnostic, SecondarySpan, Severity, SourceSpan};
use crate::render::text as words;

/// Use of ANSI escape codes in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorMode {
    /// Text with escape codes.
    Ansi,
    /// Text without escape codes.
    Plain,
}

/// Maximum number of diagnostics shown in full; zonal only counts the others.
const SHOWN: usize = 50;

/// Returns all diagnostics and their number, or an empty string if there are none.
///
/// The first line of a diagnostic reads `FILE:LINE:COLUMN: error[Z0203]: ...`, a format known to terminals,
/// editors and `grep`.
pub fn text(diagnostics: &[Diagnostic], texts: &SourceTexts<'_>, colour: ColorMode) -> String {
    let renderer = match colour {
        ColorMode::Ansi => Renderer::styled(),
        ColorMode::Plain => Renderer::plain(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    let diagnostics_in_order = in_order(diagnostics);
    let (shown, omitted) = cut_list(&diagnostics_in_order, SHOWN);
    for problem in shown {
        out.push_str(&renderer.render(&[group(problem, texts)]));
        out.push_str("\n\n");
    }
    out.extend(omitted.map(|omitted| format!("{omitted}\n\n")));
    if !diagnostics.is_empty() {
        out.push_str(&summary(diagnostics));
        out.push('\n');
    }
    out
}

fn group<'a>(problem: &'a Diagnostic, texts: &SourceTexts<'_>) -> Group<'a> {
    let Diagnostic { severity, code, message, span: place, label, related, help } = problem;
    let (level, name) = match severity {
        Severity::Error => (Level::ERROR, "error"),
        Severity::Warning => (Level::WARNING, "warning"),
    };
    // A file name is chosen by the author of a commit, like any other text.
    let place_text = |place: &SourceSpan| escape_invisible(&place.to_string());
    let name =
        place.as_ref().map_or_else(|| name.to_owned(), |place| format!("{}: {name}", place_text(place)));
    let mut group = (level.with_name(name).primary_title(escape_invisible(message)).id(*code))
        .elements(Vec::<Element<'_>>::new());
    if let Some(place) = place
        && let Some(snippet) = snippet(place, label.as_deref(), AnnotationKind::Primary, texts)
    {
        group = group.element(snippet);
    }
    for SecondarySpan { span: place, message } in related {
        match snippet(place, Some(message), AnnotationKind::Context, texts) {
            Some(snippet) => group = group.element(snippet.path(escape_invisible(&place.file))),
            None => {
                let note = format!("{}: {}", place_text(place), escape_invisible(message));
                group = group.element(Level::NOTE.message(note));
            }
        }
    }
    match help {
        Some(help) => group.element(Level::HELP.message(escape_invisible(help))),
        None => group,
    }
}

fn snippet<'a>(
    place: &SourceSpan,
    label: Option<&str>,
    kind: AnnotationKind,
    texts: &SourceTexts<'_>,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let SourceSnippet { line, from, to } = SourceSnippet::visible(place, texts)?;
    let annotation = kind.span(from..to).label(label.map(escape_invisible));
    Some(Snippet::source(line).line_start(place.start.line as usize).annotation(annotation))
}

/// Returns the totals: `3 errors, 1 warning in 2 files`.
fn summary(diagnostics: &[Diagnostic]) -> String {
    let counts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning")]
        .into_iter()
        .map(|(severity, name)| (count(diagnostics, severity), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| words::count(count, name))
        .collect();
    let files: BTreeSet<&str> =
        diagnostics.iter().filter_map(|problem| problem.span.as_ref()).map(|place| &*place.file).collect();
    match files.len() {
        0 => counts.join(", "),
        files => format!("{} in {}", counts.join(", "), words::count(files, "file")),
    }
}
