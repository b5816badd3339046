FROMalpine
RUNechox
COPY abc
ENV a=1b=2
ENV kv w
LABELa=b
RUN ab
