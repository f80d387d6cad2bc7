# Run a program of the project's environment for a commit hook, with uv from the PATH or the one that make fetched.
project=$(cd "$(dirname "$0")/../.." && pwd)
export POE_PROJECT_DIR="$project"
exec "$(command -v uv || echo "$project/.uv/bin/uv")" run --quiet --no-sync --project "$project" "$@"
