# Rendered by Sluice: put a Dockerfile of your own into the repository to replace it.
ARG BASE=sluice/base
FROM ${BASE}
