#!/usr/bin/env bash
# Maintains a single issue about drift: opens, updates and closes the issue.
#
# usage: issue.sh CODE FILE
# CODE: exit code of `zonal drift`. FILE: its output of --markdown.
#   2  drift: opens the issue, or replaces its text
#   0  no drift: closes the issue
#   6  a zone was unreachable, drift unknown: comments on an open issue
# Other codes: zonal did not check the zones, and the issue stays unchanged.
# Exits with CODE, or with 0 if the issue reports the drift.
# ZONAL_GITLAB_TOKEN: project access token with scope `api`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

code=$1 file=$2
label=zonal-drift
case $code in 0 | 2 | 6) ;; *) exit "$code" ;; esac
[[ -s $file ]] || { echo "$file is missing: the issue stays unchanged."; exit "$code"; }
[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || { echo "ZONAL_GITLAB_TOKEN is not set: no issue created."; exit "$code"; }

issues="/projects/$CI_PROJECT_ID/issues"
# Only project members can set labels, so the label identifies the issue.
found=$(api "$issues?state=opened&labels=$label&per_page=100" | jq --arg mark "$(mark "$file")" \
  'first(.[] | select(.description // "" | startswith($mark)) | .iid) // empty')

case $code:$found in
  2:)
    api "$issues" --request POST --data-urlencode "labels=$label" --data-urlencode "description@$file" \
      --data-urlencode "title=Drift: zones differ from the manifests${ZONAL_ENVIRONMENT:+ ($ZONAL_ENVIRONMENT)}" \
      --output /dev/null
    echo "Opened an issue."
    ;;
  2:*)
    api "$issues/$found" --request PUT --data-urlencode "description@$file" --output /dev/null
    echo "Updated issue #$found."
    ;;
  0:) echo "No drift, no issue to close." ;;
  0:*)
    api "$issues/$found/notes" --request POST --output /dev/null \
      --data-urlencode "body=All zones match the manifests again."
    api "$issues/$found" --request PUT --data-urlencode "state_event=close" --output /dev/null
    echo "Closed issue #$found."
    ;;
  6:) echo "A zone was unreachable: no issue opened." ;;
  6:*) bash "$(dirname "${BASH_SOURCE[0]}")/comment.sh" issues "$found" "$file" ;;
esac
[[ $code == 2 ]] || exit "$code"
