FROM a
COPY --chown=é x y
COPY --from=b x y
RUN --mount=type=bind,target=/à x
