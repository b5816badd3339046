FROM --platform=linux/amd64 alpine AS base
RUN --mount=type=secret,id=key,target=/k --mount=type=ssh --network=none --security=sandbox make
RUN --mount="type=cache,target=/a b" --mount=type=CACHE,target='/c' make
RUN --mount=\"type=bind\",target=/x ls
RUN -- --not-a-flag
RUN --network=host --
COPY --from=base --chown=1:1 --chmod=0644 --link=true --parents=FALSE --exclude=*.md --exclude=*.log ./a ./b /c/
ADD --checksum=sha256:00 --keep-git-dir=true --unpack --link https://example.org/x.tgz /x
