#!/usr/bin/env bash
# Creates or updates a single comment on a pull request or an issue.
#
# usage: comment.sh NUMBER FILE
# FILE: output of zonal --markdown. Its first line names the network and the environment, so that each has its
# own comment. Without FILE, zonal failed earlier, and the script posts no comment.
# GH_TOKEN, GITHUB_REPOSITORY: as in every job. ZONAL_BOT: login of the token's owner (default: the job's bot).
set -euo pipefail

number=$1 file=$2
[[ -s $file ]] || { echo "$file is missing: no comment posted."; exit 0; }

IFS= read -r first <"$file"
mark="${first%%,\"digest\":*},\"digest\":"
bot=${ZONAL_BOT:-github-actions[bot]}

comments=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments?per_page=100" \
  --jq '.[] | "\(.id) \(.user.login) \(.body | split("\n")[0])"')
found=''
while read -r id login line; do
  # Other users can forge the mark, so the author must match.
  if [[ $login == "$bot" && $line == "$mark"* ]]; then found=$id; break; fi
done <<<"$comments"

if [[ -n $found ]]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" --field "body=@$file" --silent
  echo "Updated comment $found on #$number."
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" --field "body=@$file" --silent
  echo "Commented on #$number."
fi
