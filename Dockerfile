# The daemon with all its backends, for Linux on x86-64. `docker build -t scorelane .`; what it needs comes from the npm and PyPI
# registries. `--target small` leaves out TensorFlow's C library: models run on WASM, onnxruntime and cpu.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script runs: they would download, outside of the registries. The codecs' binaries are packages of their own.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json

FROM build AS native
# Any version of these will do.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3 python3-venv && rm -rf /var/lib/apt/lists/*
COPY tools ./tools
RUN node tools/native.ts --copy

FROM build AS parts
RUN npm prune --omit=dev --ignore-scripts && npm run --silent sbom > sbom.cdx.json && rm -rf node_modules/@tensorflow/tfjs-node

FROM native AS native-parts
RUN npm prune --omit=dev --ignore-scripts

FROM node:24-slim AS daemon
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
COPY --from=parts /app/sbom.cdx.json ./
COPY page ./page
COPY config ./config
COPY native-models ./native-models
# For snapshots.directory: a volume that is mounted here belongs to the user below.
RUN mkdir -p /var/lib/scorelane && chown 1000:1000 /var/lib/scorelane
# `node` of the base image, by number: Kubernetes has to know that it is not root.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "--config", "config/kafka.yaml"]

FROM daemon AS small
COPY --from=parts /app/node_modules ./node_modules

FROM daemon
COPY --from=native-parts /app/node_modules ./node_modules
