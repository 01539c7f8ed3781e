#!/usr/bin/env bash
# Keeps one issue about drift: opens it, updates it while there is drift, closes it when there is none.
#
# usage: issue.sh CODE FILE
# CODE is what `zonal drift` has ended with, FILE what it has written with --markdown.
#   2  there is drift: the issue is opened, or its text replaced
#   0  there is none: the issue is closed
#   6  a zone could not be asked, so nobody knows: an open issue is told so, and stays open
# With anything else zonal has not looked, and the issue is left alone.
set -euo pipefail

code=$1 file=$2
label=zonal-drift
case $code in 0 | 2 | 6) ;; *) exit 0 ;; esac
[[ -s $file ]] || { echo "There is no $file, so the issue is left alone."; exit 0; }

IFS= read -r first <"$file"
mark="${first%%,\"digest\":*},\"digest\":"

# Only who may triage can label an issue, so the label says whose it is.
issues=$(gh issue list --repo "$GITHUB_REPOSITORY" --state open --label "$label" --limit 100 --json number,body \
  --jq '.[] | "\(.number) \(.body | split("\n")[0])"')
found=''
while read -r number line; do
  if [[ $line == "$mark"* ]]; then found=$number; break; fi
done <<<"$issues"

case $code:$found in
  2:)
    gh label create "$label" --repo "$GITHUB_REPOSITORY" --force --color D93F0B \
      --description "Zones differ from the manifests"
    gh issue create --repo "$GITHUB_REPOSITORY" --label "$label" --body-file "$file" \
      --title "Drift: zones differ from the manifests${ENVIRONMENT:+ ($ENVIRONMENT)}"
    ;;
  2:*) gh issue edit "$found" --repo "$GITHUB_REPOSITORY" --body-file "$file" ;;
  0:) echo "No drift, and no issue to close." ;;
  0:*)
    gh issue close "$found" --repo "$GITHUB_REPOSITORY" --comment "All zones hold again what the manifests say."
    ;;
  6:) echo "A zone could not be asked: no issue is opened, and none is open." ;;
  6:*) bash "$(dirname "${BASH_SOURCE[0]}")/comment.sh" "$found" "$file" ;;
esac
