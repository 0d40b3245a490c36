/** The 3-sigma service on one page: every series with its newest model, drawn. */
import { Hono } from "hono";
import { html } from "hono/html";
import { usageByModel } from "../../../projections/series_usage.ts";
import type { SeriesModel } from "../../../projections/series_models.ts";
import type { Deps } from "../../deps.ts";
import { modelOf } from "./models.ts";

/** Series listed; of more, those fitted last. */
const SHOWN_MAX = 200;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

export function seriesDashboardRoutes({ series, sql }: Pick<Deps, "series" | "sql">): Hono {
  const app = new Hono();
  const { models, usage } = series;

  app.get("/dashboard", async (c) => {
    await models.fresh();
    await usage.flush();
    const wanted = c.req.query("series_id");
    const selected = wanted === undefined
      ? undefined
      : modelOf(models, wanted, c.req.query("version"));
    const newest = [...models.all().values()].flatMap((all) => all.at(-1) ?? [])
      .sort((a, b) => b.fittedAt - a.fittedAt);
    const { avg, p95, count } = await usage.inference();
    const used = new Map(
      (await usageByModel(sql, 1_000)).map((use) => [
        `${use.seriesId} ${use.modelVersion}`,
        use.predictions,
      ]),
    );
    c.header("content-security-policy", CONTENT_SECURITY_POLICY);
    c.header("x-content-type-options", "nosniff");
    c.header("cache-control", "no-cache");
    return c.html(html`
      <!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>Series: Telltale</title>
          <link rel="icon" href="/dashboard/icon.svg">
          <link rel="stylesheet" href="/dashboard/series.css">
        </head>
        <body>
          <header><a href="/">Telltale</a><h1>Series and their 3-sigma models</h1></header>
          <main>
            <p>${newest.length} series. ${count === 0
              ? "Nothing was predicted since this process started."
              : `${
                count.toLocaleString("en")
              } predictions since this process started: ${avg} ms on average, ${p95} ms at the 95th percentile.`} <a href="/metrics/throughput">Hour by hour</a>, <a href="/metrics/model-usage">by model</a>.</p>
            ${selected === undefined
              ? ""
              : pictureOf(selected, models.all().get(selected.seriesId) ?? [])}
            ${newest.length === 0
              ? html`<p>No model was fitted yet: <code>POST /fit/{series_id}</code> with timestamps and values.</p>`
              : html`
                <table>
                  <thead>
                    <tr>
                      <th>Series</th>
                      <th>Newest</th>
                      <th>Points</th>
                      <th>Mean</th>
                      <th>Deviation</th>
                      <th>Usual from</th>
                      <th>to</th>
                      <th>Predictions by it</th>
                    </tr>
                  </thead>
                  <tbody>
                ${newest.slice(0, SHOWN_MAX).map((model) => rowOf(model, used))}
                  </tbody>
                </table>
              `}
            ${newest.length > SHOWN_MAX ? html`<p>The ${SHOWN_MAX} fitted last are shown.</p>` : ""}
                </main>
        </body>
      </html>
    `);
  });

  app.get("/dashboard/series.css", (c) => {
    c.header("cache-control", "no-cache");
    return c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" });
  });

  return app;
}

type Html = ReturnType<typeof html>;

function pictureOf({ seriesId, modelVersion }: SeriesModel, all: readonly SeriesModel[]): Html {
  const versions = all.toReversed().slice(0, 20);
  return html`
    <section>
      <img src="/plot?series_id=${seriesId}&version=${modelVersion}" width="1000" height="480"
        alt="Series ${seriesId}, model ${modelVersion}: the data it was fitted to, its mean and the band of what is usual">
      <nav>${versions.map((model) =>
        html`
          <a href="/dashboard?series_id=${seriesId}&version=${model.modelVersion}">${model
            .modelVersion}</a>
        `
      )}</nav>
    </section>
  `;
}

function rowOf(model: SeriesModel, used: ReadonlyMap<string, number>): Html {
  const { seriesId, modelVersion, points, mean, sd, threshold, sided } = model;
  const lower = sided === "upper" ? "any" : short(mean - threshold * sd);
  return html`
    <tr>
      <td><a href="/dashboard?series_id=${seriesId}">${seriesId}</a></td>
      <td>${modelVersion}</td>
      <td>${points.toLocaleString("en")}</td>
      <td>${short(mean)}</td>
      <td>${short(sd)}</td>
      <td>${lower}</td>
      <td>${short(mean + threshold * sd)}</td>
      <td>${(used.get(`${seriesId} ${modelVersion}`) ?? 0).toLocaleString("en")}</td>
    </tr>
  `;
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 1040px; padding: 1rem 1.25rem 3rem; }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.35rem; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { padding: 0.35rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; height: auto; border-radius: 6px; background: #fff; }
nav { margin: 0.5rem 0 1.5rem; }
`;
