//! JUnit XML output for CI systems: suites of cases with failures and errors.

mod expectations;
mod plan;

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

pub use self::expectations::expectations as of_expectations;
pub use self::plan::junit;

/// Returns a document with test suites.
fn document(name: &str, suites: &[(String, Vec<JunitCase>)]) -> String {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = write(&mut out, name, suites);
    let mut text = String::from_utf8(out.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

type XmlWriter = Writer<Vec<u8>>;

/// Test case of a suite.
struct JunitCase {
    name: String,
    class: String,
    place: Option<(String, u32)>,
    verdict: Option<JunitMessage>,
}

/// Failure, error or skip of a case.
struct JunitMessage {
    element: &'static str,
    sort: String,
    message: String,
    text: String,
}

fn write(out: &mut XmlWriter, name: &str, suites: &[(String, Vec<JunitCase>)]) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", name));
    numbers(&mut root, suites.iter().flat_map(|(_, cases)| cases));
    out.write_event(Event::Start(root))?;
    for (name, cases) in suites {
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", name.as_str()));
        numbers(&mut suite, cases.iter());
        out.write_event(Event::Start(suite))?;
        cases.iter().try_for_each(|case| self::case(out, case))?;
        out.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    out.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn numbers<'a>(element: &mut BytesStart<'_>, cases: impl Iterator<Item = &'a JunitCase> + Clone) {
    let of = |name| {
        cases
            .clone()
            .filter_map(|case| case.verdict.as_ref())
            .filter(move |said| said.element == name)
            .count()
    };
    element.push_attribute(("tests", cases.clone().count().to_string().as_str()));
    element.push_attribute(("failures", of("failure").to_string().as_str()));
    element.push_attribute(("errors", of("error").to_string().as_str()));
    element.push_attribute(("skipped", of("skipped").to_string().as_str()));
}

fn case(out: &mut XmlWriter, case: &JunitCase) -> io::Result<()> {
    let mut element = BytesStart::new("testcase");
    element.push_attribute(("name", case.name.as_str()));
    element.push_attribute(("classname", case.class.as_str()));
    if let Some((file, line)) = &case.place {
        element.push_attribute(("file", file.as_str()));
        element.push_attribute(("line", line.to_string().as_str()));
    }
    let Some(said) = &case.verdict else { return out.write_event(Event::Empty(element)) };
    out.write_event(Event::Start(element))?;
    let mut inner = BytesStart::new(said.element);
    inner.push_attribute(("message", said.message.as_str()));
    // A `skipped` element has no `type` attribute.
    if said.element != "skipped" {
        inner.push_attribute(("type", said.sort.as_str()));
    }
    match said.text.is_empty() {
        true => out.write_event(Event::Empty(inner))?,
        false => {
            out.write_event(Event::Start(inner))?;
            out.write_event(Event::Text(BytesText::new(&said.text)))?;
            out.write_event(Event::End(BytesEnd::new(said.element)))?;
        }
    }
    out.write_event(Event::End(BytesEnd::new("testcase")))
}
