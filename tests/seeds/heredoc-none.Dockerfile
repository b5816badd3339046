FROM alpine
RUN cat <<<word
RUN echo $((1<<2)) "<<EOF" '<<EOF'
RUN echo it's <<EOF
RUN echo ${#x} <<EOF
RUN echo ${a[0]} <<EOF
RUN echo ${x^^} <<EOF
RUN a<<EOF
CMD cat <<EOF
ENTRYPOINT cat <<EOF
RUN ["cat", "<<EOF"]
COPY a<<EOF b
