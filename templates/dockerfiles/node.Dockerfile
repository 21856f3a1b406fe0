
# Node: {found}. Packages are linked at /, where both require and import find them from /workspace.
COPY node/ /opt/build/node/
RUN cd /opt/build/node \
 && {install} \
 && ln -s /opt/build/node/node_modules /node_modules
ENV NODE_PATH=/node_modules
ENV PATH=/node_modules/.bin:${PATH}
