//! Generated questions, with the data needed to observe the network's behavior.

use std::net::IpAddr;

use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use zonal::model::{
    AccessQuestion, ClientLocation, ImportQuestion, RecordType, ResourceId, TasksQuestion, VisibilityQuestion,
};

use super::generated_settings::{CODES, GROUPS, REPORTS, RESOURCES, ROLES};

/// Patron with a source, a target and a next target institution. The indexes wrap around in small networks.
#[derive(Debug, Clone)]
pub struct PatronJourney {
    pub from: usize,
    pub at: usize,
    pub on_to: usize,
    pub group: &'static str,
    /// Expiry date at the source institution: at linking, and at the refresh.
    pub expires: [Option<&'static str>; 2],
    /// Patron blocks at the source institution: at linking, and at the refresh.
    pub blocks: [[bool; 3]; 2],
}

pub fn patron() -> impl Strategy<Value = PatronJourney> {
    let date =
        || option::weighted(0.8, select(&["2026-01-15", "2026-03-02", "2026-08-31", "2027-01-31"][..]));
    let who = (0..5_usize, 1..5_usize, 1..5_usize, select(&GROUPS[..]));
    (who, date(), date(), any::<[[bool; 3]; 2]>()).prop_map(
        |((from, at, on_to, group), first, then, blocks)| PatronJourney {
            from,
            at: from + at,
            on_to: from + on_to,
            group,
            expires: [first, then],
            blocks,
        },
    )
}

fn member() -> impl Strategy<Value = &'static str> {
    select(&CODES[1..4])
}

/// Addresses outside all ranges, of the campus, of the library on the campus, and of the other library.
pub const ADDRESSES: [&str; 5] = ["203.0.113.9", "192.0.2.7", "192.0.2.200", "198.51.100.7", "2001:db8::1"];

pub fn access() -> impl Strategy<Value = AccessQuestion> {
    let address = select(&ADDRESSES[..]).prop_map(|address| {
        let address: IpAddr = address.parse().expect("address should be valid");
        ClientLocation::Address(address)
    });
    let place = select(vec![
        ClientLocation::Elsewhere,
        ClientLocation::Library("LAW".into()),
        ClientLocation::Library("MAIN".into()),
        ClientLocation::Campus("NORTH".into()),
    ]);
    let group = option::of(select(&GROUPS[..]));
    (member(), address, place, any::<bool>(), select(&RESOURCES[..]), group).prop_map(
        |(member, address, place, at_address, resource, group)| AccessQuestion {
            member: member.into(),
            from: if at_address { address } else { place },
            resource: ResourceId::parse(resource).expect("IDs should be valid"),
            user_group: group.map(Into::into),
        },
    )
}

pub fn import() -> impl Strategy<Value = (ImportQuestion, &'static str)> {
    let record = select(vec![
        (RecordType::Bibliographic, "link-and-contribute"),
        (RecordType::Bibliographic, "import-profile"),
        (RecordType::Authority, "new-record"),
    ]);
    (member(), record)
        .prop_map(|(member, (record, way))| (ImportQuestion { member: member.into(), record }, way))
}

pub fn tasks() -> impl Strategy<Value = TasksQuestion> {
    (select(&CODES[..4]), select(&ROLES[..]), option::of(select(&REPORTS[..]))).prop_map(
        |(zone, role, report)| TasksQuestion {
            zone: zone.into(),
            role: role.into(),
            report: report.map(Into::into),
        },
    )
}

pub fn visibility() -> impl Strategy<Value = VisibilityQuestion> {
    (member(), select(&GROUPS[..]))
        .prop_map(|(member, group)| VisibilityQuestion { member: member.into(), user_group: group.into() })
}
