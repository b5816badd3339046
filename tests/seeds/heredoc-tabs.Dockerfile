FROM alpine
RUN <<-EOF
		cat <<X
	X
	 EOF
			EOF
RUN <<EOF
	EOF
EOF
