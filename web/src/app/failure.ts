/** Expected failures: what the server said, and how it is told to the reader in their language. */
import type { CombinedError } from "@urql/core";
import i18next from "i18next";
import { formatBytes, formatDuration, formatNumber } from "../i18n/format";
import type { Failure } from "../model/failure";

export type { Failure };

/** A request that did not do what it was asked to. */
export class RequestFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = "RequestFailed";
    this.failure = failure;
  }
}

export const NETWORK_FAILURE: Failure = { code: "NETWORK", message: "The server can't be reached." };

/** The failure behind anything that was thrown or answered. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RequestFailed) return error.failure;
  if (isCombinedError(error)) {
    const [first] = error.graphQLErrors;
    if (!first) return NETWORK_FAILURE;
    const { code, field, params } = first.extensions as Partial<Failure>;
    return { code: code ?? "INTERNAL_ERROR", message: first.message, field, params };
  }
  return { code: "UNEXPECTED", message: error instanceof Error ? error.message : String(error) };
}

/** In the reader's language by the code, else in the server's own words. */
export function describeFailure(failure: Failure): string {
  const key = `failure.${failure.code}`;
  const values = readableParams(failure.params);
  const text: unknown = i18next.getResource(i18next.language, "translation", key);
  if (typeof text === "string" && slotsOf(text).every((slot) => slot in values))
    return i18next.t(key, { defaultValue: text, ...values });
  return failure.message || i18next.t("failure.fallback");
}

function slotsOf(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)/g)].flatMap((match) => match[1] ?? []);
}

/** Values as people read them: bytes, seconds and plain numbers. */
function readableParams(params: unknown): Record<string, string> {
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, readable(name, value)]));
}

function readable(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (name.endsWith("_bytes") || (name === "limit" && value >= 1e6)) return formatBytes(value);
  if (name.endsWith("_s")) return formatDuration(value);
  return formatNumber(value, Number.isInteger(value) ? 0 : 2);
}

function isCombinedError(error: unknown): error is CombinedError {
  return error instanceof Error && "graphQLErrors" in error;
}
