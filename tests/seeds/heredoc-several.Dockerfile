FROM alpine
COPY <<one.conf <<-"two.conf" <<'three.conf' /etc/app/
port=80
one.conf
	name=${HOST}
	two.conf
literal $x
three.conf
RUN cat <<A 3<<B && cat <&3 <<C
a
A
b
B
c
C
ADD <<x /x
FROM nothing
x
