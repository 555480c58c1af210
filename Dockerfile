# The daemon with the WASM backend (TensorFlow's native library would be 744 MB more). Built image: scorelane.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts tfjs-node comes without TensorFlow; other optional packages bring the codecs' binaries.
RUN npm ci --ignore-scripts && rm -rf node_modules/@tensorflow/tfjs-node
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts \
    && rm -rf node_modules/@tensorflow/tfjs-node

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY page ./page
COPY config ./config
COPY native-models ./native-models
USER node
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "--config", "config/kafka.yaml"]
