FROM alpine
RUN echo a \

# gone
   
