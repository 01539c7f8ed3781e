#!/usr/bin/env bash
# Downloads the reviewed plan: the plan file of the merge request that this commit merges.
#
# usage: check_reviewed_plan.sh JOB OUT
# A plan file only limits apply to the reviewed changes: apply makes no change that the merged manifests do not
# declare.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

job=$1 out=$2
fail() {
  echo "error: no changes applied: $1; open a merge request with the change, or run \`zonal plan --out plan.json\`, review the plan, then run \`zonal apply plan.json\`"
  exit 1
}

[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || fail "ZONAL_GITLAB_TOKEN is not set (needed to find the merge request)"
iid=$(api "/projects/$CI_PROJECT_ID/repository/commits/$CI_COMMIT_SHA/merge_requests" | jq --arg sha "$CI_COMMIT_SHA" \
  'first(.[] | select(.state == "merged" and $sha == (.merge_commit_sha, .squash_commit_sha, .sha)) | .iid) // empty')
[[ -n $iid ]] || fail "the commit $CI_COMMIT_SHA does not merge a merge request and has no reviewed plan"

artefact "$CI_PROJECT_ID" "refs/merge-requests/$iid/head" "$job" plan.json "$out" ||
  fail "no pipeline of merge request !$iid succeeded with a plan in this project, or the artifact has expired"
echo "Applying the plan of merge request !$iid."
