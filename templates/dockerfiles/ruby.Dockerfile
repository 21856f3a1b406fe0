
# Ruby: {found}
COPY ruby/ /opt/build/ruby/
ENV GEM_HOME=/opt/gems
ENV PATH=/opt/gems/bin:${PATH}
RUN cd /opt/build/ruby \
 && {install}
