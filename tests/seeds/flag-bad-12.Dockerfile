FROM a
WORKDIR --x=y /z
