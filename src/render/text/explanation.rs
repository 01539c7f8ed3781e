//! Answers: one line, then why, then what expectations can say of it.

use anstyle::Style;

use crate::model::{Explanation, Ground, Reason, Told};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// One answer. `whence` says whether it is how things are declared or how they were found.
pub fn explanation(explanation: &Explanation, whence: &str) -> String {
    let Explanation { question: _, line, facts, reasons } = explanation;
    let mut out = format!("{BOLD}{}.{BOLD:#} {DIM}({whence}){DIM:#}\n", sentence(line));
    if !reasons.is_empty() {
        out.push('\n');
    }
    for (index, Reason { says, ground }) in reasons.iter().enumerate() {
        out.push_str(&format!("  {}. {says}\n", index + 1));
        match ground {
            Ground::Declared(provenance) => {
                out.push_str(&format!("     {DIM}({}, {provenance}){DIM:#}\n", provenance.manifest));
            }
            Ground::Observed { .. } => out.push_str(&format!("     {DIM}({ground}){DIM:#}\n")),
            Ground::Alma => {}
        }
    }
    if !facts.is_empty() {
        out.push('\n');
    }
    for (fact, value) in facts {
        match value {
            // It has been said above.
            Told::Not(why) if reasons.iter().any(|reason| *reason.says == **why) => {
                out.push_str(&format!("  {fact}: unknown\n"));
            }
            told => out.push_str(&format!("  {fact}: {told}\n")),
        }
    }
    out
}

/// A sentence begins with a capital letter.
fn sentence(line: &str) -> String {
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The same question, answered from what is declared and from what was found: where they differ.
pub fn difference(declared: &Explanation, observed: &Explanation) -> String {
    let mut out = String::new();
    for (fact, said) in &declared.facts {
        let found = observed.facts.get(fact);
        if found != Some(said) {
            let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            out.push_str(&format!("  {fact}: declared {said}, observed {found}\n"));
        }
    }
    match out.is_empty() {
        true => "The zones are as declared in this.\n".to_owned(),
        false => format!("{BOLD}The zones differ from what is declared:{BOLD:#}\n{out}"),
    }
}
