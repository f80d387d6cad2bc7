# Run a program of the project's environment for a commit hook, with uv from the PATH or the one that make fetched.
exec "$(command -v uv || echo .uv/bin/uv)" run --quiet --no-sync "$@"
