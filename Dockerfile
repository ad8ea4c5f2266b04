# One image for web, workers, beat and migrations. `docker-compose.yml` says how it runs.
FROM python:3.13-slim AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

FROM base AS packages
COPY requirements/base.txt /tmp/base.txt
# Only wheels whose hashes we know: nothing is compiled, nothing unknown is run. dkimpy comes as
# plain Python without a wheel.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
 && pip --disable-pip-version-check --python /opt/venv/bin/python install \
    --quiet --only-binary :all: --no-binary dkimpy --require-hashes -r /tmp/base.txt

FROM base AS app
WORKDIR /app
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent rehabit \
 && install -d -o rehabit -g rehabit var/media var/beat var/records
COPY --from=packages /opt/venv /opt/venv
COPY . .
# The settings want to be complete. These values reach nothing and stay in this line alone.
RUN python -m compileall -q cms config nurture \
 && SECRET_KEY=only-while-the-image-is-built-and-nowhere-else-after-it \
    LINK_KEYS=only-while-the-image-is-built-and-nowhere-else \
    SUPPRESSION_KEY=only-while-the-image-is-built-and-nowhere-else \
    DATABASE_URL=postgresql://nowhere/none REDIS_URL=redis://nowhere SMTP_URL=smtp://nowhere \
    SITE_URL=http://localhost MAIL_FROM=nobody@localhost PRACTICE_NAME=- PRACTICE_ADDRESS=- \
    python manage.py collectstatic --noinput
USER rehabit
EXPOSE 8000
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]
