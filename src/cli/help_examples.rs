//! Examples in the help of each command.

/// Command line of an example, and its purpose.
type Example = (&'static str, &'static str);

/// Two examples for each command. The name of a subcommand follows the name of its command.
pub const EXAMPLES: &[(&str, [Example; 2])] = &[
    (
        "",
        [
            ("zonal demo", "See all commands at work on an emulated consortium, without an account"),
            ("zonal plan -C network --environment production", "Show what would change in production"),
        ],
    ),
    (
        "init",
        [
            ("zonal init network --region ca", "Create a directory from the keys in ZONAL_READ_<code>"),
            (
                "zonal init network --region eu --keys keys.list --gitlab",
                "Name the variables, and add a pipeline",
            ),
        ],
    ),
    (
        "doctor",
        [
            ("zonal doctor", "Check the keys and zones of this directory"),
            ("zonal doctor --zone 01OMNI_ALPHA --write-keys", "Prove that one member's write key may write"),
        ],
    ),
    (
        "validate",
        [
            ("zonal validate", "Check the manifests in this directory"),
            ("zonal validate -C network --github", "Check in a pull request, with annotations at the lines"),
        ],
    ),
    (
        "plan",
        [
            ("zonal plan --out plan.json", "Show the changes, and save them for a review"),
            ("zonal plan --zone 01OMNI_ALPHA --verbose", "Show each record of one zone"),
        ],
    ),
    (
        "show",
        [
            ("zonal show plan.json", "Print a saved plan"),
            ("zonal show plan.json --html plan.html", "Write the plan as a page for a browser"),
        ],
    ),
    (
        "approve",
        [
            ("zonal approve plan.json --by Ada", "Approve the whole plan"),
            (
                "zonal approve plan.json --manifest CodeTable/blocks --by Ada",
                "Approve the changes of one manifest",
            ),
        ],
    ),
    (
        "apply",
        [
            ("zonal apply plan.json", "Make exactly the changes of a reviewed plan, after a question"),
            ("zonal apply --zone 01OMNI_ALPHA", "Plan one zone, ask, and change it"),
        ],
    ),
    (
        "resume",
        [
            ("zonal resume", "Continue the latest interrupted run"),
            ("zonal resume run-12 --no-wait", "Continue this run; skip zones that another run is writing to"),
        ],
    ),
    (
        "revert",
        [
            ("zonal revert run-12", "Undo the changes of a run, after a question"),
            ("zonal revert run-12 --out undo.json", "Save the way back as a plan for a review"),
        ],
    ),
    (
        "restore",
        [
            ("zonal restore run-12", "Bring back all tables that the run replaced, after a question"),
            ("zonal restore run-12 01OMNI_ALPHA/CodeTable/UserGroups", "Bring back one table"),
        ],
    ),
    (
        "unmanage",
        [
            ("zonal unmanage CodeTable/blocks", "Stop managing the records of a manifest"),
            (
                "zonal unmanage 01OMNI_ALPHA/CodeTable/UserGroups/STAFF --yes",
                "Stop managing a record, without a question",
            ),
        ],
    ),
    (
        "drift",
        [
            ("zonal drift", "List the changes of others since the last apply"),
            ("zonal drift --base HEAD --json", "Compare with the manifests of a commit, as JSON"),
        ],
    ),
    (
        "history",
        [
            (
                "zonal history 01OMNI_ALPHA/CodeTable/UserGroups --limit 10",
                "List the last changes of a table",
            ),
            ("zonal history run-12 --csv", "List the changes of a run for a spreadsheet"),
        ],
    ),
    (
        "history verify",
        [
            ("zonal history verify", "Check that no entry was changed or removed"),
            ("zonal history verify --json", "Print the last hash, to keep it elsewhere"),
        ],
    ),
    (
        "runs",
        [
            ("zonal runs", "List the last 20 runs"),
            ("zonal runs --limit 100 --json", "List the last 100 runs as JSON"),
        ],
    ),
    (
        "runs merge",
        [
            (
                "zonal runs merge --run-group nightly --if-complete",
                "Print one report when all shards have ended",
            ),
            ("zonal runs merge run-12 run-13", "Print the report of two runs"),
        ],
    ),
    (
        "runs show",
        [
            ("zonal runs show run-12", "Show the result and the stored images of a run"),
            ("zonal runs show run-12 --json", "Print the same as JSON"),
        ],
    ),
    (
        "runs prune",
        [
            ("zonal runs prune --keep 50", "Keep the plans and images of the latest 50 runs"),
            (
                "zonal runs prune --older-than 365 --yes",
                "Remove those of runs older than a year, without a question",
            ),
        ],
    ),
    (
        "explain",
        [
            ("zonal explain import --member 01OMNI_ALPHA", "Answer from the manifests"),
            ("zonal explain import --member 01OMNI_ALPHA --both", "Compare the manifests with the zones"),
        ],
    ),
    (
        "explain import",
        [
            ("zonal explain import --member 01OMNI_ALPHA", "Answer for both types of records"),
            ("zonal explain import --member 01OMNI_ALPHA --record authority", "Answer for authority records"),
        ],
    ),
    (
        "explain access",
        [
            (
                "zonal explain access --member 01OMNI_ALPHA --resource 61100.62110 --address 192.0.2.7",
                "Answer for a user at this address",
            ),
            (
                "zonal explain access --member 01OMNI_ALPHA --resource 61100 --library LAW",
                "Answer for a visitor of a library",
            ),
        ],
    ),
    (
        "explain patron",
        [
            (
                "zonal explain patron --source 01OMNI_ALPHA --user-group STAFF --target 01OMNI_BETA",
                "Show the linked account of a patron",
            ),
            (
                "zonal explain patron --source 01A --user-group STAFF --target 01B --next-target 01C",
                "Show which blocks a third member gets",
            ),
        ],
    ),
    (
        "explain visibility",
        [
            (
                "zonal explain visibility --member 01OMNI_ALPHA --user-group STAFF",
                "Answer from the manifests",
            ),
            (
                "zonal explain visibility --member 01OMNI_ALPHA --user-group STAFF --observed",
                "Answer from the zones",
            ),
        ],
    ),
    (
        "explain tasks",
        [
            ("zonal explain tasks --zone 01OMNI_NETWORK", "Answer for all roles"),
            ("zonal explain tasks --zone 01OMNI_NETWORK --json", "Print the answers as JSON"),
        ],
    ),
    (
        "test",
        [
            ("zonal test", "Check the expectations against the manifests, offline"),
            ("zonal test --observed", "Check the expectations against the zones"),
        ],
    ),
    (
        "export",
        [
            ("zonal export -C network", "Write manifests for all tables of the zones"),
            ("zonal export --table UserGroups --out exported", "Write the manifest of one table"),
        ],
    ),
    (
        "absorb",
        [
            ("zonal absorb --into override", "Show the edits that declare what each zone has changed"),
            (
                "zonal absorb 01OMNI_ALPHA/CodeTable/UserGroups/STAFF --into shared --write",
                "Take the value of one member for all",
            ),
        ],
    ),
    (
        "effective",
        [
            ("zonal effective 01OMNI_ALPHA", "Show all settings that the manifests declare for a zone"),
            (
                "zonal effective 01OMNI_ALPHA --why CodeTable/UserGroups/STAFF",
                "Show which rows and overrides set each value of a record",
            ),
        ],
    ),
    (
        "snapshot",
        [
            ("zonal snapshot --out snapshot.json", "Save what all zones contain"),
            ("zonal snapshot --kind CodeTable --out -", "Print the code tables of all zones"),
        ],
    ),
    (
        "tables",
        [
            ("zonal tables block", "List the tables with this word in code, name or subsystem"),
            ("zonal tables --table UserGroups", "Show which members have the same user groups"),
        ],
    ),
    (
        "compare",
        [
            ("zonal compare 01OMNI_ALPHA 01OMNI_BETA", "Show how the tables of two zones differ"),
            ("zonal compare --all --table UserGroups", "Show how the user groups of all members differ"),
        ],
    ),
    (
        "capabilities",
        [
            ("zonal capabilities", "Show the channels of all zones"),
            ("zonal capabilities --zone 01OMNI_ALPHA --json", "Print the channels of one zone as JSON"),
        ],
    ),
    (
        "runbook",
        [
            ("zonal runbook", "Print all manual steps as Markdown"),
            ("zonal runbook --zone 01OMNI_ALPHA", "Print the manual steps of one zone"),
        ],
    ),
    (
        "attest",
        [
            ("zonal attest --zone 01OMNI_ALPHA --all --by Ada", "Record that all steps of a zone are done"),
            ("zonal attest 01OMNI_ALPHA/TermsOfUse/Request --by Ada", "Record one step"),
        ],
    ),
    (
        "gateway",
        [
            (
                "zonal gateway check http://127.0.0.1:9000 --zone 01OMNI_NETWORK",
                "Test a gateway with GET requests",
            ),
            (
                "zonal gateway check https://gateway.example.org --zone 01OMNI_NETWORK --json",
                "Print the result as JSON",
            ),
        ],
    ),
    (
        "gateway check",
        [
            (
                "zonal gateway check http://127.0.0.1:9000 --zone 01OMNI_NETWORK",
                "Test a gateway with GET requests",
            ),
            (
                "zonal gateway check http://127.0.0.1:9000 --zone 01OMNI_NETWORK --key-env MY_KEY",
                "Take the API key from this variable",
            ),
        ],
    ),
    (
        "support",
        [
            ("zonal support jobs --days 1", "List the jobs of the last day, failed first"),
            ("zonal support indexing-status", "Show the last indexing run of each zone"),
        ],
    ),
    (
        "support jobs",
        [
            ("zonal support jobs --days 1", "List the jobs of the last day"),
            ("zonal support jobs --zone 01OMNI_NETWORK --limit 200", "Query more jobs of one zone"),
        ],
    ),
    (
        "support indexing-status",
        [
            ("zonal support indexing-status", "Show all zones"),
            ("zonal support indexing-status --zone 01OMNI_NETWORK --json", "Print one zone as JSON"),
        ],
    ),
    (
        "support privileges",
        [
            ("zonal support privileges", "List the changed privileges"),
            ("zonal support privileges --json", "Print the changed privileges as JSON"),
        ],
    ),
    (
        "emulate",
        [
            (
                "zonal emulate --environment emulator --keys-out keys.env",
                "Emulate the zones, and write their API keys",
            ),
            ("zonal emulate --latency 200 --requests-per-second 25", "Emulate slow zones with a threshold"),
        ],
    ),
    (
        "demo",
        [
            ("zonal demo", "Run the demo in this terminal"),
            ("zonal demo --log zonal=debug", "Run the demo, and log each request"),
        ],
    ),
    (
        "schema",
        [
            ("zonal schema manifest", "Print the schema of all manifests, for an editor"),
            ("zonal schema --out schemas", "Write all schemas to a directory"),
        ],
    ),
    (
        "completions",
        [
            ("zonal completions bash", "Print the script for bash"),
            ("zonal completions fish", "Print the script for fish"),
        ],
    ),
];
