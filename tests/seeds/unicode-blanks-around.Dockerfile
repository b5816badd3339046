 FROM alpine 
 RUN echo a 
ENV a=1 b=2c=3
LABEL x y	z
COPY a b c
USER  me
CMD  ["a"] 
 
 # comment
RUN x \ 
USER you
