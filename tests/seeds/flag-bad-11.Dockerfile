FROM a
FROM --platform a
