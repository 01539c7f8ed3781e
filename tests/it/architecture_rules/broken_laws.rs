//! Ways to break each law, in small sources: each is caught.

use std::collections::BTreeSet;

use super::laws::{KindNames, LAWS};
use super::source_tree::SourceTree;

/// Crate that keeps every law.
const LAWFUL: &[(&str, &str)] = &[
    (
        "src/lib.rs",
        "pub mod model; pub mod kinds; pub mod manifest; pub mod diff; pub mod provider; pub mod cli;",
    ),
    ("src/model/mod.rs", "mod field; pub use field::Field; pub use std::path::Path;"),
    (
        "src/model/field.rs",
        "pub struct Field; /** Set by [`crate::kinds::Letter`], see `println!`. */ pub struct Rule;",
    ),
    ("src/manifest/mod.rs", "use crate::model::{self, Field}; pub fn parse(_: model::Field) {}"),
    ("src/kinds/mod.rs", "pub mod letter; use crate::manifest; pub static KINDS: [&str; 1] = [\"Letter\"];"),
    ("src/kinds/letter.rs", "pub struct Letter; pub fn expand() {}"),
    ("src/diff/mod.rs", "use crate::model::*; pub fn diff(_: Field) {} #[cfg(test)] mod tests;"),
    ("src/diff/tests.rs", "use crate::kinds::KINDS; fn it() { println!(\"Letter\"); }"),
    (
        "src/render/mod.rs",
        "use super::model::Field; pub fn text(_: Field) -> String { format!(\"letters\") }",
    ),
    ("src/observe.rs", "use crate::provider::ZoneReader; pub async fn observe(_: ZoneReader) {}"),
    ("src/provider/mod.rs", "pub mod alma; pub struct ZoneReader; pub struct ZoneWriter; pub struct Key;"),
    (
        "src/provider/alma/mod.rs",
        "pub struct AlmaReader { getter: GetClient } pub const TYPE: &str = \"Letter\";",
    ),
    ("src/provider/alma/put_client.rs", "pub struct PutClient; const M: http::Method = http::Method::PUT;"),
    ("src/provider/http/get_client.rs", "pub struct GetClient; const M: http::Method = http::Method::GET;"),
    ("src/session/mod.rs", "pub mod plan; use crate::kinds::KINDS;"),
    ("src/session/plan.rs", "use crate::observe::observe; pub async fn plan() {}"),
    ("src/local/mod.rs", "pub mod files; pub mod git;"),
    ("src/local/files.rs", "pub fn read() { std::fs::read(\"x\"); }"),
    ("src/local/git.rs", "use super::files; pub fn revision() { files::read(); std::env::var(\"GIT\"); }"),
    ("src/emulator/mod.rs", "mod router; mod table; pub use router::Router; use crate::kinds::KINDS;"),
    ("src/emulator/router.rs", "use super::table::Table; pub struct Router(Table);"),
    ("src/emulator/table.rs", "pub struct Table;"),
    ("src/cli/mod.rs", "mod plan; mod output; pub fn run() { plan::run(); } pub struct Context;"),
    (
        "src/cli/plan.rs",
        "use super::{Context, output}; pub fn run() { output::print(); } fn of(_: Context) {}",
    ),
    ("src/cli/output.rs", "pub fn print() { println!(\"Letter\"); }"),
];

/// Returns the breaks of a law in the lawful crate with other content in these files.
fn breaks(law: usize, changed: &[(&str, &str)]) -> BTreeSet<String> {
    let kinds = KindNames::from(["CodeTable".to_owned(), "Letter".to_owned()]);
    let lawful = LAWFUL.iter().filter(|(path, _)| changed.iter().all(|(changed, _)| path != changed));
    let files = lawful.chain(changed).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    (LAWS[law - 1].check)(&SourceTree::new(files), &kinds)
}

fn assert_each_is_caught(law: usize, ways: &[&[(&str, &str)]]) {
    assert!(ways.len() >= 5);
    assert_eq!(breaks(law, &[]), BTreeSet::new(), "law {law} in the lawful crate");
    for way in ways {
        assert!(!breaks(law, way).is_empty(), "law {law} does not catch {way:#?}");
    }
}

