#!/usr/bin/env bash
# Keeps one comment on a pull request or an issue: finds the one that an earlier run has made, and replaces
# its text; makes it where there is none.
#
# usage: comment.sh NUMBER FILE
# FILE is what zonal has written with --markdown. Its first line names network and environment, so that two
# of them have a comment each. Where there is no FILE, zonal has not got that far, and nothing is posted.
# GH_TOKEN, GITHUB_REPOSITORY: as in every job. ZONAL_BOT: whose token it is, where it is not the job's own.
set -euo pipefail

number=$1 file=$2
[[ -s $file ]] || { echo "There is no $file, so nothing is posted."; exit 0; }

IFS= read -r first <"$file"
mark="${first%%,\"digest\":*},\"digest\":"
bot=${ZONAL_BOT:-github-actions[bot]}

comments=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments?per_page=100" \
  --jq '.[] | "\(.id) \(.user.login) \(.body | split("\n")[0])"')
found=''
while read -r id login line; do
  # Anybody can write what looks like the mark.
  if [[ $login == "$bot" && $line == "$mark"* ]]; then found=$id; break; fi
done <<<"$comments"

if [[ -n $found ]]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$file" --silent
  echo "Updated the comment $found on #$number."
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" --field "body=@$file" --silent
  echo "Commented on #$number."
fi
