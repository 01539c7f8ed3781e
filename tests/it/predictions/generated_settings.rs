//! Generated settings of a small network: everything that can affect an answer.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// Codes of the Network Zone and the members.
pub const CODES: [&str; 6] = ["01M_NETWORK", "01M_A", "01M_B", "01M_C", "01M_D", "01M_E"];
pub const GROUPS: [&str; 4] = ["GRAD", "FACULTY", "ALUM", "GUEST"];
pub const RESOURCES: [&str; 5] =
    ["61100", "61100.62110", "61100.62110.53111", "61200.62210.53211", "61200.62210"];
pub const ROLES: [&str; 3] = ["Cataloger", "Catalog Manager", "Catalog Administrator"];
pub const REPORTS: [&str; 3] = ["linked", "linking no match", "linking ambiguous"];
/// Patron blocks at the source institution: ID of the block definition, type and description.
pub const BLOCKS: [(&str, &str, &str); 3] =
    [("LOST", "GENERAL", "01"), ("ADDRESS", "LOAN", "02"), ("FEES", "CASH", "04")];
/// Availability groups of e-resources. The last group never exists.
pub const AVAILABLE: [&str; 4] = ["ALL", "NORTH", "LAWYERS", "NOBODY"];

/// Records of a collection that the gateway serves.
pub type GatewayRows = Vec<Value>;

/// Settings of a member.
#[derive(Debug, Clone)]
pub struct GeneratedMember {
    /// Presence of client addresses for the campus, the library on the campus, and the other library.
    pub ranges: [bool; 3],
    pub rules: GatewayRows,
    pub restricted: Vec<&'static str>,
    /// Disabled user groups.
    pub off: Vec<&'static str>,
    /// Descriptions of shared patron blocks: `None` if missing, else their enabled flag.
    pub shared: [Option<bool>; 2],
    /// Rows of the block definitions.
    pub definitions: Vec<([String; 6], bool)>,
    pub display: GatewayRows,
    pub tasks: GatewayRows,
    pub reports: GatewayRows,
}

/// Settings of a network.
#[derive(Debug, Clone)]
pub struct GeneratedSettings {
    pub members: Vec<GeneratedMember>,
    pub permissions: GatewayRows,
    pub groups: GatewayRows,
    /// Rights to dismiss tasks for the network.
    pub dismissal: GatewayRows,
    /// Availability groups of each of [`RESOURCES`], with their settings.
    pub available: Vec<Vec<(&'static str, Map<String, Value>)>>,
}

/// Returns an object of the fields that are not null.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn flag() -> impl Strategy<Value = Value> {
    select(vec![Value::Null, json!(true), json!(true), json!(false), json!("true")])
}

fn some_of(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(all, 0..=all.len())
}

fn text(all: &'static [&'static str]) -> impl Strategy<Value = Value> {
    option::weighted(0.8, select(all)).prop_map(|text| json!(text))
}

