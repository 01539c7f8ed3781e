//! Tests of the syntax-mistake helpers: any text, any error, any position.

use proptest::prelude::*;
use serde_saphyr::granit_parser::ErrorKind;

use super::find;
use crate::manifest::source::source_lines::SourceLines;

/// Returns an error for each helper.
fn error_kinds() -> Vec<ErrorKind> {
    let brackets = ['{', '['].into_iter().flat_map(|open| {
        [
            ErrorKind::UnclosedFlowCollection { open },
            ErrorKind::MismatchedFlowCollectionEnd { open, close: ')' },
            ErrorKind::UnexpectedCharacter { character: open },
        ]
    });
    let plain = [
        ErrorKind::TabNotAllowed,
        ErrorKind::MappingValueNotAllowed,
        ErrorKind::SimpleKeyExpected,
        ErrorKind::InvalidTrailingSingleQuotedScalar,
        ErrorKind::InvalidTrailingDoubleQuotedScalar,
        ErrorKind::UnclosedQuotedScalar,
        ErrorKind::BlockEntryInFlowCollection,
        ErrorKind::ExpectedFlowSequenceSeparator,
        ErrorKind::UnknownQuotedScalarEscape,
        ErrorKind::UnexpectedEof,
    ];
    plain.into_iter().chain(brackets).collect()
}

proptest! {
    #[test]
    fn no_text_makes_a_helper_panic(
        text in r#"\u{feff}?([ \t\n\r:\-?{}\[\],&*!|>'"%@#=“”a-c0-9éß漢🔑\u{feff}\u{85}\u{2028}\u{301}]|'|"|: |- |read: |---\r|\r\n){0,40}"#,
        line in 0usize..12,
        column in 0usize..40,
    ) {
        let lines = SourceLines::new(&text);
        for kind in error_kinds() {
            if let Some(mistake) = find(&kind, line, column, &lines) {
                let byte = lines.position(mistake.line, mistake.column).byte as usize;
                prop_assert!(text.is_char_boundary(byte), "{kind:?} {text:?} {mistake:?}");
                prop_assert!(mistake.line <= lines.count(), "{kind:?} {text:?} {mistake:?}");
            }
        }
    }
}
