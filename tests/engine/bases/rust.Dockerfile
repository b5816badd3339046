FROM debian:bookworm-slim
# The words of gcc.Dockerfile, so that it is done once for both.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc g++ make libc6-dev \
 && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo \
    PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The toolchain that builds this project.
COPY --from=toolchain bin /usr/local/rust/bin
COPY --from=toolchain lib /usr/local/rust/lib
COPY usr/local/cargo/config.toml /usr/local/cargo/config.toml
CMD ["bash"]
