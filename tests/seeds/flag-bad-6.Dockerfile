FROM a
RUN --network=lan x
