FROM a
ENV --x=y a=b
