FROM a
COPY --fr\
om=b \
  # c
  --chown=\
root x y
RUN --mount=type=tmpfs,\
target=/t \
 true
