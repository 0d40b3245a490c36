/**
 * The part of the ONNX file format that we write, for protobufjs.
 *
 * Names and field numbers are those of `onnx.proto` (IR version 8). What is left out here is left
 * out of our files; a reader takes the default for it.
 */
import protobuf from "protobufjs/light.js";

/** `TensorProto.DataType`. */
export const ELEMENT_TYPES = { float: 1, int64: 7, string: 8, double: 11 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

type Field = readonly [id: number, type: string, rule?: "repeated"];

/** Field ids and types of a message. */
function message(fields: Readonly<Record<string, Field>>): protobuf.IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map((
        [name, [id, type, rule]],
      ) => [name, { id, type, ...(rule && { rule }) }]),
    ),
  };
}

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: message({
      irVersion: [1, "int64"],
      producerName: [2, "string"],
      producerVersion: [3, "string"],
      docString: [6, "string"],
      graph: [7, "GraphProto"],
      opsetImport: [8, "OperatorSetIdProto", "repeated"],
      metadataProps: [14, "StringStringEntryProto", "repeated"],
    }),
    OperatorSetIdProto: message({ domain: [1, "string"], version: [2, "int64"] }),
    StringStringEntryProto: message({ key: [1, "string"], value: [2, "string"] }),
    GraphProto: message({
      node: [1, "NodeProto", "repeated"],
      name: [2, "string"],
      initializer: [5, "TensorProto", "repeated"],
      input: [11, "ValueInfoProto", "repeated"],
      output: [12, "ValueInfoProto", "repeated"],
    }),
    NodeProto: message({
      input: [1, "string", "repeated"],
      output: [2, "string", "repeated"],
      name: [3, "string"],
      opType: [4, "string"],
      attribute: [5, "AttributeProto", "repeated"],
      domain: [7, "string"],
    }),
    AttributeProto: message({
      name: [1, "string"],
      f: [2, "float"],
      i: [3, "int64"],
      s: [4, "bytes"],
      t: [5, "TensorProto"],
      floats: [7, "float", "repeated"],
      // An int64 in `onnx.proto`: the same bytes, and no object for each of a forest's nodes.
      ints: [8, "int32", "repeated"],
      strings: [9, "bytes", "repeated"],
      type: [20, "int32"],
    }),
    TensorProto: message({
      dims: [1, "int64", "repeated"],
      dataType: [2, "int32"],
      name: [8, "string"],
      rawData: [9, "bytes"],
    }),
    ValueInfoProto: message({ name: [1, "string"], type: [2, "TypeProto"] }),
    TypeProto: message({ tensorType: [1, "TensorTypeProto"] }),
    TensorTypeProto: message({ elemType: [1, "int32"], shape: [2, "TensorShapeProto"] }),
    TensorShapeProto: message({ dim: [1, "DimensionProto", "repeated"] }),
    DimensionProto: message({ dimValue: [1, "int64"], dimParam: [2, "string"] }),
  },
});

export const ModelProto = root.lookupType("ModelProto");
