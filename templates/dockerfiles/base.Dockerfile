# sluice/base where there is a registry and no apt (macOS). Elsewhere scripts/base-image makes the same from the Debian archive.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV LANG=C.UTF-8
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates curl git nodejs npm python3 python3-pip python3-venv ruby ruby-bundler tzdata \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 task \
 && useradd --uid 10001 --gid 10001 --home-dir /workspace --create-home --shell /bin/sh task
WORKDIR /workspace
CMD ["/bin/sh"]
