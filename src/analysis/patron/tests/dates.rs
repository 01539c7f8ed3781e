//! Tests of expiry and purge dates, and of refreshes.

use jiff::civil::Date;

use super::notation::{declared, facts, linked, observed, question};
use crate::analysis::patron::{AccountDates, BlockCopying, RefreshResult, linked_account, refresh};
use crate::model::MaybeKnown;

fn rule(fields: &str) -> String {
    format!("B LinkedAccountRules\n name=Default | userGroup=G | {fields}\n")
}

/// Returns expiry and purge date for a source account with an expiry date.
fn dates(of_source: &str, fields: &str) -> String {
    let linked = linked(&format!("A FAC B {of_source}"), &observed(&rule(fields)));
    linked.trim_start_matches("Default gives G, ").to_owned()
}

#[test]
fn expiry_date_is_fixed_or_follows_source() {
    let day = "2027-03-31";
    assert_eq!(dates(day, "expiryDate=2027-06-30"), "expires 2027-06-30, purged never");
    assert_eq!(dates(day, "expiryFromSource=same"), "expires 2027-03-31, purged never");
    assert_eq!(dates(day, "expiryFromSource=+30 days"), "expires 2027-04-30, purged never");
    assert_eq!(dates(day, "expiryFromSource=-2 weeks"), "expires 2027-03-17, purged never");
    assert_eq!(dates("2028-02-29", "expiryFromSource=+1 year"), "expires 2029-02-28, purged never");
    assert_eq!(dates(day, "expiryDate=null"), "expires never, purged never");
    assert_eq!(
        dates(day, "expiryDate=2027-06-30 | expiryFromSource=same"),
        "expires 2027-06-30, purged never"
    );
    for odd in ["expiryDate=soon", "expiryFromSource=30 days", "expiryFromSource=+1 hour"] {
        assert_eq!(dates(day, odd), "expires unreadable, purged never", "{odd}");
    }
}

#[test]
fn month_arithmetic_clamps_to_last_day() {
    let fields = "expiryFromSource=-1 month | purgeAfterExpired=1 month";
    assert_eq!(dates("2027-03-31", fields), "expires 2027-02-28, purged 2027-03-28");
    assert_eq!(dates("2028-03-31", fields), "expires 2028-02-29, purged 2028-03-29");
    let last = "expiryFromSource=+1 day";
    assert_eq!(dates("9999-12-31", last), "expires 9999-12-31, purged never");
}

#[test]
fn period_beyond_calendar_is_reported_without_panic() {
    for span in ["+999 years", "+19998 years", "+65535 days", "+65535 months"] {
        let fields = format!("expiryFromSource={span} | purgeAfterExpired=999 years");
        let dates = dates("9027-03-31", &fields);
        assert!(dates.starts_with("expires ") && !dates.contains("unreadable"), "{span}: {dates}");
    }
    for span in ["+19999 years", "+65535 years", "+65536 days", "-65535 years"] {
        assert_eq!(
            dates("2027-03-31", &format!("expiryFromSource={span}")),
            "expires unreadable, purged never"
        );
    }
}

#[test]
fn purge_date_is_fixed_or_follows_expiry() {
    let day = "2027-03-31";
    assert_eq!(dates(day, "purgeDate=2028-01-01"), "expires never, purged 2028-01-01");
    assert_eq!(dates(day, "purgeAfterExpired=1 month"), "expires never, purged never");
    let fields = "expiryFromSource=same | purgeAfterExpired=5";
    assert_eq!(dates(day, fields), "expires 2027-03-31, purged unreadable");
}

#[test]
fn undeclared_date_is_unknown_and_empty_is_known() {
    let fields = "expiryFromSource=same | purgeAfterExpired=1 month";
    assert_eq!(
        linked("A FAC B", &observed(&rule(fields))),
        "Default gives G, expires with the source, purged with the source"
    );
    assert_eq!(
        facts("A FAC B", &observed(&rule(fields)), &["expiry"]),
        "expiry: unknown (the date follows the source account, whose expiry date is unknown)\n"
    );
    let said = "refreshExpiryDate=true | expiryDate=null";
    assert_eq!(
        linked("A FAC B", &declared(&rule(said))),
        "Default gives G, expires never always, purged undeclared?, copies?"
    );
    let names = ["expiry", "refreshExpiry", "purge", "copiesBlocks"];
    assert_eq!(
        facts("A FAC B", &declared(&rule(said)), &names),
        "expiry: null\nrefreshExpiry: true\npurge: unknown (the rule does not declare the purge date; the \
         member's value applies)\ncopiesBlocks: unknown (the rule `Default` does not declare whether it copies patron blocks)\n"
    );
}

fn day(text: &str) -> Option<Date> {
    (text != "-").then(|| text.parse().unwrap())
}

/// Returns the result of a refresh on 2027-01-01, for an account with these expiry and purge dates.
fn refreshed(fields: &str, (expiry, purge): (&str, &str)) -> String {
    let settings = observed(&rule(fields));
    let MaybeKnown::Known(Ok(linked)) = linked_account(&question("A FAC B 2027-06-30"), &settings) else {
        panic!("no linked account")
    };
    let held = AccountDates { expiry: day(expiry), purge: day(purge) };
    let RefreshResult { dates, blocks } = refresh(&linked, held, day("2027-01-01").unwrap());
    let text = |day: Option<Date>| day.map_or("-".to_owned(), |day| day.to_string());
    let blocks = match blocks {
        BlockCopying::Network => " copies",
        BlockCopying::None => "",
    };
    format!("{} {}{blocks}", text(dates.expiry), text(dates.purge))
}

#[test]
fn refresh_recalculates_by_rule_and_after_expiry() {
    let rule = "expiryFromSource=same | purgeAfterExpired=1 month";
    let (valid, expired) = (("2027-03-01", "2027-05-01"), ("2026-12-31", "2027-05-01"));
    assert_eq!(refreshed(rule, valid), "2027-03-01 2027-05-01");
    assert_eq!(refreshed(rule, ("2027-01-01", "-")), "2027-01-01 -");
    assert_eq!(refreshed(rule, expired), "2027-06-30 2027-07-30");
    assert_eq!(refreshed(&format!("{rule} | refreshExpiryDate=true"), valid), "2027-06-30 2027-05-01");
    // The purge date follows the account's current expiry date, not a recalculated one.
    assert_eq!(refreshed(&format!("{rule} | refreshPurgeDate=true"), valid), "2027-03-01 2027-04-01");
    let both = format!("{rule} | refreshExpiryDate=true | refreshPurgeDate=true | copyNetworkBlocks=true");
    assert_eq!(refreshed(&both, valid), "2027-06-30 2027-07-30 copies");
    assert_eq!(refreshed("refreshExpiryDate=true", valid), "- 2027-05-01");
}
