FROM alpine
RUN cat <<EOF \
  && echo b \
  # why
  && echo c
body \
EOF
