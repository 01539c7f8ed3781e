#!/usr/bin/env bash
# Downloads the reviewed plan: the plan file of the pull request that this commit merges.
#
# usage: check_reviewed_plan.sh NAME DIR
# NAME: name of the artifact. DIR: target directory. A plan file only limits apply to the reviewed changes:
# apply makes no change that the merged manifests do not declare. The reviewed plan is the newest one from before
# the last approval of the pull request, or from before the merge: nobody has read a later one.
set -euo pipefail

name=$1 directory=$2
workflow=${GITHUB_WORKFLOW_REF%%@*}

fail() {
  echo "::error title=zonal::no changes applied: $1; open a pull request with the change, or run \`zonal plan --out plan.json\`, review the plan, then run \`zonal apply plan.json\`"
  exit 1
}

merged=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" \
  --jq '.[] | select(.merged_at != null and .merge_commit_sha == env.GITHUB_SHA) | "\(.number) \(.head.sha) \(.merged_at)"')
[[ -n $merged ]] || fail "the commit $GITHUB_SHA does not merge a pull request and has no reviewed plan"
read -r number head merged_at <<<"$merged"
approved_at=$(gh api "repos/$GITHUB_REPOSITORY/pulls/$number/reviews" --paginate \
  --jq '.[] | select(.state == "APPROVED") | .submitted_at' | sort | tail -n 1)
reviewed_at=${approved_at:-$merged_at}

runs=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "${workflow##*/}" --event pull_request --commit "$head" \
  --limit 20 --json databaseId --jq '.[].databaseId')
later=
for run in $runs; do
  made_at=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$run/artifacts" --paginate \
    --jq ".artifacts[] | select(.name == \"$name\") | .created_at" | sort | tail -n 1)
  # Times are UTC in one format, so their order is the order of the texts.
  if [[ $made_at > $reviewed_at ]]; then
    later=$run
    continue
  fi
  if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$name" --dir "$directory" 2>/dev/null; then
    echo "Applying the plan of pull request #$number from run $run, made at $made_at."
    exit 0
  fi
done
[[ -z $later ]] || fail "the plan of pull request #$number was made again (run $later) after its review at $reviewed_at"
fail "no run of this workflow on pull request #$number has a plan of its last commit, or the artifact has expired"
