//! Initial jobs of every zone, with recent runs.

use crate::emulator::jobs::{EmulatedJob, EmulatedJobRun, EmulatedJobs};
use crate::emulator::random::text;
use crate::emulator::zone::EmulatedZone;
use crate::model::network::ZoneRole;

/// Returns the jobs of a new zone.
///
/// Names follow the vendor's help. In half of the members, the last user synchronization failed.
pub(in crate::emulator) fn jobs(zone: &EmulatedZone) -> EmulatedJobs {
    let number = text(&zone.code) % 90_000;
    let job = |place: u64, letter: char, name, kind, category, runs: Vec<EmulatedJobRun>| {
        let id = format!("{letter}{}", (place * 100_000) + number);
        let runs = runs.into_iter().enumerate();
        let runs =
            runs.map(|(index, run)| EmulatedJobRun { id: format!("{}{index}", &id[1..]), ..run }).collect();
        EmulatedJob { id, name, kind, category, runs }
    };
    let mut jobs = vec![job(
        9,
        'M',
        "Export users",
        "MANUAL",
        "EXPORT",
        vec![run(0, "05:10", "m.tremblay", "RUNNING", &[], &[])],
    )];
    match zone.role {
        ZoneRole::Network => jobs.extend([
            job(
                1,
                'S',
                "Authorities - Link BIB Headings",
                "SCHEDULED",
                "AUTHORITIES",
                vec![
                    run(1, "01:00", "System", "COMPLETED_SUCCESS", &[], &[("Headings linked", "412")]),
                    run(2, "01:00", "System", "COMPLETED_SUCCESS", &[], &[("Headings linked", "388")]),
                ],
            ),
            job(
                2,
                'S',
                "Authorities - Preferred Term Correction",
                "SCHEDULED",
                "AUTHORITIES",
                vec![run(
                    1,
                    "03:00",
                    "System",
                    "COMPLETED_WARNING",
                    &["17 records are locked by an editor"],
                    &[("Headings corrected", "96")],
                )],
            ),
            job(
                3,
                'S',
                "Distribute network user management changes to members",
                "SCHEDULED",
                "FULFILLMENT",
                vec![run(40, "02:00", "System", "COMPLETED_SUCCESS", &[], &[])],
            ),
        ]),
        ZoneRole::Member => {
            let last = match text(&zone.code) % 2 {
                0 => run(
                    1,
                    "04:30",
                    "System",
                    "COMPLETED_FAILED",
                    &["The file could not be read from the FTP server"],
                    &[("Users processed", "0")],
                ),
                _ => run(1, "04:30", "System", "COMPLETED_SUCCESS", &[], &[("Users processed", "1204")]),
            };
            let before = run(2, "04:30", "System", "COMPLETED_SUCCESS", &[], &[("Users processed", "1198")]);
            jobs.push(job(4, 'S', "Users SIS synchronize", "SCHEDULED", "USERS", vec![last, before]));
        }
    }
    EmulatedJobs(jobs)
}

fn run(
    days_ago: i32,
    time: &'static str,
    by: &'static str,
    status: &'static str,
    alerts: &'static [&'static str],
    counters: &'static [(&'static str, &'static str)],
) -> EmulatedJobRun {
    EmulatedJobRun { id: String::new(), days_ago, time, by, status, alerts, counters }
}
