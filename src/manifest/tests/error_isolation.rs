//! Error isolation: one mistake hides no other problem.
//!
//! Every value of a set of manifests is damaged in turn. All unrelated problems must still be reported, and
//! no new ones.

use std::collections::BTreeSet;

use super::injected_damage::{InjectedDamage, bytes, damages};
use super::{judge, shown, source};
use crate::manifest::yaml_node::YamlValue;
use crate::manifest::{SourceFile, source as yaml};
use crate::model::Diagnostic;

const NETWORK: &str = "\
apiVersion: zonal/v1
kind: Network
metadata:
  name: omni
spec:
  region: ca
  credentials:
    read:
      env: READ_{code}
    write:
      env: WRITE_{cod}
  rate:
    perSecond: 5
  networkZone:
    code: NZ
    name: Network Zone
  members:
    - code: ALPHA
      name: Alpha
      labels:
        afn: lender
        size: large
      vars:
        group: VISITOR
        lib: MAIN
      campuses:
        - code: NORTH
      libraries:
        - code: MAIN
          campus: NORTH
    - code: BETA
      name: Beta
      labels:
        afn: borrower
      vars:
        group: GUEST
      campuses:
        - code: SOUTH
        - code: SOUTH
      libraries:
        - code: SIDE
          campus: EAST
        - code: REAR
          ipRanges:
            - 192.0.2.300
  environments:
    sandbox:
      region: eu
      rate:
        perSecond: 1
      zones:
        BTEA:
          region: na
";

const ONE: &str = "\
apiVersion: zonal/v1
kind: CodeTable
metadata:
  name: one
spec:
  table: T
  enforcement: enforce
  unlisted: disable
  rows:
    - code: A
      description: First
      default: true
      enabled: true
    - code: X
      description:
        var: lib
    - code: X
    - code: Y
      absent: true
      enabled: true
  overrides:
    - appliesTo:
        only:
          - BETA
      rows:
        - code: Z
          description:
            var: gruop
        - code: Z
";

const TWO: &str = "\
apiVersion: zonal/v1
kind: CodeTable
metadata:
  name: two
spec:
  table: T
  unlisted: delete
  appliesTo:
    only:
      - BETA
  rows:
    - code: A
    - code: B
      default: true
";

const THREE: &str = "\
apiVersion: zonal/v1
kind: CodeTable
metadata:
  name: three
spec:
  table: U
  appliesTo:
    zones: all
    labels:
      afn:
        - lendr
        - borrower
    except:
      - APLHA
  rows:
    - code: A
      description: Text
---
apiVersion: zonal/v1
kind: CodeTable
metadata:
  name: three
spec:
  table: V
  appliesTo:
    labels:
      colour: red
";

const FOUR: &str = "\
apiVersion: zonal/v1
kind: MappingTable
metadata:
  name: four
spec:
  table: M
  library: MAIN
  key:
    - ID
    - Type
  rows:
    - columns:
        ID: A
        column7: x
    - columns:
        ID: A
        Type: B
      enabled: true
    - columns:
        ID: A
        Type: B
---
apiVersion: zonal/v1
kind: MappingTable
metadata:
  name: five
spec:
  tableName: Empty
  key:
    - ID
";

