FROM alpine
HEALTHCHECK NONE
HEALTHCHECK none
HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=0s --start-interval=1.5s --retries=3 CMD true
HEALTHCHECK --interval= --retries=+2 cmd ["true"]
HEALTHCHECK CMD   echo "a  b" \
  && true
HEALTHCHECK --wrong NONE
HEALTHCHECK NONE []
