FROM a
HEALTHCHECK --interval=1s --interval=2s CMD x
