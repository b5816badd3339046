FROM alpine
COPY ["file", "<<EOF"]