/// Returns a generator of a rule's result: user group, dates, and refresh flags.
fn given() -> impl Strategy<Value = [(&'static str, Value); 8]> {
    let group = option::weighted(0.85, select(&GROUPS[..])).prop_map(|group| json!(group));
    let expiry = text(&["2026-06-30", "2025-12-31", "2027-06-30Z"]);
    let from_source = text(&["same", "same", "+30 days", "-2 months", "+1 year", "sometime"]);
    let purge = text(&["2028-01-01"]);
    let after = text(&["1 month", "90 days", "2 weeks"]);
    let absolute = || select(&[true, false, false, false][..]);
    let either = (absolute(), expiry, from_source, absolute(), purge, after);
    (group, either, flag(), flag(), flag()).prop_map(|(group, dates, expiry, purge, copies)| {
        let (absolute, date, from_source, absolute_purge, purge_date, after) = dates;
        let either = |first: bool, one: Value, other: Value| match first {
            true => (one, Value::Null),
            false => (Value::Null, other),
        };
        let (date, from_source) = either(absolute, date, from_source);
        let (purge_date, after) = either(absolute_purge, purge_date, after);
        [
            ("userGroup", group),
            ("expiryDate", date),
            ("expiryFromSource", from_source),
            ("refreshExpiryDate", expiry),
            ("purgeDate", purge_date),
            ("purgeAfterExpired", after),
            ("refreshPurgeDate", purge),
            ("copyNetworkBlocks", copies),
        ]
    })
}

fn rules() -> impl Strategy<Value = GatewayRows> {
    let sources = option::of(some_of(&CODES[1..])).prop_map(|codes| json!(codes));
    let groups = option::of(some_of(&GROUPS)).prop_map(|groups| json!(groups));
    let enabled = select(vec![Value::Null, json!(true), json!(true), json!(false)]);
    let rule = (select(&["1", "2", "3", "10"][..]), sources, groups, enabled, given());
    let rule = rule.prop_map(|(position, sources, groups, enabled, given)| {
        let mut rule = object(given);
        let fields = [
            ("position", json!(position)),
            ("sourceInstitutions", sources),
            ("sourceUserGroups", groups),
            ("enabled", enabled),
        ];
        if let (Value::Object(rule), Value::Object(fields)) = (&mut rule, object(fields)) {
            rule.extend(fields);
        }
        rule
    });
    (vec(rule, 0..4), option::weighted(0.7, given())).prop_map(|(mut rules, default)| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("Rule {index}"));
        }
        rules.extend(default.map(|given| {
            let mut rule = object(given);
            rule["name"] = json!("Default");
            rule
        }));
        rules
    })
}

fn definitions() -> impl Strategy<Value = Vec<([String; 6], bool)>> {
    let of = |id: &'static str, kind: &'static str, description: &'static str| {
        let action = select(&["01", "02", "03", "04", "05", "05", "77"][..]);
        let network = select(&["true", "true", "false", "", "True"][..]);
        let row = (action, network, select(&[true, true, true, false][..]));
        option::weighted(0.85, row).prop_map(move |row| {
            let (action, network, enabled) = row?;
            Some(([id, kind, description, "ALL", action, network].map(str::to_owned), enabled))
        })
    };
    let [first, second, third] = BLOCKS.map(|(id, kind, description)| of(id, kind, description));
    let copies = of("AFNBLOCK", "CONSORTIA", "CONSORTIA");
    let home = of("FROM_TARGET", "CONSORTIA", "FROM_TARGET");
    (first, second, third, copies, home)
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].into_iter().flatten().collect())
}

fn display() -> impl Strategy<Value = GatewayRows> {
    let operator = select(vec![Value::Null, json!("INLIST"), json!("NOTINLIST")]);
    let hides = select(&[RESOURCES[0], RESOURCES[2], RESOURCES[4], "AFN request"][..]);
    let rule = (operator, some_of(&GROUPS), hides);
    vec(rule, 0..3).prop_map(|rules| {
        let named = rules.into_iter().enumerate().map(|(index, (operator, groups, hides))| {
            object([
                ("name", json!(format!("Hide {index}"))),
                ("operator", operator),
                ("userGroups", json!(groups)),
                ("hides", json!(hides)),
            ])
        });
        named.collect()
    })
}

fn tasks() -> impl Strategy<Value = GatewayRows> {
    let sure = || select(vec![json!(true), json!(true), json!(false), Value::Null]);
    let row = (sure(), sure(), sure(), sure());
    let rows =
        (option::weighted(0.8, row.clone()), option::weighted(0.8, row.clone()), option::weighted(0.8, row));
    rows.prop_map(|(a, b, c)| {
        let rows = ROLES.into_iter().zip([a, b, c]).filter_map(|(role, row)| Some((role, row?)));
        let rows = rows.map(|(role, (view, process, dismiss, network))| {
            object([
                ("role", json!(role)),
                ("view", view),
                ("process", process),
                ("dismiss", dismiss),
                ("dismissForNetwork", network),
            ])
        });
        rows.collect()
    })
}

fn reports() -> impl Strategy<Value = GatewayRows> {
    let row = || option::of(select(vec![Value::Null, json!(true), json!(false)]));
    (row(), row(), row()).prop_map(|(a, b, c)| {
        let rows = REPORTS.into_iter().zip([a, b, c]).filter_map(|(report, row)| Some((report, row?)));
        rows.map(|(report, enabled)| object([("reportType", json!(report)), ("enabled", enabled)])).collect()
    })
}

