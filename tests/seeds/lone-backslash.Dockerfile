FROM alpine
\
RUN echo a
\
\
  USER me
RUN b \
\
 c
