# docker build -t explorer .
# docker run --rm -p 5006:5006 explorer                                       the embedded mock survey
# docker run --rm -p 5006:5006 -v "$PWD:/catalogues:ro" explorer stars.fits   a catalogue in this folder
# docker run --rm -p 8080:5006 explorer --origin localhost:8080               under another address
# On an ARM machine build with --platform linux/amd64: galpy is not packaged for Linux on ARM.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY data data
COPY explorer explorer
COPY model model
RUN python -m venv --without-pip /opt/explorer
RUN python -m pip --python /opt/explorer install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Milky Way enrichment explorer" \
      org.opencontainers.image.description="Linked maps of the chemical enrichment of millions of stars" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --create-home explorer && install -d -o explorer -g explorer /catalogues /cache
COPY --from=build /opt/explorer /opt/explorer
ENV PATH=/opt/explorer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EXPLORER_CACHE=/cache \
    EXPLORER_DATA=/cache/made \
    NUMBA_CACHE_DIR=/cache/compiled
USER explorer
# An image that cannot make and read a catalogue is not built.
RUN explorer demo --labels scatter --stars 2000 --out /tmp/mock.parquet && explorer info /tmp/mock.parquet && rm -r /tmp/mock.parquet /cache/*
WORKDIR /catalogues
VOLUME ["/catalogues", "/cache"]
EXPOSE 5006
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5006/metadata', timeout=4)"]
ENTRYPOINT ["explorer", "serve", "--address", "0.0.0.0", "--no-show"]
