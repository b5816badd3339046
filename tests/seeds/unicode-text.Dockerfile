FROM alpine
LABEL título="año nuevo" 名=值
ENV GREETING="grüße 👋" EMPTY= 
RUN echo "日本語" \
  "עברית"
# комментарий
WORKDIR /données
