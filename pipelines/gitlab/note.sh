#!/usr/bin/env bash
# Keeps one note on a merge request or an issue: finds the one that an earlier job has made, and replaces its
# text; makes it where there is none.
#
# usage: note.sh merge_requests|issues IID FILE
# FILE is what zonal has written with --markdown. Its first line names network and environment, so that two
# of them have a note each. Where there is no FILE, zonal has not got that far, and nothing is posted.
# ZONAL_GITLAB_TOKEN: a project's access token with the scope `api`. A fork has none, and goes without.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

what=$1 iid=$2 file=$3
[[ -s $file ]] || { echo "There is no $file, so nothing is posted."; exit 0; }
[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || { echo "ZONAL_GITLAB_TOKEN is not set: the plan is in the job's artefacts."; exit 0; }

notes="/projects/$CI_PROJECT_ID/$what/$iid/notes"
mark=$(mark "$file")
me=$(api /user | jq .id)
found='' page=1
while [[ -z $found && -n $page ]]; do
  batch=$(api "$notes?per_page=100&page=$page")
  # Anybody can write what looks like the mark.
  found=$(jq --arg mark "$mark" --argjson me "$me" \
    'first(.[] | select(.author.id == $me and (.body | startswith($mark))) | .id) // empty' <<<"$batch")
  page=$(jq --argjson page "$page" 'if length == 100 then $page + 1 else empty end' <<<"$batch")
done

if [[ -n $found ]]; then
  api "$notes/$found" --request PUT --data-urlencode "body@$file" --output /dev/null
  echo "Updated the note $found."
else
  api "$notes" --request POST --data-urlencode "body@$file" --output /dev/null
  echo "Made a note."
fi
