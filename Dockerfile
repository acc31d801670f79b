# syntax=docker/dockerfile:1
# One image for every part; the command says which: serve --roles api | worker | gateway.
FROM node:22-bookworm-slim AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json tsconfig.json tsconfig.build.json tsconfig.types.json ./
COPY scripts ./scripts
COPY bin ./bin
COPY src ./src
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
# git and ripgrep are what Claude Code works with; tini reaps what its tools leave behind.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git ripgrep tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data /projects /claude
WORKDIR /app
COPY --from=build --chown=root:root /app /app
ENV NODE_ENV=production XSWARM_HOME=/data
USER node
VOLUME /data
ENTRYPOINT ["tini", "--", "node", "/app/bin/xswarm.js"]
CMD ["serve", "--roles", "api,worker,gateway"]
