FROM alpine
RUN cat <<EOF > /etc/profile.d/x.sh && chmod +x /etc/profile.d/x.sh
export A="$HOME"
EOF
RUN python3 - <<'PY' | tee /log
for i in range(3):
    print(i << 1)
PY
RUN 3<<EOF
true
EOF
