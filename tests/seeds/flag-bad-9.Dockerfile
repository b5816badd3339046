FROM a
RUN --mount=a\"b x
