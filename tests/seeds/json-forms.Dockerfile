FROM alpine
RUN ["echo", "a\tb", "\u00e9\u4e2d", "\ud83d\ude00", "\/", "\"q\""]
RUN []
CMD [ "a" , "b" ]
ENTRYPOINT	["/bin/sh","-c","echo \\"]
VOLUME ["/data", "/log"]
COPY ["with space.txt", "/dst dir/"]
ADD [ "x", "y" ]
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
HEALTHCHECK CMD ["curl", "-f", "http://localhost"]
RUN ["lone", "\ud800", "\udc00x", "\ud800\ud800"]
CMD ["é", " "]
RUN ["split", \
     # where
     "here"]
