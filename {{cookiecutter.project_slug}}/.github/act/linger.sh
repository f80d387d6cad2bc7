# act stops reading the output when a step fails; this wait keeps the last lines, which hold the error message
unset BASH_ENV
trap 'if [ $? -ne 0 ]; then sleep 0.3; fi' EXIT
