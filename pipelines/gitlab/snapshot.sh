#!/usr/bin/env bash
# Downloads the latest snapshot of a merge request's target branch.
#
# usage: snapshot.sh JOB OUT
# The snapshot is in the target project of the merge request. From a fork this works if the project is public,
# or if the fork's author can read the project.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

job=$1 out=$2
branch=$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
artefact "$CI_MERGE_REQUEST_PROJECT_ID" "$branch" "$job" snapshot.json "$out" || {
  echo "error: no snapshot to compare with: the last successful pipeline of $branch has none in the job $job; start a pipeline (Build, Pipelines, New pipeline), then retry this job"
  exit 1
}
