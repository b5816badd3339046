FROM alpine
RUN <<EOF cat
hello
EOF
