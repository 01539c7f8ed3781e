//! The hidden first line, by which the next run finds the comment again and knows what it was about.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;

use super::CommentDetail;
use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use crate::model::ContentDigest;

/// A name that is longer than this is left out where room is short.
const NAME: usize = 200;

#[derive(Serialize)]
struct CommentMarker<'a> {
    network: Option<&'a str>,
    environment: Option<&'a str>,
    digest: ContentDigest,
    /// Nothing where it is degraded: a group that is not shown in full cannot be approved.
    groups: BTreeMap<&'a str, ContentDigest>,
    /// What it was degraded to, `null` where it tells everything.
    degraded: Option<CommentDetail>,
    approvable: bool,
}

/// Whether a page that tells so much is a basis for an approval.
pub fn is_approvable(content: &CommentContent<'_>, level: CommentDetail) -> bool {
    level == CommentDetail::Full && content.has_something_to_approve() && !content.plan.is_denied()
}

/// `<!-- zonal {..} -->`
pub fn write(sheet: &mut BoundedText, content: &CommentContent<'_>, level: CommentDetail) -> fmt::Result {
    let name = |name| match level {
        CommentDetail::Totals => Some(name).filter(|name: &&str| name.len() <= NAME),
        CommentDetail::Full
        | CommentDetail::Fields
        | CommentDetail::Records
        | CommentDetail::Collections
        | CommentDetail::Groups => Some(name),
    };
    let marker = CommentMarker {
        network: name(&content.plan.network),
        environment: content.plan.environment.as_deref().and_then(name),
        digest: content.plan.digest,
        groups: match is_approvable(content, level) {
            true => content.groups.iter().map(|set| (set.letter.as_str(), set.group.digest)).collect(),
            false => BTreeMap::new(),
        },
        degraded: Some(level).filter(|level| *level != CommentDetail::Full),
        approvable: is_approvable(content, level),
    };
    // Every key is a text. Nothing in it may end the HTML comment, and JSON has another way to write it.
    let json = serde_json::to_string(&marker).unwrap_or_default();
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace("--", "-\\u002d");
    writeln!(sheet, "<!-- zonal {json} -->")
}
