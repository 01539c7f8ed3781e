//! Result of `zonal absorb` as text.

use std::collections::BTreeMap;

use super::formatting::{BOLD, count, safe, styled, wrapped};
use super::line_differences;
use crate::model::cut_list::cut_list;
use crate::render::json::absorb::{AbsorbJson, AbsorbLayer, AbsorbedFile, AbsorbedFileState};

/// Number of addresses for one reason. JSON has all.
const SHOWN_ADDRESSES: usize = 20;

/// Returns the differences of the edited files, and what stays with the reason.
pub fn absorb(absorbed: &AbsorbJson) -> String {
    let mut sections: Vec<String> = absorbed.files.iter().map(file).collect();
    sections.extend(left(absorbed));
    sections.extend(failures(absorbed));
    sections.push(summary(absorbed));
    sections.join("\n")
}

fn file(file: &AbsorbedFile) -> String {
    let [before, after] = [&file.before, &file.after].map(|text| text.replace("\r\n", "\n"));
    let heading = format!("{}  {}", file.file, file.manifests.join(", "));
    let error = file.error.iter().map(|error| format!("not written: {}\n", safe(error)));
    let error: String = error.collect();
    format!("{}\n{}{error}", styled(BOLD, heading), line_differences(&before, &after))
}

fn left(absorbed: &AbsorbJson) -> Option<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for difference in &absorbed.left {
        by_reason.entry(&difference.reason).or_default().push(&difference.address);
    }
    let mut text = format!("{}\n", styled(BOLD, "Left as it is"));
    for (reason, addresses) in &by_reason {
        wrapped(reason, 96).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        let (shown, omitted) = cut_list(addresses, SHOWN_ADDRESSES);
        shown.iter().for_each(|address| text.push_str(&format!("    {}\n", safe(address))));
        text.extend(omitted.map(|omitted| format!("    {}\n", omitted.of("record"))));
    }
    (!by_reason.is_empty()).then_some(text)
}

fn failures(absorbed: &AbsorbJson) -> Option<String> {
    let lines =
        absorbed.failures.iter().map(|(zone, failure)| format!("  {zone}: {}\n", safe(&failure.message)));
    let text = format!("{}\n{}", styled(BOLD, "Not read"), lines.collect::<String>());
    (!absorbed.failures.is_empty()).then_some(text)
}

fn summary(absorbed: &AbsorbJson) -> String {
    let records: usize = absorbed.files.iter().map(|file| file.records.len()).sum();
    if records == 0 {
        return match absorbed.left.is_empty() {
            true => "Nothing to absorb: the zones match the manifests.\n".to_owned(),
            false => "Nothing absorbed.\n".to_owned(),
        };
    }
    let layer = match absorbed.into {
        AbsorbLayer::Shared => "shared rows",
        AbsorbLayer::Override => "overrides",
        AbsorbLayer::Except => "`appliesTo.except`",
        AbsorbLayer::Report => "overrides that only report",
    };
    let is_in = |state| absorbed.files.iter().any(|file| file.state == state);
    let next = if is_in(AbsorbedFileState::Failed) {
        "Some files are not written."
    } else if is_in(AbsorbedFileState::Written) {
        "The files are written: read them, plan and commit."
    } else {
        "Nothing is written: `--write` writes the files."
    };
    let others = match absorbed.into {
        AbsorbLayer::Shared => " The next apply sets the values in the manifest's other zones.",
        AbsorbLayer::Override | AbsorbLayer::Except | AbsorbLayer::Report => "",
    };
    format!("{} into {layer}. {next}{others}\n", count(records, "record"))
}
