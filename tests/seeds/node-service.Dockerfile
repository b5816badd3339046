# syntax=docker/dockerfile:1
FROM node:22-bookworm-slim AS deps
WORKDIR /srv/app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM node:22-bookworm-slim
ENV NODE_ENV=production PORT=8080
WORKDIR /srv/app
COPY --from=deps --link /srv/app/node_modules ./node_modules
COPY --chown=node:node src ./src
USER node
EXPOSE 8080/tcp 9229
HEALTHCHECK --interval=30s --timeout=3s CMD wget -qO- http://localhost:8080/healthz || exit 1
CMD ["node", "src/server.js"]
