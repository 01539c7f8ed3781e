//! Which blocks travel, and what they stop.

use super::notation::{declared, facts, observed, reasons};

const NETWORK: &str = "\
A BlockDefinitions
 ID=HOME | Type=GENERAL | Description=LOST | Blocked Action=02 | Network Block=true
 ID=LOCAL | Type=GENERAL | Description=FINES | Blocked Action=02 | Network Block=false
 ID=OFF | Type=GENERAL | Description=X | Blocked Action=02 | Network Block=true | enabled=false
 ID=FROM_TARGET | Type=CONSORTIA | Description=FT | Blocked Action=05 | Network Block=true
A BlockDescriptions
 code=FT
B BlockDefinitions
 ID=COPY | Type=CONSORTIA | Description=CONSORTIA | Blocked Action=03 | Network Block=false
B BlockDescriptions
 code=CONSORTIA | description=Consortial
 code=CONSORTIA | enabled=true
B LinkedAccountRules
 name=Default | userGroup=G | copyNetworkBlocks=true
C LinkedAccountRules
 name=Default | userGroup=G | copyNetworkBlocks=true
";

const FACTS: [&str; 6] = ["copiesBlocks", "blocks", "stops", "sentHome", "stopsAtHome", "travelsOn"];

/// The facts of A's users at B in one line, after some texts were replaced by others.
fn told(changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(NETWORK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let facts = facts("A FAC B > C", &observed(&text), &FACTS);
    facts.lines().map(|line| line.split_once(": ").unwrap().1).collect::<Vec<_>>().join("; ")
}

const ALL: &str = r#"["hold", "ill", "loan", "renew"]"#;
const COPIED: &str = r#"true; ["FROM_TARGET", "HOME"]"#;

#[test]
fn network_blocks_are_copied_and_stop_what_the_target_says() {
    assert_eq!(told(&[]), format!(r#"{COPIED}; ["hold", "loan", "renew"]; true; {ALL}; true"#));
    assert_eq!(told(&[("Action=03", "Action=04")]), format!(r#"{COPIED}; ["ill"]; true; {ALL}; true"#));
    let unexplained = told(&[("Action=03", "Action=06")]);
    assert!(
        unexplained.contains("unknown (nobody has explained the blocked action `06` at B)"),
        "{unexplained}"
    );
}

#[test]
fn a_rule_that_copies_none_copies_none() {
    let none = (
        "B LinkedAccountRules\n name=Default | userGroup=G | copyNetworkBlocks=true",
        "B LinkedAccountRules\n name=Default | userGroup=G",
    );
    assert_eq!(told(&[none]), format!("false; null; null; true; {ALL}; true"));
    let unmarked = ("Network Block=true", "Network Block=false");
    assert_eq!(told(&[unmarked]), format!("true; null; null; true; {ALL}; false"));
}

#[test]
fn a_copy_without_definition_or_description_stops_nothing() {
    let nothing = format!("{COPIED}; null; true; {ALL}; true");
    for change in [
        ("ID=COPY | Type=CONSORTIA", "ID=COPY | Type=GENERAL"),
        ("Action=03 |", "Action=03 | enabled=false |"),
        ("code=CONSORTIA | enabled=true", "code=CONSORTIA | enabled=false"),
        ("code=CONSORTIA", "code=OTHER"),
    ] {
        assert_eq!(told(&[change]), nothing, "{change:?}");
    }
    let text = NETWORK.replace("code=CONSORTIA | enabled=true", "code=CONSORTIA | enabled=false");
    let why = "a copy of a block of Zone A does nothing at Zone B, where its description `CONSORTIA` is switched off";
    let reasons = reasons("A FAC B", &observed(&text));
    assert!(reasons.contains(why), "{reasons}");
}

#[test]
fn a_block_of_the_target_is_sent_home_where_that_is_defined() {
    let not = |copied: &str| format!(r#"true; {copied}; ["hold", "loan", "renew"]; false; null; false"#);
    let both = r#"["FROM_TARGET", "HOME"]"#;
    assert_eq!(told(&[("ID=FROM_TARGET", "ID=from_target")]), not(r#"["HOME", "from_target"]"#));
    assert_eq!(told(&[("Action=05 |", "Action=05 | enabled=false |")]), not(r#"["HOME"]"#));
    assert_eq!(told(&[("code=FT", "code=FT | enabled=false")]), not(both));
    assert_eq!(told(&[("code=FT", "code=OTHER")]), not(both));
}

#[test]
fn it_travels_on_where_it_is_marked_and_the_third_member_copies() {
    let on = |changes: &[(&str, &str)]| told(changes).rsplit("; ").next().unwrap().to_owned();
    let third = "C LinkedAccountRules\n name=Default | userGroup=G | copyNetworkBlocks=true";
    assert_eq!(on(&[]), "true");
    assert_eq!(on(&[("Action=05 | Network Block=true", "Action=05 | Network Block=false")]), "false");
    assert_eq!(on(&[(third, "C LinkedAccountRules\n name=Default | userGroup=G")]), "false");
    assert_eq!(on(&[(third, "C LinkedAccountRules")]), "false");
    assert_eq!(on(&[(third, "")]), "unknown (nothing is said of LinkedAccountRules at C)");
    assert_eq!(facts("A FAC B", &observed(NETWORK), &["travelsOn"]), "travelsOn: true\n");
}

#[test]
fn what_is_only_declared_in_part_is_told_in_part() {
    let declared = declared(NETWORK);
    assert_eq!(facts("A FAC B", &declared, &["blocks"]), "blocks: [\"FROM_TARGET\", \"HOME\"]\n");
    let reasons = reasons("A FAC B", &declared);
    let caution = "only declared definitions are told: Zone A may have other network blocks";
    assert!(reasons.lines().any(|line| line == caution), "{reasons}");
    let unmarked = NETWORK.replace("Action=05 | Network Block=true", "Action=05");
    assert_eq!(
        facts("A FAC B", &super::notation::declared(&unmarked), &["sentHome", "travelsOn"]),
        "sentHome: true\ntravelsOn: unknown (nobody says whether `FROM_TARGET` is a network block at A)\n"
    );
    let rules = &NETWORK[NETWORK.find("B LinkedAccountRules").unwrap()..];
    assert_eq!(
        facts("A FAC B", &super::notation::declared(rules), &["copiesBlocks", "blocks", "stops", "sentHome"]),
        "copiesBlocks: true\n\
         blocks: unknown (nothing is said of MappingTable/\"User Block Definitions\" at A)\n\
         stops: unknown (nothing is said of MappingTable/\"User Block Definitions\" at B)\n\
         sentHome: unknown (nothing is said of MappingTable/\"User Block Definitions\" at A)\n"
    );
}
