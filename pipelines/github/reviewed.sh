#!/usr/bin/env bash
# Fetches the plan that was reviewed: the one that the pull request has kept which this commit merges.
#
# usage: reviewed.sh NAME DIR
# NAME is the artefact's, DIR where it goes. A plan file is evidence, no order: whatever is in it, apply does
# nothing that the merged manifests do not say.
set -euo pipefail

name=$1 directory=$2
workflow=${GITHUB_WORKFLOW_REF%%@*}

fail() {
  echo "::error title=zonal::nothing was applied: $1; open a pull request with the change, or do it by hand: \`zonal plan --out plan.json\`, read it, \`zonal apply plan.json\`"
  exit 1
}

merged=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" \
  --jq '.[] | select(.merged_at != null and .merge_commit_sha == env.GITHUB_SHA) | "\(.number) \(.head.sha)"')
[[ -n $merged ]] || fail "the commit $GITHUB_SHA does not merge a pull request, so nobody has reviewed a plan of it"
read -r number head <<<"$merged"

runs=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "${workflow##*/}" --event pull_request --commit "$head" \
  --limit 20 --json databaseId --jq '.[].databaseId')
for run in $runs; do
  if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$name" --dir "$directory" 2>/dev/null; then
    echo "Applying the plan of pull request #$number, made by run $run."
    exit 0
  fi
done
fail "no run of this workflow on pull request #$number has kept a plan of its last commit, or it has expired"
