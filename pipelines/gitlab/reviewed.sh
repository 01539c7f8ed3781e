#!/usr/bin/env bash
# Fetches the plan that was reviewed: the one that the merge request has kept which this commit merges.
#
# usage: reviewed.sh JOB OUT
# A plan file is evidence, no order: whatever is in it, apply does nothing that the merged manifests do not say.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

job=$1 out=$2
fail() {
  echo "error: nothing was applied: $1; open a merge request with the change, or do it by hand: \`zonal plan --out plan.json\`, read it, \`zonal apply plan.json\`"
  exit 1
}

[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || fail "ZONAL_GITLAB_TOKEN is not set, so the merge request cannot be looked up"
iid=$(api "/projects/$CI_PROJECT_ID/repository/commits/$CI_COMMIT_SHA/merge_requests" | jq --arg sha "$CI_COMMIT_SHA" \
  'first(.[] | select(.state == "merged" and $sha == (.merge_commit_sha, .squash_commit_sha, .sha)) | .iid) // empty')
[[ -n $iid ]] || fail "the commit $CI_COMMIT_SHA does not merge a merge request, so nobody has reviewed a plan of it"

artefact "$CI_PROJECT_ID" "refs/merge-requests/$iid/head" "$job" plan.json "$out" ||
  fail "no pipeline of merge request !$iid that succeeded in this project has kept a plan, or it has expired"
echo "Applying the plan of merge request !$iid."
