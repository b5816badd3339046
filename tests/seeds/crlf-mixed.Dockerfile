FROM alpine
RUN a \
 b \
 c
CMD x
USER me