//! Files of a config repository besides its manifests: pipelines, schemas, ignored files.

use crate::cli::config::to_json;
use crate::kinds;

/// Pipeline of a git host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineHost {
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
}

impl PipelineHost {
    /// Returns the path and the text of the pipeline: the example of this repository.
    pub fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::GitHub => (
                ".github/workflows/zonal.yml",
                include_str!("../../../examples/pipelines/github/.github/workflows/zonal.yml"),
            ),
            Self::GitLab => {
                (".gitlab-ci.yml", include_str!("../../../examples/pipelines/gitlab/.gitlab-ci.yml"))
            }
        }
    }

    /// Returns the next step for this pipeline.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::GitHub => {
                "In .github/workflows/zonal.yml, replace OWNER/zonal@main with your copy of zonal. Create the \
                 environments zonal-read and zonal-write with the secrets ZONAL_READ_KEYS and ZONAL_WRITE_KEYS \
                 (lines CODE=KEY) and ZONAL_STORE."
            }
            Self::GitLab => {
                "In .gitlab-ci.yml, replace OWNER/zonal with your copy of zonal. Create the protected variables \
                 of the keys, named as in network.yaml, and ZONAL_STORE and ZONAL_GITLAB_TOKEN."
            }
        }
    }
}

/// Lines of `.gitignore`: what is local, and what can contain a key.
pub const IGNORED: [&str; 4] = [".zonal/", "keys.env", ".env", "*.key"];

/// Returns the schemas of all manifests, as files of the config directory.
pub fn schema_files() -> Vec<(String, String)> {
    let schemas = kinds::schemas().into_iter();
    schemas.map(|(file, schema)| (format!("schemas/{file}"), to_json(&schema) + "\n")).collect()
}
