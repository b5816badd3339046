FROM alpine
RUN E=1 cat <<E"O"F
$a
EOF
RUN cat <<E\OF
$a
EOF
RUN cat <<"a b"
x
a b
