//! Checks linking rules, without the network.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{LinkedAccountAttributes, LinkingRuleSpec, LinkingRulesSpec, dates, external_groups};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::DEFAULT_RULE;
use crate::model::{Diagnostic, UnlistedPolicy};

/// Days after expiry before which a purge is early: requests and loans of the user may still be open.
const EARLIEST_PURGE: u32 = 14;

/// Returns all problems of the manifest.
pub fn problems(spec: &LinkingRulesSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut check = LinkingRulesCheck { head, problems: Vec::new() };
    check.names(spec);
    for rule in &spec.rules {
        check.presence(rule);
        check.dates(&rule.value.output());
    }
    if let Some(Spanned { value: default, .. }) = &spec.default {
        check.dates(&default.output());
    }
    check.external_groups(spec);
    if spec.unlisted.action != UnlistedPolicy::Keep && spec.default.is_none() {
        let message =
            "`unlisted` removes other rules, but the manifest does not declare Alma's own rule `Default`";
        check.report_missing(
            diagnostic_codes::DEFAULT_RULE_UNSAID,
            head.extent,
            message,
            "add `default: {group: ...}`",
        );
    }
    let speaks = !spec.rules.is_empty() || spec.default.is_some() || spec.external_groups.is_some();
    if !speaks && head.lost_spec().is_nothing() {
        let message = format!("`{}` has no effect", head.manifest);
        check.problems.push(
            Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message)
                .help("add `rules`, `default` or `externalGroups`, or remove the manifest"),
        );
    }
    check.problems
}

struct LinkingRulesCheck<'a> {
    head: &'a ManifestHeader,
    problems: Vec<Diagnostic>,
}

