import { describe, expect, it } from 'vitest'
import { planOf } from './source-files.ts'

const dockerfileOf = (files: Record<string, string>) => {
  const planned = planOf(files)
  return planned.kind === 'planned' && planned.plan.kind === 'rendered' ? planned.plan.dockerfile : planned
}

const HEAD = `# Rendered by Sluice: put a Dockerfile of your own into the repository to replace it.
ARG BASE=sluice/base
FROM \${BASE}
`
const TRUST = `
# extra-ca.pem is empty unless SLUICE_EXTRA_CA is set. The system's own bundle is not touched: packages overwrite it.
USER root
COPY sluice/ /opt/sluice/
RUN { cat /etc/ssl/certs/ca-certificates.crt || true; cat /opt/sluice/extra-ca.pem; } >/opt/sluice/ca.pem
ARG SSL_CERT_FILE=/opt/sluice/ca.pem
ARG PIP_CERT=/opt/sluice/ca.pem
ARG REQUESTS_CA_BUNDLE=/opt/sluice/ca.pem
ARG NODE_EXTRA_CA_CERTS=/opt/sluice/ca.pem
ARG GIT_SSL_CAINFO=/opt/sluice/ca.pem
ARG BUNDLE_SSL_CA_CERT=/opt/sluice/ca.pem
`

describe('the Dockerfile of', () => {
  it('plain shell', () => {
    expect(dockerfileOf({ 'a.dig': '' })).toBe(HEAD)
  })

  it('Python with a lock file', () => {
    expect(dockerfileOf({ 'pyproject.toml': '', 'uv.lock': '' })).toBe(`${HEAD}${TRUST}
# Python: pyproject.toml and uv.lock
COPY python/ /opt/build/python/
RUN python3 -m venv --without-pip /opt/venv \\
 && cd /opt/build/python \\
 && python3 /opt/sluice/python-requirements.py --pins >pins.txt \\
 && python3 /opt/sluice/python-requirements.py >requirements.txt \\
 && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --requirement requirements.txt --constraint pins.txt
ENV VIRTUAL_ENV=/opt/venv
ENV PATH=/opt/venv/bin:\${PATH}
`)
  })

  it('Python, Node and Ruby together', () => {
    const files = {
      'requirements.txt': 'six',
      'package.json': '{"dependencies":{"ms":"2"}}',
      'package-lock.json': '',
      Gemfile: 'gem "x"',
      'Gemfile.lock': '',
      'vendor/cache/x.gem': '',
    }
    expect(dockerfileOf(files)).toBe(`${HEAD}${TRUST}
# Python: requirements.txt
COPY python/ /opt/build/python/
RUN python3 -m venv --without-pip /opt/venv \\
 && cd /opt/build/python \\
 && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --requirement requirements.txt
ENV VIRTUAL_ENV=/opt/venv
ENV PATH=/opt/venv/bin:\${PATH}

# Node: package.json and package-lock.json. Packages are linked at /, where both require and import find them from /workspace.
COPY node/ /opt/build/node/
RUN cd /opt/build/node \\
 && npm ci --omit=dev --no-audit --no-fund \\
 && ln -s /opt/build/node/node_modules /node_modules
ENV NODE_PATH=/node_modules
ENV PATH=/node_modules/.bin:\${PATH}

# Ruby: Gemfile, Gemfile.lock and vendor/cache/
COPY ruby/ /opt/build/ruby/
ENV GEM_HOME=/opt/gems
ENV PATH=/opt/gems/bin:\${PATH}
RUN cd /opt/build/ruby \\
 && BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_FROZEN=1 bundle install --local
`)
  })
})
