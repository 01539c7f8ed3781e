#!/usr/bin/env bash
# Maintains a single issue about drift: opens, updates and closes the issue.
#
# usage: issue.sh CODE FILE
# CODE: exit code of `zonal drift`. FILE: its output of --markdown.
#   2  drift: opens the issue, or replaces its text
#   0  no drift: closes the issue
#   6  a zone was unreachable, drift unknown: comments on an open issue
# Other codes: zonal did not check the zones, and the issue stays unchanged.
set -euo pipefail

code=$1 file=$2
label=zonal-drift
case $code in 0 | 2 | 6) ;; *) exit 0 ;; esac
[[ -s $file ]] || { echo "$file is missing: the issue stays unchanged."; exit 0; }

IFS= read -r first <"$file"
mark="${first%%,\"digest\":*},\"digest\":"

# Only users with triage rights can set labels, so the label identifies the issue.
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
  0:) echo "No drift, no issue to close." ;;
  0:*)
    gh issue close "$found" --repo "$GITHUB_REPOSITORY" --comment "All zones match the manifests again."
    ;;
  6:) echo "A zone was unreachable: no issue opened." ;;
  6:*) bash "$(dirname "${BASH_SOURCE[0]}")/comment.sh" "$found" "$file" ;;
esac
