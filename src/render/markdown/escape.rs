//! Texts from manifests and zones, made safe for a page that takes Markdown, HTML and `@names` seriously.

use crate::render::sanitize::visible;

/// A text in the flow of Markdown. What stands between backticks becomes code, where nobody is called
/// by their name; everything else is what it is, letter by letter.
pub fn prose(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of backticks makes an odd number of parts.
    if parts.len().is_multiple_of(2) {
        return plain(&text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| match (index % 2, part.trim().is_empty()) {
        (0, _) => plain(part),
        (_, true) => plain(&format!("`{part}`")),
        (_, false) => code(part),
    });
    parts.collect()
}

/// A text as code in the cell of a table.
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A text as code in the flow of Markdown.
pub fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space keeps a backtick at either end from becoming part of the fence.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A text as code within HTML, such as the summary of what can be opened.
pub fn html_code(text: &str) -> String {
    format!("<code>{}</code>", entities(&visible(text)))
}

/// A text within HTML.
pub fn html(text: &str) -> String {
    let text = visible(text);
    let pieces = text.split_inclusive(SIGILS).map(|piece| match piece.ends_with(SIGILS) {
        true => entities(piece) + "&#8203;",
        false => entities(piece),
    });
    pieces.collect()
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What makes a name or a number behind it a link, and calls whoever has that name. They are looked for
/// after the page is rendered, so that nothing but a space of no width hides them.
const SIGILS: [char; 7] = ['@', '#', '!', '$', '%', '&', '~'];

/// How many backticks stand together at most.
pub fn longest_run(text: &str) -> usize {
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
    fn nobody_is_called_and_nothing_is_rendered() {
        assert_eq!(
            prose("see @team in #12 <b>*x*</b> [a](http://b)"),
            "see @&#8203;team in #&#8203;12 &lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](http&#58;//b)"
        );
        assert_eq!(prose("`T` did not come"), "`T` did not come");
        assert_eq!(prose("a ` b @x"), "a \\` b @&#8203;x");
        assert_eq!(prose("a `` b"), "a \\`\\` b");
        assert_eq!(prose("one\ntwo"), "one\\\\ntwo");
    }

    #[test]
    fn code_is_fenced_by_more_backticks_than_it_holds() {
        assert_eq!(code("01_A"), "`01_A`");
        assert_eq!(code("a``b|c"), "```a``b|c```");
        assert_eq!(cell("a|c"), "`a\\|c`");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(html_code("</code>@x"), "<code>&lt;/code&gt;@x</code>");
        assert_eq!(html("A & B <@x>"), "A &amp;&#8203; B &lt;@&#8203;x&gt;");
    }
}
