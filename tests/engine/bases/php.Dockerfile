FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends apache2 libapache2-mod-php php-cli \
 && rm -rf /var/lib/apt/lists/* \
 && rm -f /var/www/html/index.html
# The official image compiles extensions; here they are Debian's packages. An extension that is part of php-common needs none.
COPY <<'END' /usr/local/bin/docker-php-ext-install
#!/bin/sh
set -e
apt-get update
for extension in "$@"; do
    case $extension in
    -*|[0-9]*) ;;
    pdo_mysql|mysqli) apt-get install -y --no-install-recommends php-mysql ;;
    pdo_pgsql) apt-get install -y --no-install-recommends php-pgsql ;;
    *) apt-get install -y --no-install-recommends "php-$extension" ;;
    esac
done
apt-get clean
rm -rf /var/lib/apt/lists/*
END
RUN chmod +x /usr/local/bin/docker-php-ext-install
WORKDIR /var/www/html
CMD ["apache2ctl", "-D", "FOREGROUND"]
