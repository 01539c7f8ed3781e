#!/usr/bin/env bash
# Downloads the reviewed plan: the plan file of the pull request that this commit merges.
#
# usage: check_reviewed_plan.sh NAME DIR
# NAME: name of the artifact. DIR: target directory. A plan file only limits apply to the reviewed changes:
# apply makes no change that the merged manifests do not declare.
set -euo pipefail

name=$1 directory=$2
workflow=${GITHUB_WORKFLOW_REF%%@*}

fail() {
  echo "::error title=zonal::no changes applied: $1; open a pull request with the change, or run \`zonal plan --out plan.json\`, review the plan, then run \`zonal apply plan.json\`"
  exit 1
}

merged=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" \
  --jq '.[] | select(.merged_at != null and .merge_commit_sha == env.GITHUB_SHA) | "\(.number) \(.head.sha)"')
[[ -n $merged ]] || fail "the commit $GITHUB_SHA does not merge a pull request and has no reviewed plan"
read -r number head <<<"$merged"

runs=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "${workflow##*/}" --event pull_request --commit "$head" \
  --limit 20 --json databaseId --jq '.[].databaseId')
for run in $runs; do
  if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$name" --dir "$directory" 2>/dev/null; then
    echo "Applying the plan of pull request #$number from run $run."
    exit 0
  fi
done
fail "no run of this workflow on pull request #$number has a plan of its last commit, or the artifact has expired"
