//! Config directory on this machine as the source of a session's configuration.

use super::machine::LocalMachine;
use super::{approval_files, attestation_file, config_files, git_revision};
use crate::manifest::SourceFile;
use crate::model::Approval;
use crate::session::attestations::AttestationFile;
use crate::session::config_source::{ConfigFileError, ConfigSource, RevisionError, RevisionFiles};
use crate::session::effect_future::EffectFuture;

impl ConfigSource for LocalMachine {
    fn manifest_files(&self) -> Vec<SourceFile> {
        config_files::read_manifest_files(&self.directory)
    }

    fn manifest_files_at<'a>(
        &'a self,
        revision: &'a str,
    ) -> EffectFuture<'a, Result<RevisionFiles, RevisionError>> {
        Box::pin(git_revision::manifest_files_at(revision, self))
    }

    fn approvals(&self) -> Result<Vec<Approval>, ConfigFileError> {
        approval_files::load(&self.directory)
    }

    fn attestations(&self) -> Result<AttestationFile, ConfigFileError> {
        attestation_file::load(&self.directory)
    }
}
