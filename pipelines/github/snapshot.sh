#!/usr/bin/env bash
# Downloads the latest snapshot of the default branch.
#
# usage: snapshot.sh NAME DIR
# NAME: name of the artifact. DIR: target directory. DEFAULT_BRANCH and GITHUB_WORKFLOW_REF select the runs.
# Artifacts of pull requests do not count, because the branch of a fork can also be called `main`.
set -euo pipefail

name=$1 directory=$2
workflow=${GITHUB_WORKFLOW_REF%%@*}

runs=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "${workflow##*/}" --branch "$DEFAULT_BRANCH" --limit 50 \
  --json databaseId,event \
  --jq '.[] | select(.event == "push" or .event == "schedule" or .event == "workflow_dispatch") | .databaseId')
for run in $runs; do
  if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$name" --dir "$directory" 2>/dev/null; then
    echo "Comparing with the snapshot of run $run."
    exit 0
  fi
done
echo "::error title=zonal::no snapshot to compare with: no run of this workflow on $DEFAULT_BRANCH has the artifact \`$name\`; start a run (Actions, this workflow, Run workflow), then run this job again"
exit 1
