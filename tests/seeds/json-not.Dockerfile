FROM alpine
RUN ['echo', 'x']
RUN ["a",]
RUN ["a"] b
RUN ["a"
RUN [ -d /x ] && [ "a" = "b" ]
RUN [1e999]
RUN ["tab	inside"]
RUN ["bad \x"]
CMD [true
CMD {"a": 1}
CMD "quoted"
COPY ["a" "b"] /dst
VOLUME ['/a', '/b']
EXPOSE ["80", "81"]
