//! Text of an answer: one sentence, reasons, then facts.

use anstyle::Style;

use crate::model::text_safety::escape_invisible;
use crate::model::{Explanation, FactComparison, MaybeKnown, Reason, ReasonSource};
use crate::render::text_difference::distinct_texts;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Returns an answer. `whence` names the source: declared or observed.
pub fn explanation(explanation: &Explanation, whence: &str) -> String {
    let Explanation { question: _, line, facts, reasons } = explanation;
    let mut out = format!("{BOLD}{}.{BOLD:#} {DIM}({whence}){DIM:#}\n", sentence(&escape_invisible(line)));
    if !reasons.is_empty() {
        out.push('\n');
    }
    for (index, Reason { text: says, ground }) in reasons.iter().enumerate() {
        out.push_str(&format!("  {}. {}\n", index + 1, escape_invisible(says)));
        if let Some(who) = who_says(ground) {
            out.push_str(&format!("     {DIM}({who}){DIM:#}\n"));
        }
    }
    if !facts.is_empty() {
        out.push('\n');
    }
    for (fact, value) in facts {
        match value {
            // The reasons above already contain the cause.
            MaybeKnown::Unknown(why) if reasons.iter().any(|reason| *reason.text == **why) => {
                out.push_str(&format!("  {fact}: unknown\n"));
            }
            told => out.push_str(&format!("  {fact}: {}\n", escape_invisible(&told.to_string()))),
        }
    }
    out
}

/// Returns the source of a reason: manifest location, or record with author. `None` for a default of Alma.
pub(super) fn who_says(ground: &ReasonSource) -> Option<String> {
    match ground {
        ReasonSource::Declared(provenance) => {
            Some(escape_invisible(&format!("{}, {provenance}", provenance.manifest)))
        }
        ReasonSource::Observed { .. } | ReasonSource::Attested { .. } => {
            Some(escape_invisible(&ground.to_string()))
        }
        ReasonSource::AlmaDefault => None,
    }
}

/// Returns a sentence with an initial capital.
fn sentence(line: &str) -> String {
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Returns the differences between the declared and the observed answer.
///
/// A fact known on one side only counts neither as different nor as equal.
pub fn difference(declared: &Explanation, observed: &Explanation) -> String {
    let (mut different, mut one_sided, mut same) = (String::new(), String::new(), 0);
    for (fact, said) in &declared.facts {
        let (said, found) = match (said, observed.facts.get(fact)) {
            (MaybeKnown::Known(said), Some(MaybeKnown::Known(found))) => distinct_texts(said, found),
            (said, found) => {
                let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                (escape_invisible(&said.to_string()), escape_invisible(&found))
            }
        };
        let line = format!("  {fact}: declared {said}, observed {found}\n");
        match declared.compare(observed, fact) {
            FactComparison::Same => same += 1,
            FactComparison::Different => different.push_str(&line),
            FactComparison::OneSided => one_sided.push_str(&line),
            FactComparison::Unknown => {}
        }
    }
    let mut out = match (different.is_empty(), one_sided.is_empty(), same) {
        (false, _, _) => format!("{BOLD}The zones differ from the manifests:{BOLD:#}\n{different}"),
        (true, true, 0) => {
            "Cannot compare: no fact is known for both the manifests and the zones.\n".to_owned()
        }
        (true, true, _) => "The zones match the manifests.\n".to_owned(),
        (true, false, _) => String::new(),
    };
    if !one_sided.is_empty() {
        out.push_str(&format!("{BOLD}Not compared, because only one side is known:{BOLD:#}\n{one_sided}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{difference, explanation};
    use crate::model::{
        Explanation, FieldValue, ImportQuestion, MaybeKnown, Question, Reason, ReasonSource, RecordType,
    };

    fn answer(line: &str, facts: &[(&'static str, MaybeKnown<FieldValue>)]) -> Explanation {
        Explanation {
            question: Question::Import(ImportQuestion { member: "A".into(), record: RecordType::Authority }),
            line: line.to_owned(),
            facts: facts.iter().cloned().collect::<BTreeMap<_, _>>(),
            reasons: vec![Reason { text: line.to_owned(), ground: ReasonSource::AlmaDefault }],
        }
    }

    #[test]
    fn answer_with_control_sequences_is_escaped() {
        let text = explanation(&answer("::error::x\u{1b}[31m\nred", &[]), "as observed");
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            text,
            "\\u{3a}:error::x\\u{1b}[31m\\nred. (as observed)\n\n  1. \\u{3a}:error::x\\u{1b}[31m\\nred\n"
        );
    }

    #[test]
    fn fact_known_on_one_side_is_not_compared() {
        let is = |flag: bool| MaybeKnown::Known(FieldValue::Bool(flag));
        let unknown = |why: &str| MaybeKnown::Unknown(why.into());
        let told = |declared: [MaybeKnown<FieldValue>; 2], observed: [MaybeKnown<FieldValue>; 2]| {
            let facts = |[one, other]: [MaybeKnown<FieldValue>; 2]| answer("x", &[("a", one), ("b", other)]);
            anstream::adapter::strip_str(&difference(&facts(declared), &facts(observed))).to_string()
        };
        assert_eq!(
            told([is(true), unknown("one")], [is(true), unknown("other")]),
            "The zones match the manifests.\n"
        );
        assert_eq!(
            told([unknown("one"), unknown("one")], [unknown("two"), unknown("two")]),
            "Cannot compare: no fact is known for both the manifests and the zones.\n"
        );
        assert_eq!(
            told([is(true), unknown("one")], [is(false), is(true)]),
            "The zones differ from the manifests:\n  a: declared true, observed false\n\
             Not compared, because only one side is known:\n  b: declared unknown (one), observed true\n"
        );
    }
}
