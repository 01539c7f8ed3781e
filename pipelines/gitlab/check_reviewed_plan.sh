#!/usr/bin/env bash
# Downloads the reviewed plan: the plan file of the merge request that this commit merges.
#
# usage: check_reviewed_plan.sh JOB OUT
# A plan file only limits apply to the reviewed changes: apply makes no change that the merged manifests do not
# declare. The reviewed plan is the newest one from before the last approval of the merge request, or from before the
# merge: nobody has read a later one.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

job=$1 out=$2
fail() {
  echo "error: no changes applied: $1; open a merge request with the change, or run \`zonal plan --out plan.json\`, review the plan, then run \`zonal apply plan.json\`"
  exit 1
}

[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || fail "ZONAL_GITLAB_TOKEN is not set (needed to find the merge request)"
project=/projects/$CI_PROJECT_ID
request=$(api "$project/repository/commits/$CI_COMMIT_SHA/merge_requests" | jq --compact-output --arg sha "$CI_COMMIT_SHA" \
  'first(.[] | select(.state == "merged" and $sha == (.merge_commit_sha, .squash_commit_sha, .sha))) // empty')
[[ -n $request ]] || fail "the commit $CI_COMMIT_SHA does not merge a merge request and has no reviewed plan"
iid=$(jq .iid <<<"$request")

# Returns a time in one format, so that the order of times is the order of the texts.
instant() { date --utc --date "$1" +%FT%T.%N; }

approvals=$(api "$project/merge_requests/$iid/approvals") || fail "the approvals of merge request !$iid cannot be read"
reviewed_at=
while read -r approved_at; do
  approved_at=$(instant "$approved_at")
  [[ $approved_at < $reviewed_at ]] || reviewed_at=$approved_at
done < <(jq --raw-output '.approved_by[]?.approved_at // empty' <<<"$approvals")
[[ -n $reviewed_at ]] || reviewed_at=$(instant "$(jq --raw-output .merged_at <<<"$request")")

# Pipelines of the last commit, or of its merge with the target branch.
pipelines=$(api "$project/merge_requests/$iid/pipelines?per_page=20" | jq --argjson request "$request" \
  --argjson project "$CI_PROJECT_ID" \
  '.[] | select(.project_id == $project and (.sha == $request.sha or (.ref | endswith("/merge")))) | .id')
later=
for pipeline in $pipelines; do
  read -r id made_at < <(api "$project/pipelines/$pipeline/jobs?per_page=100" | jq --raw-output --arg job "$job" \
    'first(.[] | select(.name == $job and .status == "success")) | "\(.id) \(.finished_at)"') || continue
  made_at=$(instant "$made_at")
  if [[ $made_at > $reviewed_at ]]; then
    later=$pipeline
    continue
  fi
  if api "$project/jobs/$id/artifacts/plan.json" --location --output "$out"; then
    digest=$(jq --raw-output '.reconciler.digest' "$out")
    echo "Applying the plan of merge request !$iid from job $id, made at $made_at, digest $digest."
    exit 0
  fi
done
[[ -z $later ]] || fail "the plan of merge request !$iid was made again (pipeline $later) after its review at $reviewed_at"
fail "no pipeline of merge request !$iid succeeded with a plan of its last commit in this project, or the artifact has expired"
