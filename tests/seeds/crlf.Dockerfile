FROM alpine:3.20
RUN apk add \
    curl \
    # a note
    git

ENV A=1 B="two words"
COPY <<EOF /etc/motd
welcome
EOF
RUN <<A cat && cat <<-B
one
A
	two
	B
CMD ["sh"]
