//! Each rule of the comparison, text in and text out: manifests and tables here, changes there.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::diff;
use crate::manifest::{self, Source};
use crate::model::{
    Action, Change, CollectionId, Desired, Differences, Failure, FailureClass, Field, Mode, Network,
    Observed, ObservedCollection, ObservedRecord, Severity, Table, Value,
};

/// A network of so many members, and what manifests want of it. A manifest is `KIND NAME` and, in
/// the lines after it, its spec; a line of dashes stands between two.
pub(crate) fn desired(members: &[&str], manifests: &str) -> (Network, Desired) {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: omni}\nspec:\n  region: ca\n  \
                    credentials: {read: {env: KEY}}\n  networkZone: {code: NZ, name: Network}\n  members:\n"
        .to_owned();
    for member in members {
        let _ = writeln!(text, "    - {{code: {member}, name: {} College}}", member.to_lowercase());
    }
    let mut sources = vec![Source { file: "network.yaml".into(), text: Ok(text) }];
    for manifest in manifests.split("---\n") {
        let (head, spec) = manifest.trim_start().split_once('\n').unwrap();
        let (kind, name) = head.split_once(' ').unwrap();
        let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!("apiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}");
        sources.push(Source { file: format!("{name}.yaml").into(), text: Ok(text) });
    }
    let loaded = manifest::load(&sources, None);
    let network = loaded.network.unwrap();
    let (desired, problems) = crate::kinds::expand(&network, &loaded.manifests);
    let all = loaded.diagnostics.iter().chain(&problems);
    let errors: Vec<_> = all.filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    (network, desired)
}

/// What zones hold, in blocks:
///
/// ```text
/// code T en             a code table and the language that it answers in
/// A One                 code and description, `.` for none
/// B Two - *             `-` is not enabled, `*` is the default
/// map M Names: ID Group>T Note      a mapping table, what people call it, its columns; behind `>`
/// K1 A .                            the code table that a column's values come from, `>?` unknown
/// fail T unreachable    or missing
/// ALPHA:                what follows is in this zone alone; in every zone before the first
/// ```
pub(crate) fn observed(desired: &Desired, tables: &str) -> Observed {
    let mut blocks: Vec<Block> = Vec::new();
    let mut zone = None;
    for line in tables.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["code", table, language] => blocks.push(Block::new(zone, table, None, Some(*language))),
            ["map", table, title, columns @ ..] => {
                let mut block = Block::new(zone, table, Some(title.trim_end_matches(':')), None);
                columns.iter().enumerate().for_each(|(number, column)| block.column(number, column));
                blocks.push(block);
            }
            ["fail", table, class] => {
                let mut block = Block::new(zone, table, None, None);
                let class =
                    if *class == "missing" { FailureClass::Missing } else { FailureClass::Unreachable };
                block.failure = Some(Failure::new(class, format!("`{table}` did not come")));
                blocks.push(block);
            }
            [code] if code.ends_with(':') => zone = Some(code.trim_end_matches(':')),
            cells => blocks.last_mut().unwrap().row(cells),
        }
    }
    let mut observed = Observed::default();
    for (code, wanted) in &desired.zones {
        let zone = observed.zones.entry(code.clone()).or_default();
        for id in wanted.iter().map(|wanted| &wanted.id) {
            let answers =
                |block: &&Block| block.answers(id) && block.zone.is_none_or(|zone| zone == code.as_str());
            if let Some(block) = blocks.iter().find(answers) {
                zone.collections.insert(id.clone(), block.answer(id));
            }
        }
    }
    observed
}

struct Block<'a> {
    zone: Option<&'a str>,
    code: &'a str,
    title: Option<&'a str>,
    language: Option<&'a str>,
    columns: Vec<Field>,
    aliases: BTreeMap<Field, Field>,
    references: Option<BTreeSet<String>>,
    records: Vec<ObservedRecord>,
    failure: Option<Failure>,
}

impl<'a> Block<'a> {
    fn new(zone: Option<&'a str>, code: &'a str, title: Option<&'a str>, language: Option<&'a str>) -> Self {
        let columns: &[&str] = match title {
            None => &["code", "description", "default", "enabled"],
            Some(_) => &["enabled"],
        };
        Self {
            zone,
            code,
            title,
            language,
            columns: columns.iter().map(|column| Field::from(*column)).collect(),
            aliases: BTreeMap::new(),
            references: title.map(|_| BTreeSet::new()),
            records: Vec::new(),
            failure: None,
        }
    }

