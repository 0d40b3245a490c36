/** A model drawn over the data it was fitted to: an SVG, and from that a PNG. */
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { LineChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

export interface Drawing {
  readonly title: string;
  readonly subtitle: string;
  /** Unix time and value, in order of time. */
  readonly points: readonly (readonly [at: number, value: number])[];
  readonly anomalies: readonly (readonly [at: number, value: number])[];
  /** Epoch milliseconds of `at` = 1; undefined where the numbers are no plausible time. */
  readonly unitMs: number | undefined;
  readonly mean: number;
  /** Ends of the band; -Infinity where only the upper counts. */
  readonly lower: number;
  readonly upper: number;
}

const WIDTH = 1_000;
const HEIGHT = 480;
const FONT = "DejaVu Sans";
const BLUE = "#2563eb";
const GREEN = "#15803d";
const RED = "#dc2626";
const INK = "#334155";
/** UTC. */
const DATES = {
  year: "{yyyy}",
  month: "{MMM} {yyyy}",
  day: "{MMM} {d}",
  hour: "{HH}:{mm}",
  minute: "{HH}:{mm}",
  second: "{HH}:{mm}:{ss}",
  millisecond: "{HH}:{mm}:{ss}.{SSS}",
};
/** Beyond this the distance between two values may be more than a double holds. */
const DRAWABLE_MAX = 1e300;

use([
  GridComponent,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  ScatterChart,
  SVGRenderer,
  TitleComponent,
]);

export function drawSvg(drawing: Drawing): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(optionsOf(drawing));
    return chart.renderToSVGString();
  } finally {
    chart.dispose(); // Its clock would keep the thread alive.
  }
}

function optionsOf(drawing: Drawing): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const { title, subtitle, points, anomalies, mean, unitMs } = drawing;
  const lower = drawing.lower === -Infinity ? -Infinity : drawable(drawing.lower);
  const upper = drawable(drawing.upper);
  const timed = (list: Drawing["points"]) =>
    list.map(([at, value]) => [unitMs === undefined ? at : at * unitMs, drawable(value)]);
  const level = (name: string, yAxis: number, type: "solid" | "dashed") => ({
    name,
    yAxis,
    lineStyle: { type, color: GREEN, width: 1.5 },
    label: {
      formatter: `${name} ${short(yAxis)}`,
      position: "insideEndTop",
      color: GREEN,
      backgroundColor: "#ffffffcc",
      padding: [1, 3],
    },
  });
  const levels = [level("mean", mean, "solid"), level("upper", upper, "dashed")];
  if (Number.isFinite(lower)) levels.push(level("lower", lower, "dashed"));
  const values = points.map(([, value]) => drawable(value));
  const bottom = Math.min(...values, Number.isFinite(lower) ? lower : mean);
  const top = Math.max(...values, upper);
  const margin = (top - bottom) * 0.06;
  return {
    animation: false,
    useUTC: true,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT, color: INK },
    title: {
      text: title,
      subtext: subtitle,
      left: 16,
      top: 10,
      textStyle: { fontSize: 17, color: INK },
      subtextStyle: { fontSize: 12, color: INK },
    },
    legend: { right: 20, top: 14, itemGap: 18, data: ["values", "anomalies"] },
    grid: { left: 72, right: 24, top: 72, bottom: 36 },
    xAxis: {
      type: unitMs === undefined ? "value" : "time",
      scale: true,
      axisLabel: {
        hideOverlap: true,
        color: INK,
        ...(unitMs === undefined ? {} : { formatter: DATES }),
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      min: bottom - margin,
      max: top + margin,
      axisLabel: { formatter: short, color: INK, showMinLabel: false, showMaxLabel: false },
    },
    series: [
      {
        name: "values",
        type: "line",
        data: timed(points),
        showSymbol: points.length <= 60,
        symbolSize: 5,
        color: BLUE,
        lineStyle: { width: 1.4 },
        markLine: { silent: true, symbol: "none", data: levels },
        markArea: {
          silent: true,
          itemStyle: { color: GREEN, opacity: 0.08 },
          data: [[{ yAxis: Math.max(lower, bottom - margin) }, { yAxis: upper }]],
        },
      },
      {
        name: "anomalies",
        type: "scatter",
        data: timed(anomalies),
        symbolSize: 9,
        color: RED,
        z: 5,
      },
    ],
  };
}

function drawable(value: number): number {
  return Math.max(-DRAWABLE_MAX, Math.min(DRAWABLE_MAX, value));
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

let ready: Promise<Uint8Array> | undefined;

export async function drawPng(drawing: Drawing): Promise<Uint8Array> {
  const font = await (ready ??= prepare());
  const options = {
    fontBuffers: [font],
    defaultFontFamily: FONT,
    sansSerifFamily: FONT,
    loadSystemFonts: false,
  };
  const picture = new Resvg(drawSvg(drawing), { font: options });
  try {
    return picture.render().asPng();
  } finally {
    picture.free();
  }
}

/** The renderer knows no fonts but those it is given. */
async function prepare(): Promise<Uint8Array> {
  // Importing something of the package puts it where its files can be read.
  await import("dejavu-fonts-ttf/package.json", { with: { type: "json" } });
  await initWasm(await fileOf("@resvg/resvg-wasm/index_bg.wasm"));
  return await fileOf("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
}

function fileOf(specifier: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(import.meta.resolve(specifier)));
}
