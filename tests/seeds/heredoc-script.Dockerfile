FROM alpine
RUN <<EOF
set -e
# not a comment of the file
apk add curl \
  git
EOF
RUN <<-'SH'
	if true; then
		echo deep
	fi
	SH
RUN <<"EOF"
#!/usr/bin/env python3
print("hi")
EOF