    fn column(&mut self, number: usize, column: &str) {
        let (name, from) = column.split_once('>').unwrap_or((column, ""));
        let field = Field::from(format!("column{number}"));
        self.columns.insert(number, field.clone());
        self.aliases.insert(name.into(), field);
        match (from, &mut self.references) {
            ("", _) | (_, None) => {}
            ("?", references) => *references = None,
            (from, Some(references)) => drop(references.insert(from.to_owned())),
        }
    }

    fn row(&mut self, cells: &[&str]) {
        let mut record = ObservedRecord::default();
        let flags: Vec<&str> = cells.iter().copied().filter(|cell| matches!(*cell, "-" | "*")).collect();
        let cells = cells.iter().filter(|cell| !matches!(**cell, "-" | "*"));
        for (field, cell) in self.columns.iter().zip(cells) {
            record.fields.insert(field.clone(), Value::text(if *cell == "." { "" } else { cell }));
        }
        record.fields.insert("enabled".into(), Value::Bool(!flags.contains(&"-")));
        if self.title.is_none() {
            record.fields.insert("default".into(), Value::Bool(flags.contains(&"*")));
        }
        self.records.push(record);
    }

    fn answers(&self, id: &CollectionId) -> bool {
        let named = match &id.table {
            Table::Code(code) => &**code == self.code,
            Table::Title(title) => [self.title, Some(self.code)].contains(&Some(&**title)),
        };
        let spoken =
            self.language.is_none() || id.language.is_none() || id.language.as_deref() == self.language;
        named && spoken
    }

    fn answer(&self, id: &CollectionId) -> Result<ObservedCollection, Failure> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        Ok(ObservedCollection {
            id: CollectionId {
                table: Table::Code(self.code.into()),
                language: self.language.map(Arc::from),
                ..id.clone()
            },
            aliases: self.aliases.clone(),
            columns: self.columns.clone(),
            records: self.records.clone(),
            references: self.references.clone(),
        })
    }
}

/// A line for each change, `.` before what is only reported; what else was counted, where there is any.
pub(crate) fn shown(differences: &Differences) -> String {
    let mut out = String::new();
    for (zone, diff) in
        differences.zones.iter().flat_map(|(zone, diffs)| diffs.iter().map(move |diff| (zone, diff)))
    {
        match &diff.outcome {
            Ok(found) => {
                found.changes.iter().for_each(|change| out.push_str(&line(change)));
                for (number, what) in [(found.unmanaged, "unmanaged"), (found.ignored, "ignored")] {
                    if number > 0 {
                        let _ = writeln!(out, "{number} {what} in {zone}/{}", diff.id);
                    }
                }
            }
            Err(failure) => {
                let help = failure.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
                let _ = writeln!(out, "! {zone}/{}: {:?}: {failure}{help}", diff.id, failure.class);
            }
        }
    }
    out
}

fn line(change: &Change) -> String {
    let sign = match (change.mode, change.action) {
        (Mode::Apply, Action::Create) => "+",
        (Mode::Apply, Action::Update) => "~",
        (Mode::Apply, Action::Delete) => "-",
        (Mode::Report, Action::Create) => ".+",
        (Mode::Report, Action::Update) => ".~",
        (Mode::Report, Action::Delete) => ".-",
    };
    let edits: Vec<String> = (change.edits.iter())
        .map(|edit| match (&edit.before, change.action) {
            (_, Action::Create) => format!("{}={}", edit.name, edit.after),
            (before, _) => format!("{}={}->{}", edit.name, before.clone().unwrap_or_default(), edit.after),
        })
        .collect();
    let reason = change.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let edits: String = edits.iter().map(|edit| format!(" {edit}")).collect();
    format!("{sign} {}{edits}{reason}\n", change.address)
}

/// How one member, `ALPHA`, differs from the manifests.
fn differing(manifests: &str, tables: &str) -> String {
    let (_, desired) = desired(&["ALPHA"], manifests);
    shown(&diff(&desired, &observed(&desired, tables)))
}

#[test]
fn a_new_row_gets_the_documented_defaults_where_its_manifest_is_silent() {
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, description: One}]", "code T en"),
        "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true\n"
    );
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: One, enabled: false, default: true}]",
            "code T en"
        ),
        "+ ALPHA/CodeTable/T/A code=\"A\" default=true description=\"One\" enabled=false\n"
    );
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K}}]", "map M Names: ID Note"),
        "+ ALPHA/MappingTable/M/K ID=\"K\" enabled=true\n"
    );
}

