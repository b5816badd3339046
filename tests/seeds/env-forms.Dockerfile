FROM alpine
ENV ONE 1
ENV TWO   two words and "quotes" = here
ENV A=1 B="b c" C='d e' D=f\ g E="h\"i" F='j"k'
ENV G= H="" I=''
ENV J=$A-${B:-none} K=a=b=c
ENV "quoted key"=v
ENV L=a\
b M="over \
  lines"
env o=1
ENV P="open
ENV Q=\\
ENV R=x\\\
