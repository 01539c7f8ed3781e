//! Keys and passwords that were pasted into a manifest: no output quotes them.

use crate::case_runner::{CaseNetwork, case, paused};

/// Secrets: Alma's form, a word, a password with signs, and a number.
const SECRETS: [&str; 4] = [
    "l8xx0123456789abcdef0123456789abcdef",
    "Tr0ub4dorandthree",
    "correct/horse+battery==",
    "73312284459012",
];

/// Texts in place of `read: {env: ...}`, with the secret as `SECRET`. All are errors.
const PASTED: [&str; 14] = [
    "read: SECRET",
    "read: 'SECRET'",
    "read: [SECRET]",
    "read: {SECRET}",
    "read: {SECRET: x}",
    "read: {key: SECRET}",
    "read: {env: [SECRET]}",
    "read: {env: {SECRET: SECRET}}",
    "read: {envv: SECRET}",
    "read: {env: SECRET, file: SECRET}",
    "read: {env: SECRET, env: SECRET}",
    "read: {env: \"{SECRET}\"}",
    "read: {env: SECRET",
    "reed: SECRET",
];

/// Runs all commands that read manifests, and returns all that they print.
async fn printed(stage: &CaseNetwork) -> String {
    let mut text = String::new();
    for command in ["validate", "validate --json", "validate --github", "plan", "plan --json", "capabilities"]
    {
        let printed = stage.output(&format!("zonal {command}")).await;
        text.push_str(&printed.out);
        text.push_str(&printed.err);
    }
    text
}

fn is_quoted(text: &str, secret: &str) -> bool {
    // A part of a secret is a secret, too.
    text.contains(secret) || secret.split(['/', '+']).any(|part| part.len() > 4 && text.contains(part))
}

#[test]
fn secrets_in_place_of_their_source_are_not_quoted() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let manifest = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&manifest).expect("case should have a network");
        let source = r#"read: {env: "ZONAL_READ_{code}"}"#;
        assert!(text.contains(source), "{text}");
        for secret in SECRETS {
            for pasted in PASTED {
                let wrong = text.replacen(source, &pasted.replace("SECRET", secret), 1);
                std::fs::write(&manifest, &wrong).expect("file should be written");
                let shown = printed(&stage).await;
                assert!(!is_quoted(&shown, secret), "{pasted}: {shown}");
            }
            let whole = text.lines().find(|line| line.contains(source)).expect("line of the credentials");
            for pasted in
                ["credentials: SECRET", "credentials:\n    read:\n      SECRET", "credentials: [SECRET]"]
            {
                let wrong = text.replacen(whole.trim_start(), &pasted.replace("SECRET", secret), 1);
                assert_ne!(wrong, text);
                std::fs::write(&manifest, &wrong).expect("file should be written");
                let shown = printed(&stage).await;
                assert!(!is_quoted(&shown, secret), "{pasted}: {shown}");
                assert!(shown.contains("`{env: ZONAL_KEY}`"), "{pasted}: {shown}");
            }
        }
    });
}

#[test]
fn secrets_that_stand_in_a_valid_source_are_not_quoted() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let manifest = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&manifest).expect("case should have a network");
        let source = r#"read: {env: "ZONAL_READ_{code}"}"#;
        for secret in SECRETS {
            for valid in [
                "read: {env: 'SECRET'}",
                "read: {file: 'SECRET'}",
                "read: {command: 'SECRET'}",
                "read: {command: [SECRET, 'SECRET']}",
            ] {
                let wrong = text.replacen(source, &valid.replace("SECRET", secret), 1);
                std::fs::write(&manifest, &wrong).expect("file should be written");
                let mut shown = String::new();
                for command in ["validate --json", "plan", "plan --json"] {
                    let printed = stage.output(&format!("zonal {command}")).await;
                    shown.push_str(&printed.out);
                    shown.push_str(&printed.err);
                }
                assert!(!is_quoted(&shown, secret), "{valid}: {shown}");
                assert!(
                    shown.contains("`{env: ZONAL_KEY}`") || valid.contains("command"),
                    "{valid}: {shown}"
                );
            }
        }
    });
}

#[test]
fn pasted_key_is_an_error_with_the_right_form() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let manifest = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&manifest).expect("case should have a network");
        let wrong = text.replacen("ZONAL_READ_{code}", SECRETS[0], 1);
        std::fs::write(&manifest, wrong).expect("file should be written");
        let printed = stage.output("zonal validate").await;
        assert_eq!(printed.code, 1);
        assert!(printed.err.contains("error[Z0326]: API key in place of its source"), "{}", printed.err);
        assert!(printed.err.contains("{env: \"***\"}") && printed.err.contains("^^^"), "{}", printed.err);
        assert!(printed.err.contains("help: name the place of the key, for example `{env: ZONAL_KEY}`"));
    });
}

#[test]
fn passwords_of_addresses_are_not_quoted() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let manifest = stage.directory().join("network.yaml");
        let text = std::fs::read_to_string(&manifest).expect("case should have a network");
        let gateway = |url: &str| format!("gateway: {{url: '{url}', credentials: {{read: {{env: A_KEY}}}}}}");
        for line in [
            "store: postgres://zonal:hunter2@db.example/zonal".to_owned(),
            "store: mysql://zonal:hunter2@db.example/zonal".to_owned(),
            "store: [postgres://zonal:hunter2@db.example/zonal]".to_owned(),
            "store: postgres://db.example/zonal?password=hunter2".to_owned(),
            gateway("https://zonal:hunter2@gateway.example"),
            gateway("ftp://zonal:hunter2@gateway.example"),
            "gateway: {url: 'https://gateway.example', credentials: {read: hunter2}}".to_owned(),
            "gateway: {url: 'https://gateway.example', credentials: hunter2}".to_owned(),
            "baseUrl: https://zonal:hunter2@alma.example".to_owned(),
        ] {
            let wrong = text.replacen("spec:\n", &format!("spec:\n  {line}\n"), 1);
            assert_ne!(wrong, text);
            std::fs::write(&manifest, &wrong).expect("file should be written");
            let shown = printed(&stage).await;
            assert!(!shown.contains("hunter2"), "{line}: {shown}");
        }
    });
}
