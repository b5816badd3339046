FROM alpine
RUN <<EOF
never closed
 EOF
