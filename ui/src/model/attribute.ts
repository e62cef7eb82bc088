/** Attributes as OTLP has them, and as text. */

export type AnyValue =
  | { readonly kind: "empty" }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "bytes"; readonly value: string }
  | { readonly kind: "array"; readonly value: readonly AnyValue[] }
  | { readonly kind: "map"; readonly value: readonly Attribute[] };

export interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/** One line of text. */
export function valueText(value: AnyValue): string {
  switch (value.kind) {
    case "empty":
      return "";
    case "string":
    case "bytes":
      return value.value;
    case "array":
      return `[${value.value.map(nestedText).join(", ")}]`;
    case "map":
      return `{${value.value.map(one => `${one.key}: ${nestedText(one.value)}`).join(", ")}}`;
    default:
      return String(value.value);
  }
}

function nestedText(value: AnyValue): string {
  return value.kind === "string" ? JSON.stringify(value.value) : valueText(value);
}

/** The text of an attribute, where it is there. */
export function attributeText(attributes: readonly Attribute[], key: string): string | undefined {
  const found = attributes.find(one => one.key === key);
  return found && valueText(found.value);
}