#[test]
fn imports_are_caught() {
    assert_each_is_caught(
        1,
        &[
            &[("src/model/mod.rs", "use crate::{kinds::KINDS, model::Field};")],
            &[("src/model/field.rs", "use super::super::kinds as list; fn f() { list::KINDS; }")],
            &[("src/diff/mod.rs", "fn f(_: crate::provider::ZoneReader) {}")],
            &[("src/diff/mod.rs", "use crate::*; fn f() { manifest::parse() }")],
            &[("src/diff/mod.rs", "extern crate self as whole; use whole::manifest::{self as text};")],
            &[("src/diff/mod.rs", "fn f() { use crate::{diff, cli::{run as go}}; go(); }")],
            &[("src/render/mod.rs", "macro_rules! parse { () => { $crate::manifest::parse() } }")],
            &[("src/render/mod.rs", "fn f() { assert!(matches!(1, crate::cli::ONE)); }")],
            &[("src/render/mod.rs", "#[serde(default = \"crate::kinds::letter::expand\")] struct Text;")],
            &[("src/manifest/mod.rs", "mod inner { use super::super::{kinds::{letter::*}}; }")],
            &[("src/manifest/mod.rs", "pub use crate::kinds::KINDS;")],
        ],
    );
}

#[test]
fn kind_names_are_caught() {
    assert_each_is_caught(
        2,
        &[
            &[("src/diff/mod.rs", "fn f(kind: &str) -> bool { kind == \"Letter\" }")],
            &[("src/diff/mod.rs", "fn f(kind: &str) -> bool { matches!(kind, r#\"Letter\"# | \"x\") }")],
            &[("src/plan/mod.rs", "const KIND: &str = concat!(\"Let\", \"ter\");")],
            &[("src/plan/mod.rs", "const KIND: &str = stringify!(Letter);")],
            &[("src/apply/mod.rs", "const KIND: &[u8] = b\"Code\\x54able\";")],
            &[("src/apply/mod.rs", "fn f(id: &str) -> String { format!(\"CodeTable/{id}\") }")],
            &[("src/observe.rs", "use crate::kinds::{self as catalogue, letter::Letter as Text};")],
            &[("src/store/mod.rs", "fn f() -> usize { super::kinds::KINDS.len() }")],
            &[("src/model/mod.rs", "#[serde(rename = \"Letter\")] pub struct Text;")],
            &[("src/provider/alma/mod.rs", "const ADDRESS: &str = \"Letter/overdue\";")],
        ],
    );
}

#[test]
fn async_code_is_caught() {
    assert_each_is_caught(
        3,
        &[
            &[("src/diff/mod.rs", "pub async fn diff() {}")],
            &[("src/diff/mod.rs", "fn f() { let later = async move { 1 }; }")],
            &[("src/kinds/mod.rs", "struct A; impl A { pub async fn expand(&self) {} }")],
            &[(
                "src/manifest/mod.rs",
                "fn f() -> impl std::future::Future<Output = ()> { std::future::ready(()) }",
            )],
            &[("src/manifest/mod.rs", "use tokio::{self as rt}; fn f() { rt::spawn(1); }")],
            &[("src/plan/mod.rs", "use ::futures::{stream::{StreamExt as _}};")],
            &[("src/guard/mod.rs", "fn f() { each(async || 1); }")],
            &[("src/render/mod.rs", "macro_rules! wait { ($e:expr) => { $e.await } }")],
        ],
    );
}

#[test]
fn environment_access_is_caught() {
    assert_each_is_caught(
        4,
        &[
            &[("src/plan/mod.rs", "fn f() { println!(\"x\"); }")],
            &[("src/plan/mod.rs", "use std::{fs as disk}; fn f() { disk::read(\"x\"); }")],
            &[("src/plan/mod.rs", "use std::env::var; fn f() { var(\"HOME\"); }")],
            &[("src/plan/mod.rs", "use std::*; fn f() { let _ = std::time::Instant::now(); }")],
            &[("src/apply/mod.rs", "use jiff::{Timestamp as Time}; fn f() { Time::now(); }")],
            &[("src/store/mod.rs", "fn f(path: &std::path::Path) -> bool { path.exists() }")],
            &[("src/render/mod.rs", "fn f() { log(format!(\"{:?}\", std::time::SystemTime::now())); }")],
            &[("src/diff/mod.rs", "fn f() -> ! { ::std::process::exit(1) }")],
            &[("src/model/mod.rs", "pub use std::fs;"), ("src/diff/mod.rs", "use crate::model::fs;")],
            &[("src/session/plan.rs", "use crate::{local::git};")],
            &[("src/session/plan.rs", "fn f() { super::super::cli::run(); }")],
            &[("src/local/files.rs", "fn f() { std::eprintln!(\"x\"); }")],
        ],
    );
}

