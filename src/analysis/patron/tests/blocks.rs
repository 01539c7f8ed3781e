//! Tests of copied patron blocks and blocked services.

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

const FACTS: [&str; 6] =
    ["copiesBlocks", "blocks", "blockedActions", "sentToSource", "blockedAtSource", "sentToOtherTargets"];

/// Returns the facts of A's users at B in one line, with some texts replaced.
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
fn copied_network_blocks_block_services_of_target_definition() {
    assert_eq!(told(&[]), format!(r#"{COPIED}; ["hold", "loan", "renew"]; true; {ALL}; true"#));
    assert_eq!(told(&[("Action=03", "Action=04")]), format!(r#"{COPIED}; ["ill"]; true; {ALL}; true"#));
    let unexplained = told(&[("Action=03", "Action=06")]);
    assert!(unexplained.contains("unknown (unknown blocked action `06` at B)"), "{unexplained}");
}

#[test]
fn rule_without_copying_copies_no_blocks() {
    let none = (
        "B LinkedAccountRules\n name=Default | userGroup=G | copyNetworkBlocks=true",
        "B LinkedAccountRules\n name=Default | userGroup=G",
    );
    assert_eq!(told(&[none]), format!("false; null; null; true; {ALL}; true"));
    let unmarked = ("Network Block=true", "Network Block=false");
    assert_eq!(told(&[unmarked]), format!("true; null; null; true; {ALL}; false"));
}

#[test]
fn copied_block_without_definition_has_no_effect() {
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
    let why =
        "a copied patron block of Zone A has no effect at Zone B: its description `CONSORTIA` is disabled";
    let reasons = reasons("A FAC B", &observed(&text));
    assert!(reasons.contains(why), "{reasons}");
}

#[test]
fn target_block_is_sent_to_source_if_defined() {
    let not = |copied: &str| format!(r#"true; {copied}; ["hold", "loan", "renew"]; false; null; false"#);
    let both = r#"["FROM_TARGET", "HOME"]"#;
    assert_eq!(told(&[("ID=FROM_TARGET", "ID=from_target")]), not(r#"["HOME", "from_target"]"#));
    assert_eq!(told(&[("Action=05 |", "Action=05 | enabled=false |")]), not(r#"["HOME"]"#));
    assert_eq!(told(&[("code=FT", "code=FT | enabled=false")]), not(both));
    assert_eq!(told(&[("code=FT", "code=OTHER")]), not(both));
}

#[test]
fn network_block_is_copied_to_next_target() {
    let on = |changes: &[(&str, &str)]| told(changes).rsplit("; ").next().unwrap().to_owned();
    let third = "C LinkedAccountRules\n name=Default | userGroup=G | copyNetworkBlocks=true";
    assert_eq!(on(&[]), "true");
    assert_eq!(on(&[("Action=05 | Network Block=true", "Action=05 | Network Block=false")]), "false");
    assert_eq!(on(&[(third, "C LinkedAccountRules\n name=Default | userGroup=G")]), "false");
    assert_eq!(on(&[(third, "C LinkedAccountRules")]), "false");
    assert_eq!(on(&[(third, "")]), "unknown (no manifest declares LinkedAccountRules at C)");
    assert_eq!(facts("A FAC B", &observed(NETWORK), &["sentToOtherTargets"]), "sentToOtherTargets: true\n");
}

#[test]
fn partly_declared_blocks_give_partial_answer() {
    let declared = declared(NETWORK);
    assert_eq!(facts("A FAC B", &declared, &["blocks"]), "blocks: [\"FROM_TARGET\", \"HOME\"]\n");
    let reasons = reasons("A FAC B", &declared);
    let caution = "undeclared network blocks of Zone A may exist; run with --observed to include them";
    assert!(reasons.lines().any(|line| line == caution), "{reasons}");
    let unmarked = NETWORK.replace("Action=05 | Network Block=true", "Action=05");
    assert_eq!(
        facts("A FAC B", &super::notation::declared(&unmarked), &["sentToSource", "sentToOtherTargets"]),
        "sentToSource: true\nsentToOtherTargets: unknown (no manifest declares whether `FROM_TARGET` is a network block at A)\n"
    );
    let rules = &NETWORK[NETWORK.find("B LinkedAccountRules").unwrap()..];
    assert_eq!(
        facts(
            "A FAC B",
            &super::notation::declared(rules),
            &["copiesBlocks", "blocks", "blockedActions", "sentToSource"]
        ),
        "copiesBlocks: true\n\
         blocks: unknown (no manifest declares MappingTable/\"User Block Definitions\" at A)\n\
         blockedActions: unknown (no manifest declares MappingTable/\"User Block Definitions\" at B)\n\
         sentToSource: unknown (no manifest declares MappingTable/\"User Block Definitions\" at A)\n"
    );
}
