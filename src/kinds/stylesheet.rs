//! Checks XSL stylesheets, so that an invalid letter never reaches a reader.

use quick_xml::Reader;
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::model::text_safety::is_xml_char;

const XSLT: &[u8] = b"http://www.w3.org/1999/XSL/Transform";

/// Problem of a stylesheet.
#[derive(Debug, PartialEq, Eq)]
pub enum StylesheetError {
    /// Invalid XML, with reason and line.
    NotXml(String),
    /// Valid XML with this root element instead of a stylesheet.
    NotXsl(String),
}

/// Returns the first problem, if any.
pub fn problem(text: &str) -> Option<StylesheetError> {
    if let Some((at, sign)) = text.char_indices().find(|(_, c)| !is_xml_char(*c)) {
        let what = format!("the character {} is not allowed in XML", sign.escape_unicode());
        return Some(not_xml(&text[..at], &what));
    }
    let mut reader = Reader::from_str(text);
    match parse_stylesheet(&mut reader) {
        Err(what) => {
            let at = |position| text.get(..usize::try_from(position).ok()?);
            // For an unclosed element, the error position is its start; otherwise the read position is used.
            let before = match at(reader.error_position()) {
                Some("") | None => at(reader.buffer_position()).unwrap_or(text).trim_end(),
                Some(before) => before,
            };
            let what = what.replace("ill-formed document: ", "").replace("syntax error: ", "");
            Some(not_xml(before, &what))
        }
        Ok(()) => foreign(text).map(StylesheetError::NotXsl),
    }
}

fn not_xml(before: &str, what: &str) -> StylesheetError {
    let line = before.matches('\n').count() + 1;
    StylesheetError::NotXml(format!("the XSL is not well-formed, line {line}: {what}"))
}

/// Reads the document to its end.
///
/// # Errors
/// Returns the reason if the document is not well-formed.
fn parse_stylesheet(reader: &mut Reader<&[u8]>) -> Result<(), String> {
    let (mut depth, mut roots, mut declares) = (0_usize, 0_usize, false);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                attributes(&start, declares)?;
                roots += usize::from(depth == 0);
                depth += 1;
            }
            Event::Empty(start) => {
                attributes(&start, declares)?;
                roots += usize::from(depth == 0);
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) => {
                let text = text.decode().map_err(|error| error.to_string())?;
                if depth == 0 && !text.trim().is_empty() {
                    return Err(format!("{:?} is outside of all elements", text.trim()));
                }
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| error.to_string())?;
                entities(&format!("&{name};"), declares)?;
            }
            Event::DocType(_) => declares = true,
            Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if depth > 0 => return Err("an element is not closed".to_owned()),
            Event::Eof => break,
        }
        if roots > 1 {
            return Err("a second root element follows the first".to_owned());
        }
    }
    if roots == 0 { Err("the document has no element".to_owned()) } else { Ok(()) }
}

fn attributes(start: &BytesStart<'_>, declares: bool) -> Result<(), String> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = std::str::from_utf8(&attribute.value).map_err(|error| error.to_string())?;
        entities(value, declares)?;
        if value.contains('<') {
            return Err("an attribute contains `<`; write `&lt;`".to_owned());
        }
    }
    Ok(())
}

/// Checks entities. XML defines five names; other names need a document type.
fn entities(text: &str, declares: bool) -> Result<(), String> {
    match unescape(text) {
        Err(EscapeError::UnrecognizedEntity(_, _)) if declares => Ok(()),
        Err(EscapeError::UnrecognizedEntity(_, name)) => {
            Err(format!("unknown entity `&{name};`; write its number, such as `&#160;`"))
        }
        Err(EscapeError::UnterminatedEntity(_)) => {
            Err("a `&` does not start an entity; write `&amp;`".to_owned())
        }
        Err(error) => Err(error.to_string()),
        Ok(_) => Ok(()),
    }
}

/// Returns the root element, unless it is one of XSLT's two root elements.
fn foreign(text: &str) -> Option<String> {
    let mut reader = NsReader::from_str(text);
    loop {
        match reader.read_resolved_event() {
            Ok((space, Event::Start(start) | Event::Empty(start))) => {
                let known = matches!(space, ResolveResult::Bound(space) if space.as_ref() == XSLT)
                    && matches!(start.local_name().as_ref(), b"stylesheet" | b"transform");
                let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
                return (!known).then(|| format!("<{name}>"));
            }
            Ok((_, Event::Eof)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- ours -->\n<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">\n<xsl:template match=\"/\"><p title=\"a &amp; b\">&#160;&lt;</p><![CDATA[ <b> ]]></xsl:template>\n</xsl:stylesheet>\n";

    const TOLD: &str = "\
4: expected `</p>`, but `</b>` was found\n\
4: an element is not closed\n\
4: unknown entity `&nbsp;`; write its number, such as `&#160;`\n\
4: a `&` does not start an entity; write `&amp;`\n\
4: unknown entity `&nbsp;`; write its number, such as `&#160;`\n\
4: an attribute contains `<`; write `&lt;`\n\
4: position 8: duplicated attribute, previous declaration at position 2\n\
4: position 4: attribute value must be enclosed in `\"` or `'`\n\
6: a second root element follows the first\n\
6: \"more\" is outside of all elements\n\
1: \"Dear reader\" is outside of all elements\n\
1: the document has no element\n\
1: the character \\u{1} is not allowed in XML\n\
1: tag not closed: `>` not found before end of input\n\
2: comment not closed: `-->` not found before end of input";

    fn joined_texts(texts: &[String]) -> String {
        let told = texts.iter().map(|text| match problem(text) {
            Some(StylesheetError::NotXml(told)) => told.replace("the XSL is not well-formed, line ", ""),
            other => format!("{other:?}"),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn valid_stylesheet_has_no_problem() {
        assert_eq!(problem(GOOD), None);
        assert_eq!(
            problem(&GOOD.replace("xsl:", "x:").replace(":xsl=", ":x=").replace("stylesheet", "transform")),
            None
        );
    }

    #[test]
    fn malformed_xml_is_reported_with_its_line() {
        let texts = [
            GOOD.replace("</p>", "</b>"),
            GOOD.replace("</xsl:stylesheet>", ""),
            GOOD.replace("&#160;", "&nbsp;"),
            GOOD.replace("a &amp; b", "a & b"),
            GOOD.replace("a &amp; b", "&nbsp;"),
            GOOD.replace("a &amp; b", "<"),
            GOOD.replace("title=\"a &amp; b\"", "a=\"1\" a=\"2\""),
            GOOD.replace("title=\"a &amp; b\"", "a=1"),
            format!("{GOOD}<more/>"),
            format!("{GOOD}more"),
            "Dear reader".to_owned(),
            String::new(),
            "<a>\u{1}</a>".to_owned(),
            "<a".to_owned(),
            "<a>\n<!-- </a>".to_owned(),
        ];
        assert_eq!(joined_texts(&texts), TOLD);
    }

    #[test]
    fn document_type_may_declare_other_entities() {
        let text = GOOD.replace("<!-- ours -->", "<!DOCTYPE x [<!ENTITY nbsp \"&#160;\">]>");
        assert_eq!(problem(&text.replace("&#160;&lt;", "&nbsp;")), None);
    }

    #[test]
    fn xml_without_stylesheet_is_reported_by_root() {
        assert_eq!(problem("<html/>"), Some(StylesheetError::NotXsl("<html>".to_owned())));
        assert_eq!(
            problem("<xsl:stylesheet/>"),
            Some(StylesheetError::NotXsl("<xsl:stylesheet>".to_owned()))
        );
    }
}