#[test]
fn a_row_changes_in_the_fields_that_its_manifest_mentions_and_in_no_other() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: Two}, {code: B, enabled: true}, {code: C}]",
            "code T en\nA One - *\nB Other -\nC Three -"
        ),
        "~ ALPHA/CodeTable/T/A description=\"One\"->\"Two\"\n~ ALPHA/CodeTable/T/B enabled=false->true\n"
    );
}

#[test]
fn null_clears_a_field_and_a_field_that_the_zone_leaves_out_is_clear() {
    let manifest = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Note: null}}]";
    assert_eq!(
        differing(manifest, "map M Names: ID Note\nK note"),
        "~ ALPHA/MappingTable/M/K Note=\"note\"->null\n"
    );
    assert_eq!(differing(manifest, "map M Names: ID Note\nK ."), "");
    assert_eq!(differing(manifest, "map M Names: ID Note\nK"), "");
}

#[test]
fn a_row_that_cannot_be_created_keeps_its_table_from_being_planned() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, enabled: true}, {code: B, description: Two}]",
            "code T en"
        ),
        "! ALPHA/CodeTable/T: Mismatch: `A` is not in the zone's CodeTable/T and cannot be created without \
         `description`; add `description` at t.yaml:6:10\n"
    );
}

#[test]
fn initial_creates_what_is_missing_and_leaves_the_rest_to_the_zone() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: initial\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three"
        ),
        "+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true\n2 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn observe_reports_and_never_applies() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: observe\nunlisted: disable\nrows: [{code: A, description: One}, {code: B, description: Two}, {code: C, absent: true}]",
            "code T en\nB Other\nC Three\nD Four"
        ),
        "\
.+ ALPHA/CodeTable/T/A code=\"A\" description=\"One\" default=false enabled=true
.~ ALPHA/CodeTable/T/B description=\"Other\"->\"Two\"
.- ALPHA/CodeTable/T/C (because the manifest says `absent: true`)
.~ ALPHA/CodeTable/T/D enabled=true->false (because no manifest lists it and CodeTable/t says `unlisted: disable`)
"
    );
}

#[test]
fn unlisted_rows_are_kept_disabled_or_removed_as_the_manifest_says() {
    let with = |unlisted: &str| {
        let manifest =
            format!("CodeTable t\ntable: T\nunlisted: {unlisted}\nrows: [{{code: A, description: One}}]");
        differing(&manifest, "code T en\nA One\nB Two\nC Three -")
    };
    assert_eq!(with("keep"), "2 unmanaged in ALPHA/CodeTable/T\n");
    assert_eq!(
        with("disable"),
        "~ ALPHA/CodeTable/T/B enabled=true->false (because no manifest lists it and CodeTable/t says \
         `unlisted: disable`)\n1 unmanaged in ALPHA/CodeTable/T\n"
    );
    assert_eq!(
        with("remove"),
        "\
- ALPHA/CodeTable/T/B (because no manifest lists it and CodeTable/t says `unlisted: remove`)
- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/t says `unlisted: remove`)
"
    );
}

#[test]
fn a_row_that_another_language_or_another_manifest_lists_is_not_unlisted() {
    assert_eq!(
        differing(
            "\
CodeTable one
table: T
language: en
unlisted: remove
rows: [{code: A, description: One}]
---
CodeTable two
table: T
language: en
rows: [{code: B, description: Two}]
---
CodeTable three
table: T
language: fr
rows: [{code: C, description: Trois}]",
            "code T en\nA One\nB Two\nC Three\ncode T fr\nA Un\nB Deux\nC Trois"
        ),
        ""
    );
}

#[test]
fn of_several_manifests_the_one_that_is_strictest_about_unlisted_rows_counts() {
    let with = |one: &str, two: &str| {
        let manifest = |name: &str, unlisted: &str, code: &str| {
            format!(
                "CodeTable {name}\ntable: T\nunlisted: {unlisted}\nrows: [{{code: {code}, enabled: true}}]\n"
            )
        };
        let manifests = format!("{}---\n{}", manifest("one", one, "A"), manifest("two", two, "B"));
        differing(&manifests, "code T en\nA One\nB Two\nC Three")
    };
    let gone = |manifest: &str| {
        format!(
            "- ALPHA/CodeTable/T/C (because no manifest lists it and CodeTable/{manifest} says `unlisted: remove`)\n"
        )
    };
    assert_eq!(with("remove", "keep"), gone("one"));
    assert_eq!(with("keep", "remove"), gone("two"));
}

