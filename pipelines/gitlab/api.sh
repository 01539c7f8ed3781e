#!/usr/bin/env bash
# Functions for requests to GitLab's API, used by the other scripts of this directory.
#
# api PATH [CURL OPTIONS]: sends a request. PATH is relative to /api/v4.
# The token is never in a command line, because other processes can read those, and never goes to another host.

api() {
  local path=$1 header="JOB-TOKEN: ${CI_JOB_TOKEN:-}"
  shift
  if [[ -n ${ZONAL_GITLAB_TOKEN:-} ]]; then header="Authorization: Bearer $ZONAL_GITLAB_TOKEN"; fi
  curl --silent --show-error --fail --retry 3 --header @<(printf '%s\n' "$header") "$@" "$CI_API_V4_URL$path"
}

# artefact PROJECT REF JOB FILE OUT: downloads an artifact of JOB in the last successful pipeline of REF.
# The job's token may have no access; public projects need no token.
artefact() {
  local ref
  ref=$(jq --null-input --raw-output --arg ref "$2" '$ref | @uri')
  local path="/projects/$1/jobs/artifacts/$ref/raw/$4"
  local how=(--location --get --data-urlencode "job=$3" --output "$5")
  api "$path" "${how[@]}" || curl --silent --show-error --fail --retry 3 "${how[@]}" "$CI_API_V4_URL$path"
}

# Prints the start of the hidden first line of zonal's Markdown, which names the network and the environment.
mark() {
  local first
  IFS= read -r first <"$1"
  printf '%s,"digest":' "${first%%,\"digest\":*}"
}
