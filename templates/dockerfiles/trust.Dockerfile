
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
