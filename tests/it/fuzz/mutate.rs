//! Mutations of a text: what a careless editor, a broken disk or an attacker makes of it.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// Texts that parsers find difficult.
const PIECES: [&str; 64] = [
    "",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{e9}",
    "\u{1f512}",
    "0",
    "-1",
    "1.5",
    "1e999",
    "18446744073709551616",
    "9223372036854775807",
    "4294967295",
    "true",
    "false",
    "null",
    "~",
    "\"\"",
    "\"",
    "'",
    "[]",
    "{}",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    ",",
    "- ",
    "|",
    ">",
    "&a",
    "*a",
    "!!str",
    "!!binary",
    "<<: *a",
    "---",
    "...",
    "#",
    "%",
    "{var: x}",
    "{code}",
    "..",
    "/",
    "\\",
    "\\u0000",
    "\\ud800",
    "?",
    "NaN",
    "2026-02-30",
    "2026-13-01",
    "25:61",
    "zones: all",
    "only: []",
    "absent: true",
    "enabled: null",
    "rows: [{}]",
    "key: []",
    "apiVersion: zonal/v1",
];

/// Change of a text at a place.
#[derive(Debug, Clone)]
pub enum Mutation {
    Insert(&'static str),
    /// Deletes characters.
    Delete(usize),
    /// Repeats characters.
    Repeat(usize, usize),
    /// Replaces the value of a JSON or YAML field by another text.
    ReplaceValue(&'static str),
    /// Exchanges two lines.
    ExchangeLines(Index),
    DeleteLine,
    RepeatLine,
    /// Copies a line to another place.
    CopyLine(Index),
    Truncate,
    FlipCase,
}

/// Returns a generator of mutated seeds.
pub fn mutated(seeds: Vec<String>) -> impl Strategy<Value = String> {
    let piece = || select(PIECES.to_vec());
    let mutation = prop_oneof![
        4 => piece().prop_map(Mutation::Insert),
        4 => piece().prop_map(Mutation::ReplaceValue),
        2 => (1_usize..40).prop_map(Mutation::Delete),
        1 => (1_usize..20, 1_usize..300).prop_map(|(length, times)| Mutation::Repeat(length, times)),
        2 => any::<Index>().prop_map(Mutation::ExchangeLines),
        2 => Just(Mutation::DeleteLine),
        2 => Just(Mutation::RepeatLine),
        2 => any::<Index>().prop_map(Mutation::CopyLine),
        1 => Just(Mutation::Truncate),
        1 => Just(Mutation::FlipCase),
    ];
    (select(seeds), vec((any::<Index>(), mutation), 1..6)).prop_map(|(seed, mutations)| {
        mutations.into_iter().fold(seed, |text, (place, mutation)| mutation.apply(&text, place))
    })
}

impl Mutation {
    fn apply(self, text: &str, place: Index) -> String {
        let chars: Vec<char> = text.chars().collect();
        let at = place.index(chars.len() + 1);
        let (head, tail) = chars.split_at(at);
        let join = |middle: &str, tail: &[char]| -> String {
            head.iter().copied().chain(middle.chars()).chain(tail.iter().copied()).collect()
        };
        match self {
            Self::Insert(piece) => join(piece, tail),
            Self::Delete(length) => join("", &tail[length.min(tail.len())..]),
            Self::Repeat(length, times) => {
                let piece: String = tail[..length.min(tail.len())].iter().collect();
                join(&piece.repeat(times), tail)
            }
            Self::ReplaceValue(piece) => {
                let Some(start) = tail.iter().position(|sign| *sign == ':') else { return join(piece, tail) };
                let value = &tail[start + 1..];
                let end = value.iter().position(|sign| matches!(sign, ',' | '}' | ']' | '\n'));
                let kept: String = tail[..=start].iter().collect();
                join(&format!("{kept} {piece}"), &value[end.unwrap_or(value.len())..])
            }
            Self::Truncate => join("", &[]),
            Self::FlipCase => {
                let flip = |sign: &char| match sign.is_uppercase() {
                    true => sign.to_lowercase().to_string(),
                    false => sign.to_uppercase().to_string(),
                };
                let word: String = tail.iter().take(6).map(flip).collect();
                join(&word, &tail[6.min(tail.len())..])
            }
            Self::ExchangeLines(other) => with_lines(text, |lines| {
                let (one, other) = (place.index(lines.len()), other.index(lines.len()));
                lines.swap(one, other);
            }),
            Self::DeleteLine => with_lines(text, |lines| {
                lines.remove(place.index(lines.len()));
            }),
            Self::RepeatLine => with_lines(text, |lines| {
                let at = place.index(lines.len());
                lines.insert(at, lines[at]);
            }),
            Self::CopyLine(other) => with_lines(text, |lines| {
                let line = lines[other.index(lines.len())];
                lines.insert(place.index(lines.len()), line);
            }),
        }
    }
}

fn with_lines(text: &str, change: impl FnOnce(&mut Vec<&str>)) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    change(&mut lines);
    lines.join("\n")
}
