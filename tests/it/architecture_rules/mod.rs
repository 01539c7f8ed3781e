//! Architecture laws: a failing test names the broken law.

mod broken_laws;
mod laws;
mod source_tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use zonal::kinds::KINDS;

use self::laws::{KindNames, LAWS, Law};
use self::source_tree::{Mention, SourceTree};

/// Breaks that still exist. Remove each one when it is mended: a test fails if a break no longer exists.
const KNOWN_BREAKS: &[&str] = &[
    "GatewayReader: holds `Transport` in `SharedGateway`",
    "src/cli/context.rs: names `tokio::signal::unix::SignalKind::terminate`",
    "src/cli/context.rs: names `tokio::signal::unix::signal`",
    "src/emulator/control.rs: is part of a circle",
    "src/emulator/edit_schedule.rs: is part of a circle",
    "src/emulator/electronic/mod.rs: is part of a circle",
    "src/emulator/gateway.rs: is part of a circle",
    "src/emulator/institution.rs: is part of a circle",
    "src/emulator/jobs.rs: is part of a circle",
    "src/emulator/librarian_edit.rs: is part of a circle",
    "src/emulator/network.rs: is part of a circle",
    "src/emulator/open_hours.rs: is part of a circle",
    "src/emulator/router.rs: is part of a circle",
    "src/emulator/services/mod.rs: is part of a circle",
    "src/emulator/services/record_contribution.rs: is part of a circle",
    "src/emulator/stored_settings.rs: is part of a circle",
    "src/emulator/table.rs: is part of a circle",
    "src/emulator/table_put.rs: is part of a circle",
    "src/emulator/users/allowed_values.rs: is part of a circle",
    "src/emulator/users/mod.rs: is part of a circle",
    "src/emulator/users/user_block.rs: is part of a circle",
    "src/emulator/whole_objects.rs: is part of a circle",
    "src/manifest/envelope.rs: names the kind `Network`",
    "src/local/config_files.rs: names `std::os::unix::fs::PermissionsExt`",
    "src/local/git_revision.rs: names `core.hooksPath=/dev/null`",
    "src/store/database.rs: reads files with `.try_exists()`",
    "src/store/location.rs: reads files with `.exists()`",
    "src/store/location.rs: reads files with `.is_dir()`",
];

fn sources(below: &str) -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(directory).expect("folder should be readable") {
            let path = entry.expect("entry should be readable").path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source should be readable");
                out.push((path, text));
            }
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(below), &mut out);
    out.sort();
    assert!(!out.is_empty(), "{below} contains no sources: the law checks nothing");
    out
}

static SOURCES: LazyLock<SourceTree> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    SourceTree::new(sources("src").into_iter().map(|(path, text)| {
        let path = path.strip_prefix(root).expect("path should be below the repository");
        (path.to_string_lossy().replace('\\', "/"), text)
    }))
});

fn kind_names() -> KindNames {
    let names = KINDS.iter().flat_map(|kind| std::iter::once(&kind.name).chain(kind.collections));
    let names: KindNames = names.map(|name| (*name).to_owned()).collect();
    assert!(names.len() > 5, "the law checks nothing");
    names
}

#[expect(clippy::print_stdout, reason = "`cargo test -- --show-output` lists the known breaks")]
fn assert_kept(law: &Law) {
    let found = (law.check)(&SOURCES, &kind_names());
    let is_known = |found: &&String| KNOWN_BREAKS.contains(&found.as_str());
    for known in found.iter().filter(is_known) {
        println!("known break of {}: {known}", law.title);
    }
    let shown = |found: &String| match laws::shown_circle(&SOURCES, found) {
        Some(circle) => format!("{found}: {circle}"),
        None => found.clone(),
    };
    let new: Vec<String> = found.iter().filter(|found| !is_known(found)).map(shown).collect();
    assert!(new.is_empty(), "{}\n{}", law.title, new.join("\n"));
}

#[test]
fn law_1_imports() {
    assert_kept(&LAWS[0]);
}

#[test]
fn law_2_kind_names() {
    assert_kept(&LAWS[1]);
}

#[test]
fn law_3_async() {
    assert_kept(&LAWS[2]);
}

#[test]
fn law_4_environment() {
    assert_kept(&LAWS[3]);
}

#[test]
fn law_5_requests() {
    // Renamed files would make the law check nothing.
    let methods = |file: &str| {
        let file = SOURCES.files().find(|source| source.path == file).expect("file of law 5 should exist");
        let names = file.mentions.iter().flat_map(|mention| mention.paths()).map(|path| path.text());
        names.filter(|name| name.starts_with("http::Method::")).collect::<BTreeSet<_>>()
    };
    assert_eq!(methods("src/provider/http/get_client.rs"), set(["http::Method::GET"]));
    assert_eq!(methods("src/provider/alma/put_client.rs"), set(["http::Method::PUT"]));
    let both = set(["http::Method::PUT", "http::Method::DELETE"]);
    assert_eq!(methods("src/provider/gateway/record_client.rs"), both);
    assert_kept(&LAWS[4]);
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn law_6_circles() {
    assert_kept(&LAWS[5]);
}

#[test]
fn platform_code_is_in_one_file() {
    assert_kept(&LAWS[6]);
}

/// Returns the places with sources that the laws do not read: `#[path]` and `include!`.
fn hidden_sources(tree: &SourceTree) -> Vec<String> {
    let hides = |mention: &&Mention| match mention {
        Mention::Keyword(word) => word == "#[path]",
        Mention::Macro(name) => name.last() == "include",
        Mention::Path { .. } | Mention::Text(_) | Mention::Method(_) => false,
    };
    let places =
        tree.files().flat_map(|file| file.mentions.iter().filter(hides).map(move |what| (file, what)));
    places.map(|(file, what)| format!("{}: {what:?}", file.path)).collect()
}

#[test]
fn laws_read_all_sources() {
    assert_eq!(hidden_sources(&SOURCES), Vec::<String>::new());
}

#[test]
fn known_breaks_still_exist() {
    let kinds = kind_names();
    let found: BTreeSet<String> = LAWS.iter().flat_map(|law| (law.check)(&SOURCES, &kinds)).collect();
    let mended: Vec<&&str> = KNOWN_BREAKS.iter().filter(|known| !found.contains(**known)).collect();
    assert!(mended.is_empty(), "remove these from KNOWN_BREAKS: {mended:#?}");
}

#[test]
fn every_module_has_a_header() {
    let silent: Vec<String> = sources("src")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_test_file_is_listed() {
    for (path, _) in sources("tests/it") {
        let folder = path.parent().expect("file should have a parent");
        let name =
            |path: &Path| path.file_stem().expect("file should have a name").to_string_lossy().into_owned();
        let (name, list) = match name(&path).as_str() {
            "main" => continue,
            // The parent of the folder lists the module.
            "mod" => (name(folder), Path::new("tests/it/main.rs").to_path_buf()),
            name if folder.join("mod.rs").exists() => (name.to_owned(), folder.join("mod.rs")),
            name => (name.to_owned(), folder.join("main.rs")),
        };
        let listed =
            std::fs::read_to_string(&list).expect("should be readable").contains(&format!("mod {name};"));
        assert!(listed, "{name} is not in {}", list.display());
    }
}