/// Dependencies of every problem of these manifests, apart from the problem's own location.
///
/// Each dependency is a file and path, or `=` and another problem with the same dependencies. Damage
/// elsewhere must not hide the problem.
const HANGS_ON: &[(&str, &[&str])] = &[
    ("n.yaml Z0309", &["n.yaml /spec/credentials"]),
    // A duplicate campus depends on the first campus, an unknown campus on the existing ones.
    ("n.yaml Z0312", &["n.yaml /spec/members/1/campuses"]),
    ("n.yaml Z0310", &["n.yaml /spec/members/1/campuses", "n.yaml /spec/members/1/libraries/0"]),
    (
        "n.yaml Z0313",
        &["n.yaml /spec/networkZone/code", "n.yaml /spec/members/0/code", "n.yaml /spec/members/1/code"],
    ),
    (
        "one.yaml Z0502",
        &["one.yaml /spec/rows/1/code", "one.yaml /spec/rows/2/code", "one.yaml /spec/overrides/0/rows"],
    ),
    ("one.yaml Z0506", &["one.yaml /spec/rows/3/absent", "one.yaml /spec/rows/3/enabled"]),
    (
        "one.yaml Z0509",
        &[
            "one.yaml /spec/appliesTo",
            "n.yaml /spec/members/1/vars",
            "n.yaml /spec/members/1/code",
            "n.yaml /spec/members/0/code",
            "n.yaml /spec/members/0/vars",
        ],
    ),
    ("two.yaml Z0503", BOTH),
    (
        "two.yaml Z0505",
        &[
            "one.yaml /spec/overrides",
            "one.yaml /spec/rows/0/default",
            "two.yaml /spec/rows/1",
            "=two.yaml Z0503",
        ],
    ),
    (
        "two.yaml Z0507",
        &[
            "one.yaml /spec/overrides",
            "one.yaml /spec/unlisted",
            "two.yaml /spec/unlisted",
            // An unknown list may be `overrides`.
            "two.yaml /spec/rows (renamed)",
            "=two.yaml Z0503",
        ],
    ),
    ("three.yaml Z0210", &["three.yaml /metadata"]),
    (
        "three.yaml Z0402",
        &[
            "n.yaml /spec/members/0/labels",
            "n.yaml /spec/members/1/labels",
            "n.yaml /spec/networkZone/labels",
        ],
    ),
    (
        "three.yaml Z0403",
        &[
            "n.yaml /spec/members/0/labels/afn",
            "n.yaml /spec/members/1/labels/afn",
            "n.yaml /spec/networkZone/labels",
        ],
    ),
    (
        "three.yaml Z0404",
        &["n.yaml /spec/networkZone/code", "n.yaml /spec/members/0/code", "n.yaml /spec/members/1/code"],
    ),
    (
        "three.yaml Z0510",
        // A map without a known name can be `unlisted`.
        &[
            "three.yaml /spec/table (renamed)",
            "three.yaml /spec/appliesTo (renamed)",
            "three.yaml /spec/rows",
            "three.yaml /spec/unlisted",
        ],
    ),
    ("four.yaml Z0501", &["four.yaml /spec/key", "four.yaml /spec/rows/0/columns"]),
    (
        "four.yaml Z0502",
        &["four.yaml /spec/key", "four.yaml /spec/rows/1/columns", "four.yaml /spec/rows/2/columns"],
    ),
    (
        "four.yaml Z0508",
        &["four.yaml /spec/appliesTo", "n.yaml /spec/members/1/libraries", "n.yaml /spec/members/1/code"],
    ),
    (
        "four.yaml Z0510",
        &[
            "four.yaml /spec/tableName (renamed)",
            "four.yaml /spec/key (renamed)",
            "four.yaml /spec/rows",
            "four.yaml /spec/unlisted",
            "four.yaml /spec/overrides",
        ],
    ),
];

/// Dependencies of records shared by two manifests: table and selector.
const BOTH: &[&str] = &[
    "one.yaml /spec/table",
    "one.yaml /spec/language",
    "one.yaml /spec/appliesTo",
    "one.yaml /spec/rows/0/code",
    "two.yaml /spec/table",
    "two.yaml /spec/language",
    "two.yaml /spec/appliesTo",
    "two.yaml /spec/rows/0/code",
    "n.yaml /spec/members/1/code",
    // Unknown texts may be languages.
    "one.yaml /spec/enforcement (renamed)",
    "one.yaml /spec/unlisted (renamed)",
    "two.yaml /spec/unlisted (renamed)",
];

fn files() -> [(&'static str, &'static str); 5] {
    [("n.yaml", NETWORK), ("one.yaml", ONE), ("two.yaml", TWO), ("three.yaml", THREE), ("four.yaml", FOUR)]
}

