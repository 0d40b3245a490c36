/** Reads ONNX files of our own back: the attributes of an operator, weights, and what else they carry. */
import { ELEMENT_TYPES, ModelProto } from "./schema.ts";

export interface OnnxFile {
  /** What was written beside the graph. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The attributes of the only operator of a type. Throws where there is none. */
  attributesOf(type: string): Attributes;
  /** Weights that are doubles. Throws where there are none of this name. */
  doubles(name: string): Float64Array;
}

/** Empty where the file does not have them. */
export interface Attributes {
  ints(name: string): readonly number[];
  floats(name: string): readonly number[];
  strings(name: string): readonly string[];
}

interface Told {
  readonly graph?: {
    readonly node?: readonly {
      readonly opType: string;
      readonly attribute?: readonly Attribute[];
    }[];
    readonly initializer?: readonly {
      readonly name: string;
      readonly dataType: number;
      readonly rawData: Uint8Array;
    }[];
  };
  readonly metadataProps?: readonly { readonly key: string; readonly value: string }[];
}

interface Attribute {
  readonly name: string;
  readonly ints?: readonly number[];
  readonly floats?: readonly number[];
  readonly strings?: readonly Uint8Array[];
}

const utf8 = new TextDecoder();

/** Throws where the bytes are no ONNX file. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const { graph, metadataProps = [] } = decode(bytes);
  return {
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
    attributesOf(type) {
      const operator = graph?.node?.find(({ opType }) => opType === type);
      if (operator === undefined) throw new Error(`Cannot find an operator ${type} in the file`);
      const named = (name: string) => operator.attribute?.find((own) => own.name === name);
      return {
        ints: (name) => named(name)?.ints ?? [],
        floats: (name) => named(name)?.floats ?? [],
        strings: (name) => named(name)?.strings?.map((text) => utf8.decode(text)) ?? [],
      };
    },
    doubles(name) {
      const found = graph?.initializer?.find((own) => own.name === name);
      if (found?.dataType !== ELEMENT_TYPES.double) {
        throw new Error(`Cannot find doubles "${name}" in the file`);
      }
      return new Float64Array(found.rawData.slice().buffer);
    },
  };
}

function decode(bytes: Uint8Array): Told {
  try {
    return ModelProto.toObject(ModelProto.decode(bytes), { longs: Number }) as Told;
  } catch (error) {
    throw new Error("Cannot read the file: it is no ONNX model", { cause: error });
  }
}
