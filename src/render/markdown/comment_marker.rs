//! Writes the hidden first line, which identifies the comment for later runs.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::CommentDetail;
use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use crate::model::ContentDigest;
use crate::model::text_safety::is_invisible;

/// Maximum length of a name at the lowest detail level.
const NAME: usize = 200;

#[derive(Serialize)]
struct CommentMarker<'a> {
    network: Option<&'a str>,
    environment: Option<&'a str>,
    digest: ContentDigest,
    /// Detail level of a degraded comment, or `null` for a complete comment.
    degraded: Option<CommentDetail>,
    approvable: bool,
}

/// Returns true if a comment at this level can be approved.
pub fn is_approvable(content: &CommentContent<'_>, level: CommentDetail) -> bool {
    level <= CommentDetail::Decisions && content.has_something_to_approve() && !content.plan.is_denied()
}

/// Writes `<!-- zonal {..} -->`.
pub fn write(sheet: &mut BoundedText, content: &CommentContent<'_>, level: CommentDetail) -> fmt::Result {
    let name = |name| match level {
        CommentDetail::Totals => Some(name).filter(|name: &&str| name.len() <= NAME),
        CommentDetail::Full
        | CommentDetail::Decisions
        | CommentDetail::Records
        | CommentDetail::Collections
        | CommentDetail::Groups => Some(name),
    };
    let marker = CommentMarker {
        network: name(&content.plan.network),
        environment: content.plan.environment.as_deref().and_then(name),
        digest: content.plan.digest,
        degraded: Some(level).filter(|level| *level != CommentDetail::Full),
        approvable: is_approvable(content, level),
    };
    // Every key is a text. JSON escapes prevent an early end of the HTML comment.
    let json = serde_json::to_string(&marker).unwrap_or_default();
    let json = json.replace("--", "-\\u002d");
    let is_inert = |c: char| !matches!(c, '<' | '>' | '#') && !is_invisible(c);
    let inert: String = (json.chars())
        .flat_map(|c| match is_inert(c) {
            true => vec![c.to_string()],
            false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect();
    writeln!(sheet, "<!-- zonal {inert} -->")
}
