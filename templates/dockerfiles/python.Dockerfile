
# Python: {found}
COPY python/ /opt/build/python/
RUN python3 -m venv --without-pip /opt/venv \
 && cd /opt/build/python \
 && {install}
ENV VIRTUAL_ENV=/opt/venv
ENV PATH=/opt/venv/bin:${PATH}
