ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
ARG PYTHON
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        build-essential \
        # headers for the database driver
        libpq-dev \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . /app
LABEL org.opencontainers.image.title="price api" maintainer='web team' stage=build
ENTRYPOINT ["gunicorn"]
CMD ["--bind", "0.0.0.0:8000", "api:app"]
