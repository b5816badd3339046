FROM alpine
  \  
