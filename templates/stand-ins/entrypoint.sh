#!/bin/sh
# What the image `registry` has under this name.
exec docker-registry serve "$@"
