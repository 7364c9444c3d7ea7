# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/sanqu && /opt/sanqu/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock

FROM python:3.12-slim
ENV PATH=/opt/sanqu/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/srv/sanqu SANQU_HOST=0.0.0.0
RUN useradd --system --uid 10001 --home-dir /srv/sanqu sanqu
COPY --from=build /opt/sanqu /opt/sanqu
WORKDIR /srv/sanqu
COPY app app
COPY migrations migrations
COPY seeds seeds
COPY docker/sanqu /opt/sanqu/bin/sanqu
# A new volume mounted here starts with this owner.
RUN mkdir -p /var/lib/sanqu/files && chown 10001 /var/lib/sanqu/files
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
ENTRYPOINT ["sanqu"]
CMD ["serve"]
