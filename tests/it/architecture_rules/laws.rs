//! Laws of the architecture, as checks of the parsed sources.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source_tree::{ItemPath, Mention, SourceFile, SourceTree};

/// Law with its check.
pub struct Law {
    /// Sentence that a failing test shows.
    pub title: &'static str,
    /// Check: returns the breaks.
    pub check: fn(&SourceTree, &KindNames) -> BTreeSet<String>,
}

/// Names of kinds and of their collection types.
pub type KindNames = BTreeSet<String>;

/// Laws by number: 1 to 6 as in ARCHITECTURE.md, and the law of platforms.
pub const LAWS: [Law; 7] = [
    Law {
        title: "law 1: `model` imports nothing of ours; `diff`, `plan`, `guard`, `analysis`, `export` and \
                `render` import only `model`; `manifest` does not import `kinds`",
        check: imports,
    },
    Law {
        title: "law 2: only `kinds`, `session`, `serve`, `cli` and `emulator` import kinds, and the engine names no kind",
        check: kind_names,
    },
    Law {
        title: "law 3: `model`, `manifest`, `kinds`, `diff`, `plan`, `guard`, `analysis`, `export` and `render` \
                are not async",
        check: async_code,
    },
    Law {
        title: "law 4: only `cli` and `serve` print and exit; only `cli`, `serve` and `local` access files, \
                environment and clock; `session` imports none of the three",
        check: environment,
    },
    Law { title: "law 5: readers and plans can only send GET", check: requests },
    Law {
        title: "law 6: no circle among the top-level modules, nor among the files inside `cli`, `local`, \
                `session` and `emulator`",
        check: circles,
    },
    Law {
        title: "platforms: only `src/local/platform.rs` contains code for Linux or Unix alone",
        check: platform_code,
    },
];

/// Collection types that `provider` may name although a kind has the same name: an endpoint of Alma's API
/// serves each one, and its kind is named after the collection.
const COLLECTION_TYPES: [&str; 6] =
    ["CodeTable", "ElectronicAvailability", "LibraryRelations", "Letter", "MappingTable", "OpenHours"];

/// Words of Alma that are also names of kinds: types and codes of tables, and the author of distributed rows.
const WORDS_OF_ALMA: [&str; 4] = ["CodeTable", "MappingTable", "Network", "UserGroups"];

