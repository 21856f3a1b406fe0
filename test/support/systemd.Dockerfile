# A host with systemd, for test/stories/systemd.test.ts: Debian's own on sluice/base, and the steps of docs/operations.md.
FROM sluice/base
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends systemd \
 && rm -rf /var/lib/apt/lists/* \
 && ln -sf "$(command -v node)" /usr/bin/node
RUN useradd --system --home /var/lib/sluice sluice \
 && install -d -o sluice -g sluice -m 711 /var/lib/sluice
COPY *.service /etc/systemd/system/
