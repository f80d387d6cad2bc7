# act stops to listen when a step has failed; without this, the last words of the step, which say why, can be lost
unset BASH_ENV
trap 'if [ $? -ne 0 ]; then sleep 0.3; fi' EXIT
