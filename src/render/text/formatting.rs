//! Shared formatting functions of all texts.

use anstyle::{AnsiColor, Style};

pub use crate::model::grouped_number::count;
pub use crate::model::text_safety::safe;
use crate::model::{GroupedNumber, ZoneCode};

/// Style of creates.
pub const ADD: Style = AnsiColor::Green.on_default();
/// Style of updates.
pub const CHANGE: Style = AnsiColor::Yellow.on_default();
/// Style of deletes and failures.
pub const REMOVE: Style = AnsiColor::Red.on_default();
/// Style of manual steps.
pub const HAND: Style = AnsiColor::Magenta.on_default();
/// Style of emphasized text.
pub const BOLD: Style = Style::new().bold();
/// Style of secondary text.
pub const DIM: Style = Style::new().dimmed();

/// Returns `text` in `style`, in one line without control characters.
pub fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{}{style:#}", safe(text))
}

/// Returns a number with thousands separators: `1,240`.
pub fn thousands(number: u64) -> String {
    GroupedNumber(number).to_string()
}

/// Wraps a text at spaces into lines of at most `columns` columns. A longer word gets its own line.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    textwrap::wrap(&safe(text), wrap_options(columns)).into_iter().map(Into::into).collect()
}

/// Wraps a text at spaces into lines of at most `columns` columns. Breaks words that are longer.
pub fn wrap_whole(text: &str, columns: usize) -> Vec<String> {
    let options = wrap_options(columns).break_words(true);
    textwrap::wrap(&safe(text), options).into_iter().map(|line| safe_line(&line)).collect()
}

/// Returns a line that gives no order to the runner of a pipeline, even at the start of a line.
pub fn safe_line(line: &str) -> String {
    let text = line.trim_start();
    match text.strip_prefix("::") {
        Some(rest) => format!("{}\\u{{3a}}:{rest}", &line[..line.len() - text.len()]),
        None => line.to_owned(),
    }
}

/// Returns the width of a text in columns of a terminal.
pub fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// Returns zone codes, separated by commas, in lines of about 100 columns with `indent`.
pub fn zone_list<'a>(zones: impl IntoIterator<Item = &'a ZoneCode>, indent: &str) -> String {
    // A line must not start inside of a code.
    let codes: Vec<String> = zones.into_iter().map(|code| safe(code).replace(' ', "\\u{20}")).collect();
    let options = wrap_options(97 + indent.len()).initial_indent(indent).subsequent_indent(indent);
    textwrap::fill(&codes.join(", "), options)
}

/// Options that keep every word in one piece.
fn wrap_options<'a>(columns: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(columns)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Returns a timestamp without fractions of a second. Other text only becomes safe.
pub fn moment(at: &str) -> String {
    match at.split_once('.') {
        Some((seconds, fraction)) if fraction.ends_with('Z') => safe(format_args!("{seconds}Z")),
        Some(_) | None => safe(at),
    }
}
