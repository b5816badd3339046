# escape=`
FROM alpine
RUN cat <<EOF `
 && echo
b `
EOF
RUN cat <<E\OF
x
EOF
