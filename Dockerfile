# One image for every service of docker-compose.yml that is ours. Built from the locked, hash-checked packages; runs as an
# ordinary user; fonts come with the project, Pango and HarfBuzz from Debian.
FROM python:3.12-slim-bookworm AS packages
WORKDIR /opt/trainloop
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir "$(sed -nE 's/^(uv==[0-9.]+).*/\1/p' requirements.lock)"
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv UV_NO_CACHE=1
# Everything is checked against its hash first, then what only developers need goes: the lock is one for both.
RUN uv pip install --require-hashes --requirement requirements.lock \
    && uv pip compile --quiet --no-header --no-annotate --constraint requirements.lock \
        --output-file runtime.txt pyproject.toml \
    && cp "$(command -v uv)" /usr/local/bin/uv \
    && /usr/local/bin/uv pip sync runtime.txt
COPY include include
# Bytecode is made here: without it every start of an Airflow process compiles its 2,000 modules for 3 s.
RUN /usr/local/bin/uv pip install --no-deps --editable . \
    && python -m compileall -q -j 0 /opt/venv include

FROM python:3.12-slim-bookworm
# Debian's own stable point releases are wanted here, with their security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --create-home trainloop \
    && install -d -o trainloop -g trainloop /var/lib/trainloop /var/lib/trainloop/materials /var/lib/airflow /var/log/airflow
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /opt/trainloop/include /opt/trainloop/include
COPY pyproject.toml README.md /opt/trainloop/
COPY sql /opt/trainloop/sql
COPY dags /opt/trainloop/dags
COPY plugins /opt/trainloop/plugins
WORKDIR /opt/trainloop
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/var/lib/airflow \
    TRAINLOOP_HOME=/var/lib/trainloop
USER 50000
CMD ["trainloop", "--help"]