/// Returns a break for each mention that `judge` reports.
fn breaks<'a>(
    files: impl Iterator<Item = &'a SourceFile>,
    judge: impl Fn(&SourceFile, &Mention) -> Option<String>,
) -> BTreeSet<String> {
    files
        .flat_map(|file| {
            let found = file.mentions.iter().filter_map(|mention| judge(file, mention));
            found.map(|what| format!("{}: {what}", file.path)).collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the top-level module of ours that a path leads to.
fn module_of(path: &ItemPath) -> Option<&str> {
    match path {
        ItemPath::Crate(module, rest) => module.first().or(rest.first()).map(String::as_str),
        ItemPath::Other(_) => None,
    }
}

fn imports(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    const ONLY_MODEL: [&str; 6] = ["diff", "plan", "guard", "analysis", "export", "render"];
    breaks(tree.files(), |file, mention| {
        let from = file.top_module();
        let forbidden = |to: &&str| match from {
            "model" => *to != "model",
            "manifest" => *to == "kinds",
            _ => ONLY_MODEL.contains(&from) && *to != "model" && *to != from,
        };
        mention.paths().into_iter().filter_map(module_of).find(forbidden).map(|to| format!("imports `{to}`"))
    })
}

fn kind_names(tree: &SourceTree, kinds: &KindNames) -> BTreeSet<String> {
    /// `emulator` reads the list of what a gateway serves from the catalogue.
    const KNOW_KINDS: [&str; 5] = ["kinds", "session", "serve", "cli", "emulator"];
    /// Stages that work on records of any kind. The other ones (`analysis`, `emulator`) name collections of
    /// Alma, whose meaning is their subject.
    const ENGINE: [&str; 12] = [
        "model", "manifest", "diff", "plan", "guard", "apply", "observe", "export", "render", "store",
        "local", "provider",
    ];
    breaks(tree.files(), |file, mention| {
        let module = file.top_module();
        let named = |text: &str| {
            let name = text.split('/').next().unwrap_or_default();
            let meant = match module {
                "provider" => COLLECTION_TYPES.contains(&name) && name == text,
                // Words of Alma that both the catalogue and other modules mean.
                "model" => file.path == "src/model/alma_codes.rs" && WORDS_OF_ALMA.contains(&text),
                _ => false,
            };
            (kinds.contains(name) && !meant).then(|| format!("names the kind `{name}`"))
        };
        if let Mention::Text(text) = mention
            && ENGINE.contains(&module)
        {
            return named(text);
        }
        let imports = mention.paths().into_iter().any(|path| module_of(path) == Some("kinds"));
        (imports && !KNOW_KINDS.contains(&module)).then(|| "imports `kinds`".to_owned())
    })
}

fn async_code(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    const PURE: [&str; 9] =
        ["model", "manifest", "kinds", "diff", "plan", "guard", "analysis", "export", "render"];
    const ASYNC: [&str; 7] =
        ["tokio", "futures", "futures_util", "std::future", "core::future", "std::task", "core::task"];
    let pure = tree.files().filter(|file| PURE.contains(&file.top_module()));
    breaks(pure, |_, mention| match mention {
        Mention::Keyword(word) if matches!(word.as_str(), "async" | "await") => {
            Some(format!("contains `{word}`"))
        }
        mention => outside(mention, &ASYNC).map(|path| format!("names `{path}`")),
    })
}

/// Returns a path of another crate if it is, or lies below, a listed one.
fn outside(mention: &Mention, listed: &[&str]) -> Option<String> {
    let paths = mention.paths().into_iter().filter(|path| matches!(path, ItemPath::Other(_)));
    paths.map(ItemPath::text).find(|path| {
        listed.iter().any(|listed| {
            path.strip_prefix(listed).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    })
}

fn environment(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    const OUTER: [&str; 3] = ["cli", "serve", "local"];
    const PRINT: [&str; 14] = [
        "println",
        "eprintln",
        "print",
        "eprint",
        "dbg",
        "std::println",
        "std::eprintln",
        "std::print",
        "std::eprint",
        "std::dbg",
        "anstream::println",
        "anstream::eprintln",
        "anstream::print",
        "anstream::eprint",
    ];
    const EXIT: [&str; 11] = [
        "anstream::stdout",
        "anstream::stderr",
        "std::process::exit",
        "std::process::abort",
        "std::process::ExitCode",
        "std::io::stdout",
        "std::io::stderr",
        "std::io::Stdout",
        "std::io::Stderr",
        "tokio::io::stdout",
        "tokio::io::stderr",
    ];
    /// Tests can pause the clock of tokio, so any stage may wait on that clock.
    const MACHINE: [&str; 22] = [
        "std::fs",
        "std::env",
        "std::process",
        "std::os",
        "std::io::stdin",
        "std::io::Stdin",
        "std::thread::sleep",
        "std::time::SystemTime",
        "std::time::Instant",
        "std::net::TcpListener",
        "std::net::TcpStream",
        "std::net::UdpSocket",
        "tokio::net",
        "tokio::fs",
        "tokio::process",
        "tokio::signal",
        "tokio::io::stdin",
        "jiff::Timestamp::now",
        "jiff::Zoned::now",
        "jiff::tz::TimeZone::system",
        "tempfile",
        "ignore",
    ];
    const FILE_METHODS: [&str; 9] = [
        "canonicalize",
        "read_dir",
        "read_link",
        "symlink_metadata",
        "try_exists",
        "exists",
        "is_file",
        "is_dir",
        "is_symlink",
    ];
    breaks(tree.files(), |file, mention| {
        let module = file.top_module();
        let print = || match mention {
            _ if matches!(module, "cli" | "serve") => None,
            Mention::Macro(_) => outside(mention, &PRINT).map(|path| format!("prints with `{path}`")),
            mention => outside(mention, &EXIT).map(|path| format!("names `{path}`")),
        };
        let machine = || match mention {
            _ if OUTER.contains(&module) => None,
            Mention::Method(name) if FILE_METHODS.contains(&name.as_str()) => {
                Some(format!("reads files with `.{name}()`"))
            }
            mention => outside(mention, &MACHINE).map(|path| format!("names `{path}`")),
        };
        let outer = || {
            let mut targets = mention.paths().into_iter().filter_map(module_of);
            let target = targets.find(|target| OUTER.contains(target)).filter(|_| module == "session")?;
            Some(format!("imports `{target}`"))
        };
        print().or_else(machine).or_else(outer)
    })
}

fn requests(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    const GET: &str = "src/provider/http/get_client.rs";
    const PUT: &str = "src/provider/alma/put_client.rs";
    const RECORD: &str = "src/provider/gateway/record_client.rs";
    const HTTP: &str = "src/provider/http/client.rs";
    // The test of a write key sends one fixed request, which changes nothing.
    const KEY_TEST: &str = "src/provider/alma/write_key_test.rs";
    // The files that may name each method, and those that may send.
    let methods = |name: &str| match name {
        "GET" => Some(vec![GET]),
        "PUT" => Some(vec![PUT, RECORD]),
        "DELETE" => Some(vec![RECORD]),
        "POST" => Some(vec![KEY_TEST]),
        "PATCH" | "HEAD" | "OPTIONS" | "CONNECT" | "TRACE" => Some(vec![]),
        _ => None,
    };
    let mut found = breaks(tree.files_of("provider"), |file, mention| match mention {
        Mention::Method(name) if name == "send" => {
            let may = [GET, PUT, RECORD, HTTP, KEY_TEST].contains(&file.path.as_str())
                || file.path.starts_with("src/provider/transport/");
            (!may).then(|| "sends a request".to_owned())
        }
        // Methods of an HTTP client that send another method than GET.
        Mention::Method(name) if ["post", "patch", "delete"].contains(&name.as_str()) => {
            Some(format!("calls `.{name}()`"))
        }
        Mention::Text(text) => {
            methods(text).filter(|may| !may.contains(&file.path.as_str())).map(|_| format!("names `{text}`"))
        }
        mention => {
            let paths = mention.paths();
            let method = paths.iter().map(|path| path.text()).find_map(|text| {
                let (of, name) = text.rsplit_once("::")?;
                (of == "Method" || of.ends_with("::Method")).then(|| name.to_owned())
            })?;
            let may = match method.as_str() {
                // Methods that a text names, which may be any.
                "from_bytes" | "from_str" | "try_from" => vec![],
                method => methods(method)?,
            };
            (!may.contains(&file.path.as_str())).then(|| format!("names `Method::{method}`"))
        }
    });
    found.extend(reader_fields(tree));
    let reads = tree.files().filter(|file| file.top_module() == "observe");
    found.extend(breaks(reads, |_, mention| {
        let writer = mention.paths().into_iter().find(|path| path.text().contains("Write"))?;
        Some(format!("names the writer `{}`", writer.last()))
    }));
    // Files that make plans. Plans are made without a write key.
    const PLANNING: [&str; 4] =
        ["src/cli/plan.rs", "src/cli/drift.rs", "src/session/plan.rs", "src/session/drift.rs"];
    let planning = tree.files().filter(|file| PLANNING.contains(&file.path.as_str()));
    found.extend(breaks(planning, |_, mention| match mention {
        Mention::Method(name) if name == "writers" => Some("makes writers".to_owned()),
        mention => {
            let mut paths = mention.paths().into_iter().map(ItemPath::text);
            paths
                .find(|path| path.contains("KeyPurpose::Write") || path.contains("ZoneWriter"))
                .map(|path| format!("names `{path}`"))
        }
    }));
    found
}

/// Returns the readers that hold more than a [`GetClient`]: in a field, or in a field of a field.
fn reader_fields(tree: &SourceTree) -> BTreeSet<String> {
    const READERS: [&str; 2] = ["AlmaReader", "GatewayReader"];
    const SENDERS: [&str; 7] =
        ["PutClient", "GatewayRecordClient", "HttpClient", "AlmaWriter", "GatewayWriter", "Key", "ApiKey"];
    let fields: BTreeMap<&str, &Vec<ItemPath>> = tree
        .files_of("provider")
        .flat_map(|file| file.fields.iter().map(|(name, types)| (name.as_str(), types)))
        .collect();
    let mut found = BTreeSet::new();
    for reader in READERS {
        let mut open = vec![reader];
        let mut seen = BTreeSet::from([reader, "GetClient"]);
        while let Some(name) = open.pop() {
            for field in fields.get(name).into_iter().flat_map(|types| types.iter()).map(ItemPath::last) {
                if SENDERS.contains(&field) || field.contains("Transport") {
                    found.insert(format!("{reader}: holds `{field}` in `{name}`"));
                } else if seen.insert(field) {
                    open.push(field);
                }
            }
        }
    }
    found
}

fn circles(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    let graph = dependencies(tree);
    let circular = graph.keys().filter_map(|node| shortest_circle(&graph, node).map(|_| node));
    circular.map(|node| format!("{node}: {CIRCLE}")).collect()
}

/// End of a break of law 6.
const CIRCLE: &str = "is part of a circle";

/// Returns the shortest circle through the module or file of a break, for a message.
pub fn shown_circle(tree: &SourceTree, found: &str) -> Option<String> {
    let node = found.strip_suffix(CIRCLE)?.trim_end_matches(": ");
    shortest_circle(&dependencies(tree), node).map(|circle| circle.join(" -> "))
}

/// Top-level modules, and files of the folders without circles, each with what it depends on.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

fn dependencies(tree: &SourceTree) -> Dependencies {
    const FOLDERS: [&str; 4] = ["cli", "local", "session", "emulator"];
    let mut graph = Dependencies::new();
    // Nothing can import the two roots of the crate.
    for file in tree.files().filter(|file| !file.module.is_empty()) {
        let top = file.top_module();
        for mention in &file.mentions {
            for to in mention.paths().into_iter().filter_map(module_of).filter(|to| *to != top) {
                graph.entry(top.to_owned()).or_default().insert(to.to_owned());
            }
            let Mention::Path { item: ItemPath::Crate(module, rest), import, export, .. } = mention else {
                continue;
            };
            // What a file takes from a module around its own does not count. An imported module counts where a path begins with its name, and a re-export of a child where
            // the child is used.
            if *import && (rest.is_empty() || *export && module.starts_with(&file.module)) {
                continue;
            }
            let target = tree.file_of(module).filter(|target| !file.module.starts_with(&target.module));
            if let Some(target) = target.filter(|target| target.top_module() == top && FOLDERS.contains(&top))
            {
                graph.entry(file.path.clone()).or_default().insert(target.path.clone());
            }
        }
    }
    graph
}

fn shortest_circle(graph: &Dependencies, start: &str) -> Option<Vec<String>> {
    let mut circles = VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = circles.pop_front() {
        for next in path.last().and_then(|last| graph.get(last)).into_iter().flatten() {
            let longer = || path.iter().cloned().chain([next.clone()]).collect();
            if next == start {
                return Some(longer());
            }
            if seen.insert(next.clone()) {
                circles.push_back(longer());
            }
        }
    }
    None
}

/// File with the code for one platform: rights of files, signals, `/proc`.
const PLATFORM_FILE: &str = "src/local/platform.rs";

fn platform_code(tree: &SourceTree, _: &KindNames) -> BTreeSet<String> {
    const PLATFORM: [&str; 12] = [
        "std::os",
        "core::os",
        "tokio::signal::unix",
        "tokio::signal::windows",
        "tokio::net::unix",
        "nix",
        "libc",
        "rustix",
        "unix",
        "windows",
        "target_os",
        "target_family",
    ];
    const FOLDERS: [&str; 6] = ["/proc/", "/sys/", "/dev/", "/etc/", "/run/", "/var/"];
    let others = tree.files().filter(|file| file.path != PLATFORM_FILE);
    breaks(others, |_, mention| match mention {
        Mention::Text(text) if text == "/proc" || FOLDERS.iter().any(|folder| text.contains(folder)) => {
            Some(format!("names `{text}`"))
        }
        mention => outside(mention, &PLATFORM).map(|path| format!("names `{path}`")),
    })
}
