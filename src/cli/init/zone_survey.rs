//! Finds the keys of an init, and asks each one whose it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;

use crate::cli::config::OutputFormat;
use crate::cli::context::CommandContext;
use crate::cli::session_output::report_error;
use crate::cli::{CommandExit, output_files};
use crate::model::{FailureClass, ZoneFailure};
use crate::render::text::count;
use crate::session::init_network::{KeyCandidate, NetworkSurvey, RefusedKey, SurveyedZone, survey_keys};
use crate::session::key_list::{KeyVariable, parse_key_list};

/// Returns the variables that a file names.
pub fn listed_variables(file: &Path, world: &CommandContext) -> Result<Vec<KeyVariable>, CommandExit> {
    let text = output_files::read(file, world)?;
    parse_key_list(&text).map_err(|problems| {
        problems.iter().fold(CommandExit::Invalid, |_, problem| {
            crate::cli::fail(world, format!("{}: {problem}", file.display()))
        })
    })
}

/// Asks the keys that are not known yet.
pub async fn survey(
    base_url: &str,
    variables: &[KeyVariable],
    known: Vec<SurveyedZone>,
    directory: &Path,
    format: OutputFormat,
    world: &CommandContext,
) -> Result<NetworkSurvey, CommandExit> {
    let known: BTreeMap<String, SurveyedZone> =
        known.into_iter().map(|zone| (zone.variable.clone(), zone)).collect();
    let (mut candidates, mut unset, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for variable in variables {
        let key = world.env.get(&variable.name).map(|key| key.trim()).filter(|key| !key.is_empty());
        match (known.get(&variable.name), key) {
            (Some(zone), _) if variable.fits(&zone.code) => kept.push(zone.clone()),
            (_, Some(key)) => {
                let key = SecretString::from(key.to_owned());
                candidates.push(KeyCandidate { variable: variable.clone(), key });
            }
            (_, None) => {
                let failure = ZoneFailure::new(FailureClass::Denied, "the variable is not set")
                    .help(format!("set the variable: export {}=...", variable.name));
                unset.push(RefusedKey { variable: variable.clone(), failure });
            }
        }
    }
    if !kept.is_empty() {
        let kept = count(kept.len(), "zone");
        world.err.print_plain_line(format!("{kept} answered before and not asked again; --force asks all."));
    }
    let (asked, answered) = (candidates.len(), AtomicUsize::new(0));
    let tell = |variable: &KeyVariable, answer: Result<&SurveyedZone, &ZoneFailure>| {
        let number = answered.fetch_add(1, Ordering::Relaxed) + 1;
        let found = match answer {
            Ok(zone) => format!("{} ({})", zone.name, zone.code),
            Err(failure) => failure.to_string(),
        };
        world.err.print_plain_line(format!("{}: {found} ({number}/{asked} keys)", variable.name));
    };
    let survey = survey_keys(base_url, candidates, &world.effects(directory), &tell).await;
    let mut survey = survey.map_err(|error| report_error(&error, format, world))?;
    survey.zones.extend(kept);
    survey.zones.sort_by(|one, other| one.code.cmp(&other.code));
    survey.refused.extend(unset);
    Ok(survey)
}
