//! Initial e-resources of every Network Zone, with enough fields to detect unintended changes.

use serde_json::{Value, json};

use super::resource::EmulatedResource;

pub(super) fn resources() -> Vec<EmulatedResource> {
    vec![
        resource(
            "61100",
            json!({
                "public_name": "Omni Journals", "description": "Journals of a shared licence", "is_local": true,
                "type": {"value": "0", "desc": "Selective package"},
                "access_type": {"value": "current", "desc": "Current"},
                "interface": {"name": "OmniHost", "vendor": {"value": "OMNI", "desc": "Omni Press"}},
                "library": {"value": "NZLIB", "desc": "Network Library"},
                "license": {"value": "L-2024", "desc": "Licence of 2024"},
                "url": "https://journals.example.com/?a=1&b=2", "free": {"value": "0"},
                "proxy_enabled": {"value": "true", "desc": "Yes"}, "proxy": {"value": "DEFAULT", "desc": "Default"},
                "activation_date": "2024-01-31Z", "number": ["ISSN-L", "0000-0000"],
                "notes": "Renews in January", "public_note": "For members of the consortium",
            }),
            &[("BIG_MEMBERS", &[]), ("LAW_SCHOOLS", &[("public_note", "Law reading room only")])],
        ),
        resource(
            "61100.62110",
            json!({
                "type": {"value": "getFullTxt", "desc": "Full Text"}, "is_local": true,
                "public_description": "Full text of Omni Journals",
                "activation_status": {"value": "11", "desc": "Available"},
                "parser_parameters": "bkey=U&jkey=J", "linking_level": {"value": "article"},
                "proxy_enabled": {"value": "false", "desc": "No"}, "notes": "Checked each spring",
            }),
            &[(
                "BIG_MEMBERS",
                &[("proxy_enabled", "true"), ("proxy", "EZPROXY"), ("linking_parameters", "cust=BIG")],
            )],
        ),
        portfolio("61100.62110.53111", "Journal of Consortia", "99100", &[]),
        portfolio("61100.62110.53112", "Annals of Sharing", "99200", &[("LAW_SCHOOLS", &[])]),
        resource(
            "61200",
            json!({
                "public_name": "Open Reports", "type": {"value": "1", "desc": "Aggregator package"}, "is_local": true,
                "access_type": {"value": "perpetual", "desc": "Perpetual"}, "free": {"value": "1"},
                "interface": {"name": "Reports"}, "library": {"value": "NZLIB", "desc": "Network Library"},
                "notes": "No licence needed", "authentication_note": "None",
            }),
            &[],
        ),
        resource(
            "61200.62210",
            json!({
                "type": {"value": "getFullTxt", "desc": "Full Text"}, "is_local": true,
                "public_description": "Full text of Open Reports",
                "activation_status": {"value": "11", "desc": "Available"}, "notes": "No parser",
            }),
            &[],
        ),
        portfolio("61200.62210.53211", "Report of Reports", "99300", &[]),
    ]
}

type SeedGroups<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

fn portfolio(ids: &str, title: &str, mms_id: &str, groups: SeedGroups<'_>) -> EmulatedResource {
    let members = json!({
        "is_standalone": false, "resource_metadata": {"mms_id": {"value": mms_id}, "title": title},
        "availability": {"value": "11", "desc": "Available"}, "material_type": {"value": "JOURNAL", "desc": "Journal"},
        "linking_details": {"url": "jkey=https://journals.example.com/x", "proxy_enabled": {"value": "false"}},
        "activation_date": "2024-02-29Z", "notes": "Print kept", "public_note": "From volume 1 on",
    });
    resource(ids, members, groups)
}

fn resource(ids: &str, members: Value, groups: SeedGroups<'_>) -> EmulatedResource {
    let members = members.as_object().into_iter().flatten();
    let members = members.map(|(name, value)| (name.clone(), value.clone())).collect();
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let groups = groups.iter().map(|(group, texts)| ((*group).to_owned(), texts.iter().map(owned).collect()));
    EmulatedResource { ids: ids.to_owned(), members, groups: groups.collect() }
}
