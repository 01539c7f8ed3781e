//! Text notation of desired and observed states, and of their differences.

#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::diff::diff;
use crate::manifest::{self, SourceFile};
use crate::model::{
    ApplyMode, Change, ChangeAction, Channel, CollectionId, DesiredState, Differences, FailureClass,
    FieldName, FieldValue, Network, ObservationSource, ObservedCollection, ObservedRecord, ObservedState,
    Severity, TableName, ZoneFailure,
};

/// Returns a network with these members and the desired state. A manifest is `KIND NAME`, followed by the
/// lines of its spec; a line of dashes separates manifests.
pub(crate) fn desired(members: &[&str], manifests: &str) -> (Network, DesiredState) {
    let mut text = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: omni}\nspec:\n  region: ca\n  \
                    credentials: {read: {env: KEY}}\n  networkZone: {code: NZ, name: Network}\n  members:\n"
        .to_owned();
    for member in members {
        let _ = writeln!(text, "    - {{code: {member}, name: {} College}}", member.to_lowercase());
    }
    text.push_str("  environmentType: sandbox\n");
    let mut sources = vec![SourceFile { file: "network.yaml".into(), text: Ok(text) }];
    for manifest in manifests.split("---\n") {
        let (head, spec) = manifest.trim_start().split_once('\n').unwrap();
        let (kind, name) = head.split_once(' ').unwrap();
        let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!("apiVersion: zonal/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}");
        sources.push(SourceFile { file: format!("{name}.yaml").into(), text: Ok(text) });
    }
    let loaded = manifest::load(&crate::kinds::KINDS, &sources, None);
    let network = loaded.network.unwrap();
    let (desired, problems) = crate::kinds::expand(&network, &loaded.manifests);
    let all = loaded.diagnostics.iter().chain(&problems);
    let errors: Vec<_> = all.filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    (network, desired)
}

/// Parses the observed state, in blocks:
///
/// ```text
/// code T en             a code table and the language of the response
/// A One                 code and description, `.` for none
/// B Two - *             `-` is not enabled, `*` is the default
/// map M Names: ID Group>T Note      a mapping table, its title, its columns; after `>`
/// K1 A .                            the code table with the column's values, `>?` unknown
/// whole Rules           a collection of records, the only one of its type
/// name=A in=[X,Y] on=true           texts, lists and flags by field
/// fail T unreachable    or missing
/// ALPHA:                following blocks are in this zone only; before the first zone, in all zones
/// ```
pub(crate) fn observed(desired: &DesiredState, tables: &str) -> ObservedState {
    let mut blocks: Vec<TextBlock> = Vec::new();
    let mut zone = None;
    for line in tables.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["code", table, language] => blocks.push(TextBlock::new(zone, table, None, Some(*language))),
            ["map", table, title, columns @ ..] => {
                let mut block = TextBlock::new(zone, table, Some(title.trim_end_matches(':')), None);
                columns.iter().enumerate().for_each(|(number, column)| block.column(number, column));
                blocks.push(block);
            }
            ["whole", kind] => {
                blocks.push(TextBlock { whole: true, ..TextBlock::new(zone, kind, None, None) })
            }
            ["fail", table, class] => {
                let mut block = TextBlock::new(zone, table, None, None);
                let class =
                    if *class == "missing" { FailureClass::Missing } else { FailureClass::Unreachable };
                block.failure = Some(ZoneFailure::new(class, format!("`{table}` did not come")));
                blocks.push(block);
            }
            [code] if code.ends_with(':') => zone = Some(code.trim_end_matches(':')),
            cells => blocks.last_mut().unwrap().row(cells),
        }
    }
    let mut observed = ObservedState::default();
    for (code, wanted) in &desired.zones {
        let zone = observed.zones.entry(code.clone()).or_default();
        for id in wanted.iter().map(|wanted| &wanted.id) {
            let answers =
                |block: &&TextBlock| block.answers(id) && block.zone.is_none_or(|zone| zone == code.as_str());
            if let Some(block) = blocks.iter().find(answers) {
                zone.collections.insert(id.clone(), block.answer(id));
            }
        }
    }
    observed
}

struct TextBlock<'a> {
    zone: Option<&'a str>,
    code: &'a str,
    title: Option<&'a str>,
    language: Option<&'a str>,
    columns: Vec<FieldName>,
    aliases: BTreeMap<FieldName, FieldName>,
    references: Option<BTreeSet<String>>,
    records: Vec<ObservedRecord>,
    failure: Option<ZoneFailure>,
    whole: bool,
}

