//! Text of an error with its causes.

use std::error::Error;

/// Returns an error and its causes, outermost first: `store zonal.db: database is locked`.
///
/// Leaves out a cause if the text before already ends with it, because some libraries repeat their causes.
pub fn error_chain_text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::error_chain_text;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct ChainedError {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    fn chain(texts: &[&'static str]) -> Option<Box<ChainedError>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(ChainedError { text, source: chain(rest) }))
    }

    #[test]
    fn error_chain_contains_each_cause_once() {
        let text = |texts: &[&'static str]| chain(texts).map(|error| error_chain_text(&*error));
        assert_eq!(text(&["no plan"]).as_deref(), Some("no plan"));
        assert_eq!(text(&["no plan", "bad JSON", "line 3"]).as_deref(), Some("no plan: bad JSON: line 3"));
        assert_eq!(
            text(&["no plan: bad JSON", "bad JSON", "line 3"]).as_deref(),
            Some("no plan: bad JSON: line 3")
        );
    }
}
