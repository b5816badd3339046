FROM alpine
RUN << EOF
true
EOF
RUN cat <<	END > x
b
END
RUN <<- EOF