fn member() -> impl Strategy<Value = GeneratedMember> {
    let shared = || select(&[None, Some(true), Some(true), Some(true), Some(false)][..]);
    let users = (rules(), subsequence(&GROUPS[..], 0..=2), subsequence(&GROUPS[1..], 0..=1));
    let blocks = (shared(), shared(), definitions());
    (any::<[bool; 3]>(), users, blocks, display(), tasks(), reports()).prop_map(
        |(ranges, (rules, restricted, off), (copies, home, definitions), display, tasks, reports)| {
            GeneratedMember {
                ranges,
                rules,
                restricted,
                off,
                shared: [copies, home],
                definitions,
                display,
                tasks,
                reports,
            }
        },
    )
}

/// Returns a generator of availability groups: institutions, and their campuses and libraries.
fn groups() -> impl Strategy<Value = GatewayRows> {
    let places = |suffix: &'static str| {
        btree_set(select(&CODES[1..]), 0..3).prop_map(move |codes| {
            codes.into_iter().map(|code| format!("{code}/{suffix}")).collect::<Vec<_>>()
        })
    };
    let library = (places("LAW"), places("MAIN")).prop_map(|(law, main)| [law, main].concat());
    let who = (some_of(&CODES[1..4]), places("NORTH"), library);
    let group = option::weighted(0.9, who);
    vec(group, AVAILABLE.len() - 1).prop_map(|rows| {
        let rows = AVAILABLE.into_iter().zip(rows).filter_map(|(name, row)| Some((name, row?)));
        let rows = rows.map(|(name, (institutions, campuses, libraries))| {
            json!({"name": name, "institutions": institutions, "campuses": campuses, "libraries": libraries})
        });
        rows.collect()
    })
}

fn availability() -> impl Strategy<Value = Vec<(&'static str, Map<String, Value>)>> {
    let setting = (
        text(&["true", "false", "ResourceDefault"]),
        text(&["DEFAULT", "EZPROXY"]),
        text(&["Journals for all"]),
        text(&["Sign in first"]),
    );
    let setting = setting.prop_map(|(enabled, proxy, name, note)| {
        let said = object([
            ("proxy_enabled", enabled),
            ("proxy", proxy),
            ("public_name", name.clone()),
            ("authentication_note", note),
            ("public_note", name),
        ]);
        said.as_object().cloned().unwrap_or_default()
    });
    let groups =
        btree_map(select(&AVAILABLE[..]), setting, 1..4).prop_map(|groups| groups.into_iter().collect());
    option::weighted(0.6, groups).prop_map(|groups: Option<Vec<_>>| groups.unwrap_or_default())
}

/// Returns a generator of settings for a network of three to five members.
pub fn settings() -> impl Strategy<Value = GeneratedSettings> {
    let may = || select(vec![Value::Null, json!("allow"), json!("deny"), json!("deny")]);
    let permission = option::weighted(0.8, (may(), may(), may()));
    let dismissal = option::of(select(vec![json!(true), json!(true), json!(false)]));
    let matrix = vec(dismissal, 5 * ROLES.len());
    let available = vec(availability(), RESOURCES.len());
    (vec(member(), 3..=5), vec(permission, 5), groups(), matrix, available).prop_map(
        |(members, permissions, groups, dismissal, available)| {
            let of = CODES[1..=members.len()].iter();
            let permissions = of.clone().zip(permissions).filter_map(|(code, row)| {
                let (bibliographic, authority, linking) = row?;
                Some(object([
                    ("institution", json!(code)),
                    ("bibliographic", bibliographic),
                    ("authority", authority),
                    ("linking", linking),
                ]))
            });
            let roles = of.flat_map(|code| ROLES.map(|role| (code, role)));
            let dismissal = roles.zip(dismissal).filter_map(|((code, role), may)| {
                Some(json!({"institution": code, "role": role, "dismissForNetwork": may?}))
            });
            let (permissions, dismissal) = (permissions.collect(), dismissal.collect());
            GeneratedSettings { members, permissions, groups, dismissal, available }
        },
    )
}
