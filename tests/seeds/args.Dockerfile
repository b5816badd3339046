ARG A
ARG B=1 C="two words" D
ARG   E=$B
FROM alpine:${B}
ARG A
ARG F=g\ h I='j k
ARG --odd=flag K