/// Problem as code, file and byte offset.
type ReportedProblem = BTreeSet<(&'static str, String, usize)>;

fn told(problems: &[Diagnostic], place: impl Fn(&str, usize) -> usize) -> ReportedProblem {
    let at = |problem: &Diagnostic| {
        let place = problem.span.as_ref();
        place.map_or((String::new(), 0), |place| (place.file.to_string(), place.start.byte as usize))
    };
    let problems = problems.iter().map(|problem| (problem.code, at(problem)));
    problems.map(|(code, (file, byte))| (code, file.clone(), place(&file, byte))).collect()
}

fn hangs_on(problem: &str, damage: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ' ']))
    };
    let paths = HANGS_ON.iter().filter(|(each, _)| *each == problem).flat_map(|(_, paths)| *paths);
    paths.into_iter().any(|path| match path.strip_prefix('=') {
        Some(other) => hangs_on(other, damage),
        None => within(damage, path) || within(path, damage.trim_end_matches(" (renamed)")),
    })
}

#[test]
fn one_mistake_hides_and_adds_no_other_problem() {
    let before = told(&judge(&files().map(|(file, text)| source(file, text)), None).1, |_, byte| byte);
    assert!(before.len() >= 18, "{before:?}");
    let (mut wrong, mut count) = (String::new(), 0);
    for (damaged, text) in files() {
        let (documents, _) = yaml::documents(&source(damaged, text));
        for document in &documents {
            let mut all = Vec::new();
            for (key, value) in match &document.root.value {
                YamlValue::Map(entries) => entries.as_slice(),
                _ => &[],
            } {
                // A document without these keys is no manifest.
                if !matches!(&*key.text, "apiVersion" | "kind") {
                    damages(value, bytes(key.extent).0, &format!("/{}", key.text), &mut all);
                }
            }
            for InjectedDamage { place, path, from, to, patch } in all {
                let indent = from - text[..from].rfind('\n').map_or(0, |at| at + 1);
                let patch = patch.replace('\n', &format!("\n{}", " ".repeat(indent)));
                let sources = files().map(|(file, text)| match file == damaged {
                    true => source(file, &format!("{}{patch}{}", &text[..from], &text[to..])),
                    false => source(file, text),
                });
                let (_, problems) = judge(&sources, None);
                let is_form = |code: &str| code.starts_with("Z02") && code != "Z0210";
                // Some damage changes nothing.
                if !problems.iter().any(|problem| is_form(problem.code)) {
                    continue;
                }
                count += 1;
                let inside = from..from + patch.len().max(1);
                let after = told(&problems, |file, byte| match file == damaged && byte >= inside.end {
                    true => byte + to - from - patch.len(),
                    false => byte,
                });
                // Problems of a whole manifest are reported at its name.
                let moved = |code: &str| path.starts_with("/metadata") && matches!(code, "Z0507" | "Z0510");
                let added: Vec<_> = after
                    .difference(&before)
                    .filter(|(code, file, _)| !is_form(code) && !moved(code) || file != damaged)
                    .collect();
                let hidden: Vec<_> = (before.difference(&after))
                    .filter(|(_, file, byte)| file != damaged || !place.contains(byte))
                    .filter(|(code, file, _)| {
                        !hangs_on(&format!("{file} {code}"), &format!("{damaged} {path}"))
                    })
                    .collect();
                if !added.is_empty() || !hidden.is_empty() {
                    wrong +=
                        &format!("{damaged} {path} as `{patch}`\n  added {added:?}\n  hidden {hidden:?}\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 500, "{count}");
}

#[test]
fn invalid_yaml_file_hides_no_other_problem() {
    let mut sources: Vec<SourceFile> = files().map(|(file, text)| source(file, text)).into();
    let before = shown(&judge(&sources, None).1);
    sources.push(source("a.yaml", "kind: [\n"));
    let after = shown(&judge(&sources, None).1);
    assert_eq!(after.split_once('\n').map(|(_, rest)| rest), Some(before.as_str()));
}
