FROM a
RUN --mount=type=disk x
