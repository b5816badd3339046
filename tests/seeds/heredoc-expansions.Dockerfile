FROM alpine
RUN echo ${a:-b} <<EOF
x
EOF
RUN echo ${a:-"c d"}<<EOF
RUN echo ${a%%.*} ${b/x/y} <<EOF
x
EOF
RUN cat <<${x:-EOF}
RUN cat <<$EOF
y
$EOF
RUN pre"${x:-y}" <<EOF
EOF
