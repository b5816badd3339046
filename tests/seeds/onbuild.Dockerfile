FROM ruby:3.3
ONBUILD COPY --chown=app . /app
ONBUILD RUN bundle install
onbuild run ["bundle", "exec", "rake"]
ONBUILD ENV A=1 B='x y'
ONBUILD ENV A old form
ONBUILD HEALTHCHECK --interval=1s CMD true
ONBUILD RUN <<EOF
echo later
EOF
ONBUILD WORKDIR /app \
  # note
  /sub
