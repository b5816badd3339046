FROM alpine
LABEL a.b.c=1 "d e"="f g" h='i'
LABEL old style value
LABEL multi="line one \
line two" \
      next=2
LABEL "com.example.vendor"="ACME"
