# check=error=true
# escape=`
FROM alpine
RUN echo a `
 b