impl LinkingRulesCheck<'_> {
    fn error(&mut self, code: &'static str, extent: NodeSpan, message: impl Into<String>, help: &str) {
        self.problems.push(Diagnostic::error(code, self.head.place(extent), message).help(help));
    }

    /// Reports a missing field, unless parts of the manifest are unreadable: the field may be among them.
    fn report_missing(
        &mut self,
        code: &'static str,
        extent: NodeSpan,
        message: impl Into<String>,
        help: &str,
    ) {
        if self.head.lost_spec().is_nothing() {
            self.error(code, extent, message, help);
        }
    }

    fn names(&mut self, spec: &LinkingRulesSpec) {
        let mut seen: BTreeMap<&str, NodeSpan> = BTreeMap::new();
        for Spanned { value: LinkingRuleSpec { name, .. }, .. } in &spec.rules {
            if name.value == DEFAULT_RULE {
                let message = "`Default` is Alma's own rule; it always exists and is always last";
                self.error(
                    diagnostic_codes::RULE_NAME_TAKEN,
                    name.extent,
                    message,
                    "use `default` to set its attributes, or choose another name",
                );
            } else if let Some(first) = seen.get(name.value.as_str()) {
                let message = format!("rule `{}` is declared twice", name.value);
                let problem = Diagnostic::error(
                    diagnostic_codes::RULE_NAME_TAKEN,
                    self.head.place(name.extent),
                    message,
                )
                .with_secondary_span(self.head.place(*first), "first here")
                .help("rename one of the rules");
                self.problems.push(problem);
            } else {
                seen.insert(&name.value, name.extent);
            }
        }
    }

    fn presence(&mut self, Spanned { value: rule, extent }: &Spanned<LinkingRuleSpec>) {
        let LinkedAccountAttributes { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks } =
            rule.output();
        if !rule.is_absent() {
            if group.is_none() {
                let message = format!("rule `{}` has no `group`", rule.name.value);
                self.report_missing(
                    diagnostic_codes::MISSING_FIELD,
                    *extent,
                    message,
                    "add `group: ...`, or `absent: true`",
                );
            }
            return;
        }
        let flag = |flag: Option<&Spanned<bool>>| flag.map(|flag| flag.extent);
        let others = [
            ("description", rule.description.as_ref().map(|said| said.extent)),
            ("sources", rule.sources.as_ref().map(|said| said.extent)),
            ("userGroups", rule.user_groups.first().map(|said| said.extent)),
            ("group", group.map(|said| said.extent)),
            ("expiry", expiry.map(|said| said.extent)),
            ("refreshExpiry", flag(refresh_expiry)),
            ("purge", purge.map(|said| said.extent)),
            ("refreshPurge", flag(refresh_purge)),
            ("copyBlocks", flag(copy_blocks)),
            ("enabled", flag(rule.enabled.as_ref())),
        ];
        if let Some((field, extent)) = others.iter().find_map(|(field, said)| Some((field, (*said)?))) {
            let message = format!("`{field}` is not allowed in a rule with `absent: true`");
            let help = "remove the other fields, or remove `absent: true`";
            self.error(diagnostic_codes::ABSENT_WITH_FIELDS, extent, message, help);
        }
    }

    fn dates(&mut self, output: &LinkedAccountAttributes<'_>) {
        if let Some(Spanned { value: Nullable::Value(expiry), extent }) = output.expiry {
            self.check_date_choice("expiry", expiry.date_choices(), *extent);
            let help = "enter `same`, or a time span in days, weeks, months or years, such as `+30 days`";
            self.span(dates::distance, expiry.from_source.as_ref(), help);
        }
        if let Some(Spanned { value: Nullable::Value(purge), extent }) = output.purge {
            self.check_date_choice("purge", purge.date_choices(), *extent);
            let help = "enter a time span in days, weeks, months or years, such as `1 month`";
            self.span(dates::length, purge.after_expired.as_ref(), help);
            self.early_purge(purge.after_expired.as_ref());
        }
    }

    /// Checks a date choice: exactly one absolute or relative date, in valid form.
    fn check_date_choice(
        &mut self,
        field: &str,
        ways: [(&'static str, Option<&Spanned<String>>); 2],
        extent: NodeSpan,
    ) {
        let [(one, day), (other, span)] = ways;
        match (day, span) {
            (Some(day), Some(span)) => {
                let message = format!("`{field}` has both `{one}` and `{other}`");
                let problem = Diagnostic::error(
                    diagnostic_codes::NOT_EXACTLY_ONE,
                    self.head.place(span.extent),
                    message,
                )
                .with_secondary_span(self.head.place(day.extent), "other field")
                .help("remove one of the fields");
                self.problems.push(problem);
            }
            (None, None) => {
                let message = format!("`{field}` needs exactly one of `{one}` and `{other}`");
                self.report_missing(
                    diagnostic_codes::NOT_EXACTLY_ONE,
                    extent,
                    message,
                    "add one of the fields, or enter `null` for never",
                );
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        if let Some(day) = day.filter(|day| dates::day(&day.value).is_none()) {
            let message = format!("`{}` is not a valid date", day.value);
            self.error(
                diagnostic_codes::NO_DATE,
                day.extent,
                message,
                "write the date as `YYYY-MM-DD`, such as `2027-06-30`",
            );
        }
    }

    fn span(&mut self, form: fn(&str) -> Option<Arc<str>>, said: Option<&Spanned<String>>, help: &str) {
        if let Some(said) = said.filter(|said| form(&said.value).is_none()) {
            let message = format!("`{}` is not a valid time span", said.value);
            self.error(diagnostic_codes::NO_SPAN, said.extent, message, help);
        }
    }

    /// Warns of a purge so soon after expiry that requests of the user are still open.
    fn early_purge(&mut self, span: Option<&Spanned<String>>) {
        let Some(span) =
            span.filter(|span| dates::days(&span.value).is_some_and(|days| days < EARLIEST_PURGE))
        else {
            return;
        };
        let message = format!(
            "accounts are purged {} after their expiry, with requests that are still open",
            span.value
        );
        let problem =
            Diagnostic::warning(diagnostic_codes::EARLY_PURGE, self.head.place(span.extent), message);
        self.problems.push(problem.help("enter a time span of two weeks or more, such as `1 month`"));
    }

    fn external_groups(&mut self, spec: &LinkingRulesSpec) {
        let Some(external) = &spec.external_groups else { return };
        let mut seen: BTreeMap<&str, NodeSpan> = BTreeMap::new();
        for Spanned { value: group, .. } in &external.groups {
            for Spanned { value, extent } in &group.codes {
                let TextOrVariable::Plain(code) = value else { continue };
                if let Some(first) = seen.insert(code, *extent) {
                    self.problems.push(external_groups::twice(code, (*extent, first), self.head));
                }
            }
            if let (Some(true), Some(institutions)) = (group.absent, &group.institutions) {
                let message = "`institutions` is not allowed in groups with `absent: true`";
                let help = "remove the other fields, or remove `absent: true`";
                self.error(diagnostic_codes::ABSENT_WITH_FIELDS, institutions.extent, message, help);
            }
        }
    }
}
