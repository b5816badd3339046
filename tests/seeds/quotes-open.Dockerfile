FROM alpine
ENV A="x
LABEL b='y z
ARG C="d e
COPY "f g
RUN echo "h
USER 'me
