FROM a
VOLUME [null]
