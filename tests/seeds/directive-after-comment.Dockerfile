# built by hand
# escape=`
FROM alpine
RUN dir C:\
 RUN x