#[test]
fn what_unlisted_initial_would_do_is_ignored() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nenforcement: initial\nunlisted: remove\nrows: [{code: A, description: One}]",
            "code T en\nA One\nB Two"
        ),
        "1 ignored in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn a_new_default_takes_the_flag_from_the_row_that_has_it() {
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One\nB Two *"),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
1 unmanaged in ALPHA/CodeTable/T
"
    );
    assert_eq!(
        differing("CodeTable t\ntable: T\nrows: [{code: A, default: true}]", "code T en\nA One *\nB Two"),
        "1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn the_flag_goes_along_with_what_changes_anyway_in_the_row_that_has_it() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, default: true}, {code: B, description: Deux}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B description=\"Two\"->\"Deux\" default=true->false
"
    );
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, default: true}, {code: B, absent: true}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
- ALPHA/CodeTable/T/B (because the manifest says `absent: true`)
"
    );
}

#[test]
fn a_default_that_is_only_reported_takes_the_flag_from_nobody() {
    assert_eq!(
        differing(
            "\
CodeTable seen
table: T
enforcement: observe
rows: [{code: A, default: true}]
---
CodeTable done
table: T
rows: [{code: B, description: Deux}]",
            "code T en\nA One\nB Two *"
        ),
        "\
.~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B description=\"Two\"->\"Deux\"
.~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
"
    );
}

#[test]
fn a_default_takes_the_flag_even_from_a_row_that_is_only_reported() {
    assert_eq!(
        differing(
            "\
CodeTable done
table: T
rows: [{code: A, default: true}]
---
CodeTable seen
table: T
enforcement: observe
rows: [{code: B, description: Deux, default: false}]",
            "code T en\nA One\nB Two *"
        ),
        "\
~ ALPHA/CodeTable/T/A default=false->true
~ ALPHA/CodeTable/T/B default=true->false (because `A` becomes the `default` row, and there can be only one)
.~ ALPHA/CodeTable/T/B default=true->false description=\"Two\"->\"Deux\"
"
    );
}

#[test]
fn a_key_that_several_rows_share_is_refused_where_a_manifest_speaks_of_it() {
    let tables = "map M Names: ID Group\nK A\nK B\nL A";
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: C}}]", tables),
        "! ALPHA/MappingTable/M: Mismatch: 2 rows of the zone's MappingTable/M have the key `K` (`ID`); \
         name enough columns in `key` of MappingTable/m to tell them apart\n"
    );
    assert_eq!(
        differing("MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: L, Group: B}}]", tables),
        "~ ALPHA/MappingTable/M/L Group=\"A\"->\"B\"\n2 unmanaged in ALPHA/MappingTable/M\n"
    );
    assert_eq!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID, Group]\nrows: [{columns: {ID: K, Group: B}, enabled: false}]",
            tables
        ),
        "~ ALPHA/MappingTable/M/K|B enabled=true->false\n2 unmanaged in ALPHA/MappingTable/M\n"
    );
    assert!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID]\nunlisted: remove\nrows: [{columns: {ID: L}}]",
            tables
        )
        .starts_with("! ALPHA/MappingTable/M: Mismatch: 2 rows"),
        "what is not told apart is not removed either"
    );
}

#[test]
fn a_column_goes_by_the_name_of_its_header_or_by_its_number() {
    let tables = "map M Names: ID Group\nK A";
    for (key, column) in [("ID", "Group"), ("column0", "column1"), ("ID", "column1")] {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [{key}]\nrows: [{{columns: {{{key}: K, {column}: B}}}}]");
        assert_eq!(differing(&manifest, tables), format!("~ ALPHA/MappingTable/M/K {column}=\"A\"->\"B\"\n"));
    }
}

#[test]
fn one_column_by_two_names_is_refused() {
    assert_eq!(
        differing(
            "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: B, column1: C}}]",
            "map M Names: ID Group\nK A"
        ),
        "! ALPHA/MappingTable/M: Mismatch: `Group` and `column1` are the same column of the zone's \
         MappingTable/M; keep one of them at m.yaml:7:10\n"
    );
}

#[test]
fn an_unknown_column_is_refused_with_the_one_that_was_meant() {
    let with = |column: &str| {
        let manifest =
            format!("MappingTable m\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, {column}: B}}}}]");
        differing(&manifest, "map M Names: ID Group\nK A")
    };
    assert_eq!(
        with("group"),
        "! ALPHA/MappingTable/M: Mismatch: the zone's MappingTable/M has no column `group`; did you mean \
         `Group`; the zone's columns are `ID`, `Group`, `enabled`\n"
    );
    assert_eq!(
        with("column5"),
        "! ALPHA/MappingTable/M: Mismatch: the zone's MappingTable/M has no column `column5`; the zone's \
         columns are `ID`, `Group`, `enabled`\n"
    );
}

