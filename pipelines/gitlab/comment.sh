#!/usr/bin/env bash
# Creates or updates a single note on a merge request or an issue.
#
# usage: comment.sh merge_requests|issues IID FILE
# FILE: output of zonal --markdown. Its first line names the network and the environment, so that each has its
# own note. Without FILE, zonal failed earlier, and the script posts no note.
# ZONAL_GITLAB_TOKEN: project access token with scope `api`. Forks have no token, so they get no note.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=api.sh
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

what=$1 iid=$2 file=$3
[[ -s $file ]] || { echo "$file is missing: no note posted."; exit 0; }
[[ -n ${ZONAL_GITLAB_TOKEN:-} ]] || { echo "ZONAL_GITLAB_TOKEN is not set: the plan is in the job's artifacts."; exit 0; }

notes="/projects/$CI_PROJECT_ID/$what/$iid/notes"
mark=$(mark "$file")
me=$(api /user | jq .id)
found='' page=1
while [[ -z $found && -n $page ]]; do
  batch=$(api "$notes?per_page=100&page=$page")
  # Other users can forge the mark, so the author must match.
  found=$(jq --arg mark "$mark" --argjson me "$me" \
    'first(.[] | select(.author.id == $me and (.body | startswith($mark))) | .id) // empty' <<<"$batch")
  page=$(jq --argjson page "$page" 'if length == 100 then $page + 1 else empty end' <<<"$batch")
done

if [[ -n $found ]]; then
  api "$notes/$found" --request PUT --data-urlencode "body@$file" --output /dev/null
  echo "Updated note $found."
else
  api "$notes" --request POST --data-urlencode "body@$file" --output /dev/null
  echo "Created a note."
fi