#[test]
fn other_requests_than_get_are_caught() {
    assert_each_is_caught(
        5,
        &[
            &[("src/provider/http/get_client.rs", "use http::Method as M; fn f() { M::PUT; }")],
            &[("src/provider/http/get_client.rs", "use http::{Method::{self, POST}};")],
            &[("src/provider/alma/mod.rs", "fn f() { http::Method::from_bytes(b\"PUT\"); }")],
            &[("src/provider/alma/mod.rs", "fn f() { \"DELETE\".parse(); }")],
            &[("src/provider/alma/mod.rs", "fn f(client: Client) { client.post(url); }")],
            &[("src/provider/alma/mod.rs", "fn f(client: Client) { client.wire.send(draft); }")],
            &[("src/provider/alma/mod.rs", "pub struct AlmaReader { client: super::put_client::PutClient }")],
            &[(
                "src/provider/alma/mod.rs",
                "use super::PutClient as C; pub struct AlmaReader { all: Vec<All> } struct All(Box<C>);",
            )],
            &[("src/provider/alma/mod.rs", "pub struct AlmaReader(Sender); type Sender = HttpClient;")],
            &[("src/observe.rs", "use crate::provider::{ZoneReader, ZoneWriter as Zone};")],
            &[("src/session/plan.rs", "fn f() { zones.writers(network); }")],
            &[(
                "src/cli/plan.rs",
                "use super::credentials::KeyPurpose::*; fn f() { keys(KeyPurpose::Write); }",
            )],
        ],
    );
}

#[test]
fn circles_are_caught() {
    let circular: &[(&str, &str)] = &[("src/cli/output.rs", "use super::plan::run as go; fn f() { go(); }")];
    assert_eq!(
        breaks(6, circular).into_iter().collect::<Vec<_>>(),
        ["src/cli/output.rs: is part of a circle", "src/cli/plan.rs: is part of a circle"]
    );
    assert_each_is_caught(
        6,
        &[
            circular,
            &[("src/model/field.rs", "use crate::{diff::diff};")],
            &[("src/manifest/mod.rs", "fn f() { crate::kinds::letter::expand(); }")],
            &[("src/local/files.rs", "use super::*; fn f() { git::revision(); }")],
            // Through a re-export of the module around them.
            &[("src/emulator/table.rs", "use crate::emulator::{Router as R}; pub struct Table(R);")],
            // Through two folders.
            &[
                ("src/session/plan.rs", "mod steps; pub fn plan() { steps::first() } pub fn next() {}"),
                ("src/session/plan/steps.rs", "use crate::session::other; pub fn first() { other::go() }"),
                ("src/session/other.rs", "pub fn go() { crate::session::plan::next() }"),
                ("src/session/mod.rs", "pub mod plan; pub mod other;"),
            ],
            // In the arguments of a macro.
            &[("src/local/files.rs", "fn f() { assert!(super::git::revision()); }")],
        ],
    );
}

#[test]
fn platform_code_is_caught() {
    assert_each_is_caught(
        7,
        &[
            &[("src/cli/output.rs", "use std::os::unix::{fs::PermissionsExt as _};")],
            &[("src/cli/output.rs", "use std::{os as system}; fn f(_: system::fd::OwnedFd) {}")],
            &[("src/cli/output.rs", "fn f() { read(\"/proc/self/status\"); }")],
            &[("src/cli/output.rs", "#[cfg(unix)] fn f() {}")],
            &[("src/cli/output.rs", "fn f() -> bool { cfg!(target_os = \"linux\") }")],
            &[("src/cli/output.rs", "async fn f() { tokio::signal::unix::signal(1); }")],
        ],
    );
}

#[test]
fn other_sources_are_caught() {
    let tree = |text: &str| SourceTree::new([("src/model/mod.rs".to_owned(), text.to_owned())]);
    assert!(super::hidden_sources(&tree("#[path = \"../kinds/mod.rs\"] mod k;")).len() == 1);
    assert!(super::hidden_sources(&tree("include!(\"../kinds/mod.rs\");")).len() == 1);
    assert!(super::hidden_sources(&tree("fn f() { std::include!(\"x.rs\"); }")).len() == 1);
    assert!(super::hidden_sources(&tree("#[cfg_attr(all(), path = \"x.rs\")] mod k;")).len() == 1);
    assert_eq!(super::hidden_sources(&tree("mod k;")), Vec::<String>::new());
}
