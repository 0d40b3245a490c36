# Telltale for servers of your own: give it DATABASE_URL and NATS_URL (docker-compose.yml does).
FROM denoland/deno:2.9.6

WORKDIR /app
RUN mkdir /data && chown deno:deno /app /data
USER deno

COPY --chown=deno . .
# Every package the program and its threads can ask for, so that the container needs no registry.
RUN deno cache --frozen main.ts $(find . -name '*thread.ts')

ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=6 \
  CMD ["deno", "eval", "Deno.exit((await fetch(`http://127.0.0.1:${Deno.env.get('PORT') ?? 8000}/health/ready`)).ok ? 0 : 1)"]

ENTRYPOINT ["./telltale"]
CMD ["start"]
