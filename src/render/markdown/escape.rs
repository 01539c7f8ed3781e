//! Escapes untrusted text for Markdown, HTML and mentions such as `@name`.

use crate::model::text_safety::escape_invisible;

/// Returns text for Markdown prose.
///
/// Text between backticks becomes code, which triggers no mention. All other characters are escaped.
pub fn prose(text: &str) -> String {
    prose_with(text, plain)
}

/// Returns text for Markdown prose that people also read without rendering.
///
/// Like [`prose`], but an underscore inside of a word, such as in a zone code, stays: it marks nothing.
pub fn page_prose(text: &str) -> String {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    prose_with(text, |part| {
        // A quote starts only at the start of a line.
        let plain = |piece: &str| plain(piece).replace("&gt;", ">");
        let pieces: Vec<&str> = part.split('_').collect();
        let mut out = pieces.first().map(|first| plain(first)).unwrap_or_default();
        for pair in pieces.windows(2) {
            let is_inner = is_word(pair[0].chars().next_back()) && is_word(pair[1].chars().next());
            out.push_str(if is_inner { "_" } else { "\\_" });
            out.push_str(&plain(pair[1]));
        }
        out
    })
}

fn prose_with(text: &str, plain: impl Fn(&str) -> String) -> String {
    let text = escape_invisible(text);
    let parts =
        code_parts(&text).into_iter().map(|(is_code, part)| match (is_code, part.trim().is_empty()) {
            (false, _) => plain(part),
            (true, true) => plain(&format!("`{part}`")),
            (true, false) => code(part),
        });
    parts.collect()
}

/// Returns the parts of a text, with true for code between backticks. Unpaired backticks mark no code.
pub fn code_parts(text: &str) -> Vec<(bool, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of backticks gives an odd number of parts.
    if parts.len().is_multiple_of(2) {
        return vec![(false, text)];
    }
    parts.into_iter().enumerate().map(|(index, part)| (index % 2 == 1, part)).collect()
}

/// Returns text as code for a table cell.
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns text as code for Markdown prose.
pub fn code(text: &str) -> String {
    let text = escape_invisible(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space separates a backtick at the start or end from the fence.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Returns text as code for HTML, such as the summary of a fold.
pub fn html_code(text: &str) -> String {
    format!("<code>{}</code>", entities(&escape_invisible(text)))
}

/// Returns text for HTML.
pub fn html(text: &str) -> String {
    let text = escape_invisible(text);
    let pieces = text.split_inclusive(SIGILS).map(|piece| match piece.ends_with(SIGILS) {
        true => entities(piece) + "&#8203;",
        false => entities(piece),
    });
    pieces.collect()
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Characters that start a mention or reference.
///
/// The site looks for them after rendering, so only a zero-width space prevents a link.
const SIGILS: [char; 7] = ['@', '#', '!', '$', '%', '&', '~'];

/// Returns the fence of a code block, longer than any run of backticks in its text.
pub fn block_fence(text: &str) -> String {
    "`".repeat((longest_run(text) + 1).max(3))
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        let rest = &text[index + c.len_utf8()..];
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            ':' if rest.starts_with("//") => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        if SIGILS.contains(&c)
            && rest.starts_with(|next: char| next.is_alphanumeric() || "-_\"".contains(next))
        {
            out.push_str("&#8203;");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_escapes_mentions_and_markup() {
        assert_eq!(
            prose("see @team in #12 <b>*x*</b> [a](http://b)"),
            "see @&#8203;team in #&#8203;12 &lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](http&#58;//b)"
        );
        assert_eq!(prose("`T` did not come"), "`T` did not come");
        assert_eq!(prose("a ` b @x"), "a \\` b @&#8203;x");
        assert_eq!(prose("a `` b"), "a \\`\\` b");
        assert_eq!(prose("one\ntwo"), "one\\\\ntwo");
        assert_eq!(page_prose("Log in to 01_A_B, _x_ <b> `a_b`"), "Log in to 01_A_B, \\_x\\_ &lt;b> `a_b`");
    }

    #[test]
    fn code_fence_is_longer_than_any_backtick_run() {
        assert_eq!(code("01_A"), "`01_A`");
        assert_eq!(code("a``b|c"), "```a``b|c```");
        assert_eq!(cell("a|c"), "`a\\|c`");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(html_code("</code>@x"), "<code>&lt;/code&gt;@x</code>");
        assert_eq!(html("A & B <@x>"), "A &amp;&#8203; B &lt;@&#8203;x&gt;");
    }
}
