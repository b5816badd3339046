FROM a
COPY --wrong=1 a b