impl<'a> TextBlock<'a> {
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
            columns: columns.iter().map(|column| FieldName::from(*column)).collect(),
            aliases: BTreeMap::new(),
            references: title.map(|_| BTreeSet::new()),
            records: Vec::new(),
            failure: None,
            whole: false,
        }
    }

    fn column(&mut self, number: usize, column: &str) {
        let (name, from) = column.split_once('>').unwrap_or((column, ""));
        let field = FieldName::from(format!("column{number}"));
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
        if self.whole {
            for (field, value) in cells.iter().filter_map(|cell| cell.split_once('=')) {
                let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let value = match (list, value.parse::<bool>()) {
                    (Some(list), _) => FieldValue::list(list.split(',').filter(|text| !text.is_empty())),
                    (None, Ok(flag)) => FieldValue::Bool(flag),
                    (None, Err(_)) => FieldValue::from_text(value),
                };
                record.fields.insert(field.into(), value);
            }
            self.records.push(record);
            return;
        }
        let flags: Vec<&str> = cells.iter().copied().filter(|cell| matches!(*cell, "-" | "*")).collect();
        let cells = cells.iter().filter(|cell| !matches!(**cell, "-" | "*"));
        for (field, cell) in self.columns.iter().zip(cells) {
            record.fields.insert(field.clone(), FieldValue::from_text(if *cell == "." { "" } else { cell }));
        }
        record.fields.insert("enabled".into(), FieldValue::Bool(!flags.contains(&"-")));
        if self.title.is_none() {
            record.fields.insert("default".into(), FieldValue::Bool(flags.contains(&"*")));
        }
        self.records.push(record);
    }

    fn answers(&self, id: &CollectionId) -> bool {
        let named = match &id.table {
            TableName::Code(code) => &**code == self.code,
            TableName::Title(title) => [self.title, Some(self.code)].contains(&Some(&**title)),
            TableName::Whole => self.whole && &*id.kind == self.code,
        };
        let spoken =
            self.language.is_none() || id.language.is_none() || id.language.as_deref() == self.language;
        named && spoken
    }

    fn answer(&self, id: &CollectionId) -> Result<ObservedCollection, ZoneFailure> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.whole {
            return Ok(ObservedCollection {
                id: id.clone(),
                title: None,
                aliases: BTreeMap::new(),
                columns: Vec::new(),
                records: self.records.clone(),
                references: None,
                channel: Channel::Gateway,
                witness: ObservationSource::Zone,
            });
        }
        Ok(ObservedCollection {
            id: CollectionId {
                table: TableName::Code(self.code.into()),
                language: self.language.map(Arc::from),
                ..id.clone()
            },
            title: None,
            aliases: self.aliases.clone(),
            columns: self.columns.clone(),
            records: self.records.clone(),
            references: self.references.clone(),
            channel: Channel::Api,
            witness: ObservationSource::Zone,
        })
    }
}

/// Returns a line per change, with `.` before reported ones, and the other counts.
pub(crate) fn shown(differences: &Differences) -> String {
    let mut out = String::new();
    for (zone, diff) in
        differences.zones.iter().flat_map(|(zone, diffs)| diffs.iter().map(move |diff| (zone, diff)))
    {
        match &diff.outcome {
            Ok(found) => {
                found.changes.iter().for_each(|change| out.push_str(&line(change)));
                found.notes.iter().for_each(|note| out.push_str(&format!("note: {note}\n")));
                for gone in &found.undeclared {
                    let _ = writeln!(out, "undeclared: {} ({})", gone.addresses.join(", "), gone.manifest);
                }
                let released: usize = found.unmanaged.iter().map(|released| released.records).sum();
                let counts = [
                    (found.unlisted, "unmanaged"),
                    (found.create_only_differences, "ignored"),
                    (released, "released"),
                ];
                for (number, what) in counts {
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
        (ApplyMode::Apply, ChangeAction::Create) => "+",
        (ApplyMode::Apply, ChangeAction::Update) => "~",
        (ApplyMode::Apply, ChangeAction::Delete) => "-",
        (ApplyMode::Report, ChangeAction::Create) => ".+",
        (ApplyMode::Report, ChangeAction::Update) => ".~",
        (ApplyMode::Report, ChangeAction::Delete) => ".-",
        (ApplyMode::Manual, ChangeAction::Create) => ">+",
        (ApplyMode::Manual, ChangeAction::Update) => ">~",
        (ApplyMode::Manual, ChangeAction::Delete) => ">-",
        (ApplyMode::Postponed, ChangeAction::Create) => ":+",
        (ApplyMode::Postponed, ChangeAction::Update) => ":~",
        (ApplyMode::Postponed, ChangeAction::Delete) => ":-",
        (ApplyMode::KeptTheirs, ChangeAction::Create) => "=+",
        (ApplyMode::KeptTheirs, ChangeAction::Update) => "=~",
        (ApplyMode::KeptTheirs, ChangeAction::Delete) => "=-",
    };
    let edits: Vec<String> = (change.field_changes.iter())
        .map(|edit| match (&edit.before, change.action) {
            (_, ChangeAction::Create) => format!("{}={}", edit.name, edit.after),
            (before, _) => format!("{}={}->{}", edit.name, before.clone().unwrap_or_default(), edit.after),
        })
        .collect();
    let reason = change.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let edits: String = edits.iter().map(|edit| format!(" {edit}")).collect();
    format!("{sign} {}{edits}{reason}\n", change.address)
}

/// Returns the differences of one member, `ALPHA`, from the manifests.
pub(crate) fn differing(manifests: &str, tables: &str) -> String {
    let (_, desired) = desired(&["ALPHA"], manifests);
    shown(&diff(&desired, &observed(&desired, tables)))
}
