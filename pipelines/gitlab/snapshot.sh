#!/usr/bin/env bash
# Fetches the snapshot that the target branch of a merge request has kept last.
#
# usage: snapshot.sh JOB OUT
# It is asked for in the project that the merge request goes to, also from a fork: of a public project, or of
# one that the fork's author may read.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

job=$1 out=$2
branch=$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
artefact "$CI_MERGE_REQUEST_PROJECT_ID" "$branch" "$job" snapshot.json "$out" || {
  echo "error: no snapshot to compare with: the last pipeline of $branch that succeeded has kept none in the job $job; run one by hand (Build, Pipelines, New pipeline), then retry this job"
  exit 1
}
