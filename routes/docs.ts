/** What can be asked, for people: Swagger UI and Redoc, served from their packages. */
import { Hono } from "hono";

/**
 * Redoc and Swagger UI write style elements, and images as `data:`; nothing comes from elsewhere.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

/** Imported as text, so that they are where the rest of the program is, and read when first asked for. */
const ASSETS: Readonly<Record<string, { type: string; read(): Promise<string> }>> = {
  "swagger-ui.css": {
    type: "text/css",
    read: async () =>
      (await import("swagger-ui-dist/swagger-ui.css", { with: { type: "text" } })).default,
  },
  "swagger-ui-bundle.js": {
    type: "text/javascript",
    read: async () =>
      (await import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "text" } })).default,
  },
  "redoc.standalone.js": {
    type: "text/javascript",
    read: async () => {
      const { default: text } = await import("redoc/bundles/redoc.standalone.js", {
        with: { type: "text" },
      });
      // It would fetch its maker's logo from its maker's server.
      return text.replaceAll("https://cdn.redoc.ly/redoc/logo-mini.svg", "/dashboard/icon.svg");
    },
  },
  "swagger.js": {
    type: "text/javascript",
    read: () =>
      Promise.resolve(
        `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#page", deepLinking: true });\n`,
      ),
  },
  "redoc.js": {
    type: "text/javascript",
    read: () =>
      Promise.resolve(
        `Redoc.init("/openapi.json", { disableSearch: true }, document.getElementById("page"));\n`,
      ),
  },
};

const SWAGGER_PAGE = page(
  "Telltale API",
  `<link rel="stylesheet" href="/docs/assets/swagger-ui.css">`,
  ["swagger-ui-bundle.js", "swagger.js"],
);
const REDOC_PAGE = page("Telltale API reference", "", ["redoc.standalone.js", "redoc.js"]);

export function docsRoutes(): Hono {
  const app = new Hono();
  app.get("/docs", () => answer(SWAGGER_PAGE, "text/html"));
  app.get("/redoc", () => answer(REDOC_PAGE, "text/html"));
  for (const [name, { type, read }] of Object.entries(ASSETS)) {
    app.get(`/docs/assets/${name}`, async () => answer(await read(), type));
  }
  return app;
}

function answer(text: string, type: string): Response {
  return new Response(text, {
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    },
  });
}

function page(title: string, head: string, scripts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/dashboard/icon.svg">
${head}
</head>
<body>
<div id="page"></div>
${scripts.map((name) => `<script src="/docs/assets/${name}"></script>`).join("\n")}
</body>
</html>
`;
}
