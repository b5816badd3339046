from alpine as One
FROM One AS two.x-y_z
FROM scratch As three
FROM $BASE
FROM --platform=$BUILDPLATFORM ${IMG:-busybox}@sha256:00 aS z9
