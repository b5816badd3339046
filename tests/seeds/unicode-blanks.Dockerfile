FROM  alpine
RUN true
