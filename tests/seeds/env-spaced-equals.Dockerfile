FROM a
ENV N = spaced
