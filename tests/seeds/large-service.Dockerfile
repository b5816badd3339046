# syntax=docker/dockerfile:1
ARG DEBIAN=bookworm

# ---- toolchain
FROM rust:1-${DEBIAN} AS chef
RUN cargo install cargo-chef --locked
WORKDIR /w

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=plan /w/recipe.json recipe.json
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/w/target,sharing=locked \
    cargo chef cook --release --recipe-path recipe.json
COPY . .
RUN --mount=type=cache,target=/w/target <<EOF
cargo build --release
cp target/release/svc /usr/local/bin/
EOF

FROM debian:${DEBIAN}-slim
RUN set -eux; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates \
      tini \
    ; \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/svc /usr/local/bin/svc
COPY --chmod=0755 <<'EOF' /entry.sh
#!/bin/sh
exec svc "$@"
EOF
ENTRYPOINT ["tini", "--", "/entry.sh"]
