FROM alpine
COPY "a b" 'c' d\ e /dst
ADD https://example.org/a.tar.gz?x=1#y /tmp/
EXPOSE 80 443/tcp $PORT 1000-1010
VOLUME /a   /b "/c d"
USER app:app group
USER "$UID"
WORKDIR /path with blanks
WORKDIR 'quoted'
STOPSIGNAL SIGQUIT
STOPSIGNAL --flag 9
MAINTAINER Some One <some@example.org>
RUN
CMD
ENTRYPOINT
