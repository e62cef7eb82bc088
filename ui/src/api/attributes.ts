/** Attributes in OTLP's JSON form: checked and turned into the model's by hand. */

import type { AnyValue, Attribute } from "../model/attribute.ts";
import type { components } from "./generated/openapi.ts";

export type WireValue = components["schemas"]["AnyValue"];
export type WireAttribute = components["schemas"]["Attribute"];

export function isAttributes(wire: unknown): wire is WireAttribute[] {
  return Array.isArray(wire) && wire.every(isAttribute);
}

function isAttribute(wire: unknown): wire is WireAttribute {
  return isObject(wire) && typeof wire.key === "string" && isValue(wire.value);
}

export function isValue(wire: unknown): wire is WireValue {
  if (!isObject(wire)) return false;
  const { stringValue, intValue, arrayValue, kvlistValue } = wire;
  if (typeof stringValue === "string") return true;
  if (intValue !== undefined) return typeof intValue === "string" && /^-?[0-9]+$/.test(intValue);
  if (arrayValue !== undefined) {
    return isObject(arrayValue) && Array.isArray(arrayValue.values) && arrayValue.values.every(isValue);
  }
  if (kvlistValue !== undefined) return isObject(kvlistValue) && isAttributes(kvlistValue.values);
  return true;
}

export function isObject(wire: unknown): wire is Record<string, unknown> {
  return typeof wire === "object" && wire !== null;
}

export function toAttributes(wire: readonly WireAttribute[]): readonly Attribute[] {
  return wire.map(({ key, value }) => ({ key, value: toValue(value) }));
}

export function toValue(wire: WireValue): AnyValue {
  if (wire.stringValue !== undefined) return { kind: "string", value: wire.stringValue };
  if (wire.boolValue !== undefined) return { kind: "bool", value: wire.boolValue };
  if (wire.intValue !== undefined) return { kind: "int", value: BigInt(wire.intValue) };
  if (wire.doubleValue !== undefined) return { kind: "double", value: Number(wire.doubleValue) };
  if (wire.bytesValue !== undefined) return { kind: "bytes", value: wire.bytesValue };
  if (wire.arrayValue !== undefined) return { kind: "array", value: wire.arrayValue.values.map(toValue) };
  if (wire.kvlistValue !== undefined) return { kind: "map", value: toAttributes(wire.kvlistValue.values) };
  return { kind: "empty" };
}
