FROM debian:12
RUN set -eux; \
# at the margin
    apt-get update; \
  # further in

    apt-get install -y make; \
	
    # the last words
    true
# after
LABEL a=1 \
      # why b
      b=2
