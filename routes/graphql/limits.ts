/**
 * How deep a question goes and how much it may fetch, known before it is asked.
 *
 * A field costs 1 and whatever is asked of it; a list costs that for each item it may have. The
 * figures are worked out from the document and its variables, each fragment once, so that no
 * question is too clever to be counted.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getOperationAST,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

export const DEPTH_MAX = 8;
export const COST_MAX = 100_000;
/** What tools ask of the schema itself goes deeper: a type of a type of a type. */
const INTROSPECTION_DEPTH_MAX = 16;

/** Lists whose length nobody gives; so long they are at most, or nearly. */
const LISTS: Readonly<Record<string, number>> = {
  sensorData: 100,
  anomalyAlerts: 100,
  readings: 100,
  alerts: 100,
  detectors: 10,
  predictions: 100,
  factors: 5,
  types: 10,
  fields: 10,
  inputFields: 10,
  args: 3,
  enumValues: 10,
  directives: 10,
  interfaces: 3,
  possibleTypes: 3,
};
const LENGTHS = new Set(["limit", "first"]);

export interface Measure {
  readonly depth: number;
  readonly cost: number;
}

type Variables = Readonly<Record<string, unknown>>;

/** Why the operation is refused, in a sentence; undefined where it may run. */
export function tooMuch(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Variables,
): { readonly code: string; readonly message: string } | undefined {
  const { own, introspection } = measure(document, operationName, variables);
  if (own.depth > DEPTH_MAX || introspection.depth > INTROSPECTION_DEPTH_MAX) {
    const deepest = Math.max(own.depth, introspection.depth);
    return {
      code: "TOO_DEEP",
      message: `The question is ${deepest} levels deep; at most ${DEPTH_MAX} are answered`,
    };
  }
  const cost = own.cost + introspection.cost;
  if (cost <= COST_MAX) return undefined;
  return {
    code: "TOO_COSTLY",
    message: `The question may fetch ${cost} fields; at most ${COST_MAX} are answered. ` +
      "Ask for fewer items, or page through them",
  };
}

/** What is asked of our data, and what of the schema. The document has been validated. */
export function measure(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Variables,
): { own: Measure; introspection: Measure } {
  const operation = getOperationAST(document, operationName);
  if (!operation) return { own: NOTHING, introspection: NOTHING };
  const values = { ...defaultsOf(operation), ...variables };
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, Measure>();

  function ofSelections(
    { selections }: SelectionSetNode,
    wanted: (field: FieldNode) => boolean = () => true,
  ): Measure {
    let depth = 0;
    let cost = 0;
    for (const selection of selections) {
      const part = selection.kind === "Field"
        ? wanted(selection) ? ofField(selection) : NOTHING
        : selection.kind === "InlineFragment"
        ? ofSelections(selection.selectionSet, wanted)
        : ofFragment(selection.name.value, wanted);
      depth = Math.max(depth, part.depth);
      cost += part.cost;
    }
    return { depth, cost };
  }

  function ofField(field: FieldNode): Measure {
    if (field.selectionSet === undefined) return { depth: 1, cost: 1 };
    const within = ofSelections(field.selectionSet);
    return { depth: 1 + within.depth, cost: 1 + lengthOf(field, values) * within.cost };
  }

  function ofFragment(name: string, wanted: (field: FieldNode) => boolean): Measure {
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const key = `${name} ${wanted.name}`;
    const measured = known.get(key) ?? ofSelections(fragment.selectionSet, wanted);
    known.set(key, measured);
    return measured;
  }

  return {
    own: ofSelections(operation.selectionSet, isOurs),
    introspection: ofSelections(operation.selectionSet, isIntrospection),
  };
}

const NOTHING: Measure = { depth: 0, cost: 0 };

/** A variable that is not given has the value the question itself names. */
function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === "IntValue" ? [[variable.name.value, Number(defaultValue.value)]] : []
    ),
  );
}

function isIntrospection({ name }: FieldNode): boolean {
  return name.value.startsWith("__");
}

function isOurs(field: FieldNode): boolean {
  return !isIntrospection(field);
}

/** How many items the field may have: as asked for, or as many as it has by itself. */
function lengthOf({ name, arguments: given = [] }: FieldNode, variables: Variables): number {
  for (const { name, value } of given) {
    if (!LENGTHS.has(name.value)) continue;
    const length = value.kind === "IntValue"
      ? Number(value.value)
      : value.kind === "Variable"
      ? variables[value.name.value]
      : undefined;
    if (typeof length === "number") return Math.max(1, length);
  }
  return LISTS[name.value] ?? 1;
}
