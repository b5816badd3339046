FROM alpine
RUNN true
WOKRDIR /x
