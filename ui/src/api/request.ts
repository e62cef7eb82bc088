/** How the API is asked. Whatever goes wrong comes out as an {@link ApiError} that a page can show as it is. */

import * as z from "zod/mini";

import { problem } from "./schemas.ts";

export type ApiErrorKind =
  | "unreachable"
  | "unexpected"
  | "invalid"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "unavailable"
  | "internal";

/** Something of what was sent that is wrong. */
export interface Mistake {
  /** Where: what it belongs to, and its key. */
  readonly at: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** Characters of a query, from 0; from and to are the same where something is missing. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly kind: ApiErrorKind;
  readonly mistakes: readonly Mistake[];
  /** Of a query that is none: what of it is wrong. */
  readonly at: Place | null;

  constructor(kind: ApiErrorKind, message: string, mistakes: readonly Mistake[] = [], at: Place | null = null) {
    super(message);
    this.kind = kind;
    this.mistakes = mistakes;
    this.at = at;
  }
}

/** A part of a list that is longer. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly next: string | null;
}

/** A question to the API, as an address has it. */
export interface Call {
  /** Below `/api/v1/`. */
  readonly path: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** Who is told of a call that is not to be made, by the signal that would end it. */
const told = new WeakMap<AbortSignal, (call: Call) => void>();

/** With this signal calls are told and not made; what waits for their answers is never gone on with. */
export function tellingSignal(tell: (call: Call) => void): AbortSignal {
  const { signal } = new AbortController();
  told.set(signal, tell);
  return signal;
}

export type Parameter = string | number | bigint | boolean | null;

export type Parameters = Readonly<Record<string, Parameter>>;

export async function get<Schema extends z.ZodMiniType>(
  path: string,
  parameters: Parameters,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.output<Schema>> {
  return parsed(await bodyOf(await open(path, parameters, signal)), schema);
}

/** An answer that is one, not yet read. */
export async function open(path: string, parameters: Parameters, signal: AbortSignal): Promise<Response> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== "") search.set(name, String(value));
  }
  const tell = told.get(signal);
  if (tell !== undefined) {
    tell({ path, parameters: [...search] });
    return new Promise(() => {});
  }
  const query = search.size === 0 ? "" : `?${search}`;
  return ask(`${path}${query}`, { signal });
}

/** @param body null where there is nothing to say but the path. */
export async function send<Schema extends z.ZodMiniType>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body: unknown,
  schema: Schema,
): Promise<z.output<Schema>> {
  // With a type that no form of another site can send, whatever the body.
  const answer = await ask(path, {
    method,
    headers: { accept: "application/json", "content-type": "application/json" },
    ...(body !== null && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw error instanceof ApiError && error.kind === "forbidden" ? new ApiError("forbidden", MAY_ONLY_READ) : error;
  });
  return parsed(await bodyOf(answer), schema);
}

const MAY_ONLY_READ = "This key may only read. To change something, sign in with a key that may write.";

export function parsed<Schema extends z.ZodMiniType>(body: unknown, schema: Schema): z.output<Schema> {
  const parsed = z.safeParse(schema, body);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const place = first?.path.join(".") ?? "";
  throw new ApiError("unexpected", `The answer is not what the API promises: ${place}: ${first?.message ?? ""}`);
}

const bodyOf = (response: Response): Promise<unknown> => response.json().catch(() => null);

async function ask(path: string, how: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, { headers: { accept: "application/json" }, ...how });
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiError(
      "unreachable",
      "The query service can't be reached. Is `coldtrace up` (or `coldtrace query`) running?",
    );
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** What an answer that is none says. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const told = z.safeParse(problem, body);
  if (!told.success) return new ApiError("unexpected", `The server answered with status ${response.status}.`);
  const { code, message, parameter, mistakes, at } = told.data.error;
  // The message is about the parameter and does not name it; a query is pointed into.
  const isNamed = parameter === undefined || at !== undefined;
  return new ApiError(kindOf(code), isNamed ? message : `${parameter}: ${message}`, mistakes, at);
}

function kindOf(code: string): ApiErrorKind {
  switch (code) {
    case "invalid":
    case "forbidden":
    case "not_found":
    case "conflict":
    case "unavailable":
      return code;
    default:
      return "internal";
  }
}
