#!/usr/bin/env bash
# One request to GitLab's API, for the scripts beside this one.
#
# api PATH [CURL OPTIONS]: PATH begins below /api/v4.
# The token is never in the command line, where other processes could read it, and goes to no other host.

api() {
  local path=$1 header="JOB-TOKEN: ${CI_JOB_TOKEN:-}"
  shift
  if [[ -n ${ZONAL_GITLAB_TOKEN:-} ]]; then header="Authorization: Bearer $ZONAL_GITLAB_TOKEN"; fi
  curl --silent --show-error --fail --retry 3 --header @<(printf '%s\n' "$header") "$@" "$CI_API_V4_URL$path"
}

# artefact PROJECT REF JOB FILE OUT: a file of what JOB has kept in the last pipeline of REF that succeeded.
# A job's own token may not be good for that, and of a public project none is needed.
artefact() {
  local ref
  ref=$(jq --null-input --raw-output --arg ref "$2" '$ref | @uri')
  local path="/projects/$1/jobs/artifacts/$ref/raw/$4"
  local how=(--location --get --data-urlencode "job=$3" --output "$5")
  api "$path" "${how[@]}" || curl --silent --show-error --fail --retry 3 "${how[@]}" "$CI_API_V4_URL$path"
}

# The hidden first line of zonal's Markdown, as far as it says of which network and environment it is.
mark() {
  local first
  IFS= read -r first <"$1"
  printf '%s,"digest":' "${first%%,\"digest\":*}"
}
