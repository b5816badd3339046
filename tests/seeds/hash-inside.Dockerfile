FROM alpine
RUN echo a # b \
  c
ENV A=#x B="#"
RUN \
#only this
  echo
COPY a#b c
