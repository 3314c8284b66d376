# One image for the API and the workers; docker-compose.yml says which is which.
FROM node:24-slim AS web
WORKDIR /app/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY schema.graphql /app/
COPY web ./
RUN npm run build

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY locks/serve.in locks/serve.txt locks/
RUN pip install --require-hashes -r locks/serve.txt
COPY pyproject.toml schema.graphql ./
COPY api api
COPY schema schema
COPY workers workers
COPY model_repository model_repository
RUN pip install --no-deps --no-build-isolation --no-index --editable .
COPY --from=web /app/web/dist web/dist
RUN useradd --uid 10001 --create-home coslide && install -d -o coslide /data
USER coslide
ENV COSLIDE_DATA=/data COSLIDE_HOST=0.0.0.0 COSLIDE_PORT=8000
VOLUME /data
EXPOSE 8000
CMD ["uvicorn", "api.main:app", "--host", "0.0.0.0", "--port", "8000", "--ws-per-message-deflate", "false", "--ws-max-size", "1048576", "--no-access-log"]
