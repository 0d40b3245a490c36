/**
 * Writes ONNX files: a graph of operators with its weights, as onnxruntime reads them.
 *
 * https://onnx.ai/onnx/operators/ says what each operator takes; nothing is checked here but what
 * onnxruntime would only tell in riddles.
 */
import { ATTRIBUTE_TYPES, ELEMENT_TYPES, type ElementType, ModelProto } from "./schema.ts";

/** A dimension by size, or by name where it differs from run to run. */
export type Dimension = number | string;

/** An input or output of the whole graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dimension[];
}

/** Weights and constants, row by row. */
export interface Weights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | BigInt64Array;
}

export interface Int {
  readonly int: number;
}

/** A bare number is a float, as most attributes are; `{ int }` says otherwise. */
export type Attribute = number | Int | string | readonly number[] | {
  readonly ints: readonly number[];
} | readonly string[];

export interface Operator {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** "" for the standard operators, "ai.onnx.ml" for trees and other classic learners. */
  readonly domain?: "" | "ai.onnx.ml";
}

/** A standard operator with one output. */
export function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Operator["attributes"] = {},
): Operator {
  return { type, inputs, outputs: [output], attributes };
}

export function doubles(name: string, values: readonly number[], shape = [values.length]): Weights {
  return { name, shape, values: Float64Array.from(values) };
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly weights: readonly Weights[];
  readonly operators: readonly Operator[];
  /** What the file carries beside the graph, for whoever reads it. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const IR_VERSION = 8;
/** Versions of the operator sets in use. */
const OPERATOR_SETS = { "": 17, "ai.onnx.ml": 3 } as const;

const utf8 = new TextEncoder();

/** The bytes of an ONNX file. The same graph always gives the same bytes. */
export function writeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const domains = new Set(graph.operators.map(({ domain = "" }) => domain)).add("");
  const model = ModelProto.create({
    irVersion: IR_VERSION,
    producerName: "telltale",
    graph: {
      name: graph.name,
      node: graph.operators.map(nodeOf),
      initializer: graph.weights.map(tensorOf),
      input: graph.inputs.map(portOf),
      output: graph.outputs.map(portOf),
    },
    opsetImport: [...domains].map((domain) => ({ domain, version: OPERATOR_SETS[domain] })),
    metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  return new Uint8Array(ModelProto.encode(model).finish());
}

function nodeOf({ type, inputs, outputs, attributes = {}, domain = "" }: Operator): object {
  return {
    input: inputs,
    output: outputs,
    name: outputs[0] ?? type,
    opType: type,
    attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeOf(value) })),
    domain,
  };
}

function attributeOf(value: Attribute): object {
  if (typeof value === "number") return { f: value, type: ATTRIBUTE_TYPES.float };
  if (typeof value === "string") return { s: utf8.encode(value), type: ATTRIBUTE_TYPES.string };
  if ("int" in value) return { i: value.int, type: ATTRIBUTE_TYPES.int };
  if ("ints" in value) return { ints: value.ints, type: ATTRIBUTE_TYPES.ints };
  if (typeof value[0] === "string") {
    return {
      strings: value.map((text) => utf8.encode(String(text))),
      type: ATTRIBUTE_TYPES.strings,
    };
  }
  return { floats: value, type: ATTRIBUTE_TYPES.floats };
}

function tensorOf({ name, shape, values }: Weights): object {
  const expected = shape.reduce((product, size) => product * size, 1);
  if (values.length !== expected) {
    throw new Error(
      `Cannot write weights "${name}": a shape of ${
        shape.join(" × ")
      } has ${expected} values, not ${values.length}`,
    );
  }
  return {
    name,
    dims: shape,
    dataType: ELEMENT_TYPES[elementTypeOf(values)],
    // Little-endian, as the format wants and every machine of ours is.
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

function elementTypeOf(values: Weights["values"]): ElementType {
  if (values instanceof Float32Array) return "float";
  return values instanceof Float64Array ? "double" : "int64";
}

function portOf({ name, type, shape }: Port): object {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } };
}