#[test]
fn a_table_by_its_code_and_by_its_name_is_one_table() {
    let both = |second_key: &str, row: &str| {
        let manifests = format!(
            "MappingTable one\ntable: M\nkey: [ID]\nrows: [{{columns: {{ID: K, Group: B}}}}]\n---\n\
             MappingTable two\ntableName: Names\nkey: [{second_key}]\nrows: [{{columns: {row}}}]"
        );
        differing(&manifests, "map M Names: ID Group\nK A\nL A")
    };
    assert_eq!(
        both("column0", "{column0: L, Group: B}"),
        "~ ALPHA/MappingTable/M/K Group=\"A\"->\"B\"\n~ ALPHA/MappingTable/M/L Group=\"A\"->\"B\"\n"
    );
    assert_eq!(
        both("ID", "{ID: K, Group: C}"),
        "! ALPHA/MappingTable/M: Mismatch: `K` of the zone's MappingTable/M is declared twice; keep one of \
         one.yaml:7:10 and two.yaml:7:10\n"
    );
    assert_eq!(
        both("Group", "{Group: A}"),
        "! ALPHA/MappingTable/M: Mismatch: MappingTable/one and MappingTable/two mean the same table of the \
         zone, but name different key columns; give both the same `key` (declared at one.yaml:3:18 and \
         two.yaml:3:18)\n"
    );
}

#[test]
fn a_new_row_that_looks_like_another_says_so() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: CONSORTIA, description: One}]",
            "code T en\nConsortia One"
        ),
        "+ ALPHA/CodeTable/T/CONSORTIA code=\"CONSORTIA\" description=\"One\" default=false enabled=true \
         (beside `Consortia`, which the zone takes for another row: keys are case-sensitive)\n\
         1 unmanaged in ALPHA/CodeTable/T\n"
    );
}

#[test]
fn a_new_row_of_two_languages_is_created_in_one_and_described_in_the_other() {
    let manifests = "\
CodeTable one
table: T
language: en
rows: [{code: A, description: One, enabled: false}]
---
CodeTable two
table: T
language: fr
rows: [{code: A, description: Un}]";
    assert_eq!(
        differing(manifests, "code T en\ncode T fr"),
        "\
+ ALPHA/CodeTable/T[language=en]/A code=\"A\" description=\"One\" enabled=false default=false
~ ALPHA/CodeTable/T[language=fr]/A description=null->\"Un\" (in the row that CodeTable/T[language=en] creates)
"
    );
}

#[test]
fn a_new_row_does_not_take_from_another_language_what_is_only_observed_there() {
    let manifests = "\
CodeTable one
table: T
language: en
enforcement: observe
rows: [{code: A, description: One, enabled: false}]
---
CodeTable two
table: T
language: fr
rows: [{code: A, description: Un}]";
    assert_eq!(
        differing(manifests, "code T en\ncode T fr"),
        "\
.+ ALPHA/CodeTable/T[language=en]/A code=\"A\" description=\"One\" enabled=false default=false
+ ALPHA/CodeTable/T[language=fr]/A code=\"A\" description=\"Un\" default=false enabled=true
"
    );
}

#[test]
fn a_table_that_did_not_come_is_told_and_the_others_are_compared_all_the_same() {
    assert_eq!(
        differing(
            "CodeTable t\ntable: T\nrows: [{code: A, description: One}]\n---\nCodeTable u\ntable: U\nrows: [{code: A, description: One}]",
            "fail T missing\ncode U en\nA Two"
        ),
        "! ALPHA/CodeTable/T: Missing: `T` did not come\n~ ALPHA/CodeTable/U/A description=\"Two\"->\"One\"\n"
    );
}

#[test]
fn a_row_that_is_listed_under_a_name_that_did_not_resolve_is_not_unlisted() {
    let manifests = "\
MappingTable one
table: M
key: [ID]
unlisted: remove
rows: [{columns: {ID: K}}]
---
MappingTable two
tableName: Names
key: [ID]
rows: [{columns: {ID: L}}]";
    let rows = "K A\nL A\nN A";
    let gone = "- ALPHA/MappingTable/M/N (because no manifest lists it and MappingTable/one says `unlisted: remove`)\n";
    assert_eq!(differing(manifests, &format!("map M Names: ID Group\n{rows}")), gone);
    assert_eq!(
        differing(manifests, &format!("map M Other: ID Group\n{rows}\nfail Names missing")),
        format!("{gone}! ALPHA/MappingTable/\"Names\": Missing: `Names` did not come\n")
    );
}
