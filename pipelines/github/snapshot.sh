#!/usr/bin/env bash
# Fetches the snapshot that the default branch has kept last.
#
# usage: snapshot.sh NAME DIR
# NAME is the artefact's, DIR where it goes. DEFAULT_BRANCH and GITHUB_WORKFLOW_REF say whose it must be: a
# pull request, whose branch may be called `main` as well, keeps artefacts too, and those are not looked at.
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
echo "::error title=zonal::no snapshot to compare with: no run of this workflow on $DEFAULT_BRANCH has kept \`$name\`; start one by hand (Actions, this workflow, Run workflow), then run this again"
exit 1
