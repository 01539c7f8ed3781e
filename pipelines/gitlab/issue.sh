#!/usr/bin/env bash
# Keeps one issue about drift: opens it, updates it while there is drift, closes it when there is none.
#
# usage: issue.sh CODE FILE
# CODE is what `zonal drift` has ended with, FILE what it has written with --markdown.
#   2  there is drift: the issue is opened, or its text replaced
#   0  there is none: the issue is closed
#   6  a zone could not be asked, so nobody knows: an open issue is told so, and stays open
# With anything else zonal has not looked, and the issue is left alone.
# Ends with CODE, except that drift which the issue tells of is no failure.
# ZONAL_GITLAB_TOKEN: a project's access token with the scope `api`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

code=$1 file=$2
label=zonal-drift
case $code in 0 | 2 | 6) ;; *) exit "$code" ;; esac
[[ -s $file ]] || { echo "There is no $file, so the issue is left alone."; exit "$code"; }
[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || { echo "ZONAL_GITLAB_TOKEN is not set, so there is no issue."; exit "$code"; }

issues="/projects/$CI_PROJECT_ID/issues"
# Only members can label an issue, so the label says whose it is.
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
  0:) echo "No drift, and no issue to close." ;;
  0:*)
    api "$issues/$found/notes" --request POST --output /dev/null \
      --data-urlencode "body=All zones hold again what the manifests say."
    api "$issues/$found" --request PUT --data-urlencode "state_event=close" --output /dev/null
    echo "Closed issue #$found."
    ;;
  6:) echo "A zone could not be asked: no issue is opened, and none is open." ;;
  6:*) bash "$(dirname "${BASH_SOURCE[0]}")/note.sh" issues "$found" "$file" ;;
esac
[[ $code == 2 ]] || exit "$code"
