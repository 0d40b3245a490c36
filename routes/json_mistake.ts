/** Where a text stops being JSON: the engine's own messages often leave that out. */

/** In a sentence, for whoever sent it. */
export function mistakeIn(text: string): string {
  const at = firstMistake(text);
  if (at >= text.length) return "it ends too early";
  const before = text.slice(0, at).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  const found = JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
  return `unexpected ${found} at line ${before.length}, column ${column} (position ${at})`;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The position of the first character that no JSON text could have there. */
function firstMistake(text: string): number {
  const open: ("{" | "[")[] = [];
  let at = 0;
  /** What may come next: a value, a key, or what follows a value. */
  let expected: "value" | "value-or-end" | "key" | "key-or-end" | "after" = "value";

  function match(pattern: RegExp): boolean {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  }

  /** Past a string that begins here; false at the character that spoils it. */
  function string(): boolean {
    for (at++; at < text.length;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) return ++at > 0;
      if (code === 0x5c) {
        if (!match(ESCAPE)) return false;
      } else if (code < 0x20) return false;
      else at++;
    }
    return false;
  }

  for (;;) {
    match(SPACE);
    const character = text[at];
    if (character === undefined) return at;
    const closes = open.at(-1) === "{" ? "}" : "]";
    if (expected === "after") {
      if (open.length === 0) return at;
      if (character === closes) open.pop();
      else if (character === ",") expected = closes === "}" ? "key" : "value";
      else return at;
      at++;
    } else if (expected.endsWith("-or-end") && character === closes) {
      open.pop();
      expected = "after";
      at++;
    } else if (expected.startsWith("key")) {
      if (character !== '"' || !string()) return at;
      match(SPACE);
      if (text[at] !== ":") return at;
      at++;
      expected = "value";
    } else if (character === "{" || character === "[") {
      open.push(character);
      expected = character === "{" ? "key-or-end" : "value-or-end";
      at++;
    } else {
      if (character === '"' ? !string() : !match(SCALAR)) return at;
      expected = "after";
    }
  }
}
