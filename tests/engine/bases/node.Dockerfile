FROM debian:bookworm-slim
# Node of the machine, if it has one. A pattern may match nothing.
COPY nod[e]/ /usr/local/
RUN if ! node --version || ! npm --version; then \
        apt-get update \
     && apt-get install -y --no-install-recommends nodejs npm \
     && rm -rf /var/lib/apt/lists/*; \
    fi \
 && groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY usr/local/etc/npmrc /usr/local/etc/npmrc
COPY usr/local/etc/npmrc /etc/npmrc
CMD ["node"]
