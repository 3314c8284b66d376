/**
 * A small real server of one slide for tests: GraphQL over HTTP and over graphql-ws, on a free loopback port, with the project's own schema.
 *
 * It keeps the rules the client relies on (contiguous seq, versions, one effect per mutation id) and can misbehave on demand: lose events,
 * cut lines, forget the past.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buildSchema, execute, type GraphQLSchema, graphql, subscribe, validate } from "graphql";
import { useServer as serveSubscriptions } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Geometry } from "../../model/annotation";
import { areaOf, boundsOf, lengthOf } from "../../model/geometry";
import { Value } from "../../model/observable";

interface StoredAnnotation {
  readonly id: string;
  readonly version: number;
  readonly geometryVersion: number;
  readonly deletedAt: string | null;
  readonly kind: string;
  readonly geometry: Geometry;
  readonly termId: string | null;
  readonly note: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly locked: boolean;
  readonly by: string;
}

interface LoggedEvent {
  readonly seq: number;
  readonly clientId: string;
  readonly mutationId: string;
  readonly actor: string;
  readonly before: readonly (StoredAnnotation | undefined)[];
  readonly after: readonly StoredAnnotation[];
  readonly undone?: boolean;
}

interface OpFields {
  readonly id: string;
  readonly expectedVersion?: number | null;
  readonly kind?: string;
  readonly geometry?: Geometry;
  readonly termId?: string | null;
  readonly clearTerm?: boolean;
  readonly note?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly locked?: boolean;
}

type OpInput = Readonly<Partial<Record<"create" | "update" | "delete" | "restore", OpFields>>>;

interface OpsInput {
  readonly clientId: string;
  readonly mutationId: string;
  readonly ops: readonly OpInput[];
}

interface PresenceInput {
  readonly clientId: string;
  readonly cursor?: readonly number[] | null;
  readonly viewport?: readonly number[] | null;
  readonly selection?: readonly string[] | null;
  readonly tool?: string | null;
  readonly stroke?: readonly number[] | null;
  readonly left?: boolean | null;
}

type EventRecord = Readonly<Record<string, unknown>> & { readonly __typename: string };

const PEOPLE: Readonly<Record<string, { readonly id: string; readonly name: string; readonly color: string }>> = {
  ada: { id: "ada", name: "Ada", color: "#8fd3c1" },
  ben: { id: "ben", name: "Ben", color: "#ffc078" },
};
const LAYER = {
  id: "layer-1",
  kind: "USER",
  name: "Ada",
  color: "#8fd3c1",
  predictionId: null,
  annotationCount: 0,
  owner: PEOPLE.ada,
};
const WHEN = "2026-01-01T00:00:00Z";

export class SlideServer {
  readonly annotations = new Map<string, StoredAnnotation>();
  readonly log: LoggedEvent[] = [];
  /** Every GraphQL operation answered over HTTP, by name. */
  readonly requests: string[] = [];
  /** The `sinceSeq` of every subscription there ever was. */
  readonly subscriptions = new Value<readonly (number | null)[]>([]);
  readonly presence = new Value<readonly PresenceInput[]>([]);
  /** Requests of this operation get a broken line instead of an answer, after taking effect: so many times. */
  cutAfter: { operation: string; times: number } | null = null;
  /** Requests of this operation get a broken line and no effect: so many times. */
  cutBefore: { operation: string; times: number } | null = null;
  /** Events with these seqs are not delivered to those subscribed now. */
  readonly lostSeqs = new Set<number>();
  /** Asked for less than this, the server has forgotten. */
  horizon = 0;
  pageSize = 500;
  predictions: readonly Readonly<Record<string, unknown>>[] = [];

  private readonly subscribers = new Set<(event: EventRecord) => void>();
  private readonly schema: GraphQLSchema;
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private seq = 0;

  private constructor() {
    this.schema = readSchema();
    this.http = createServer((request, response) => void this.answer(request, response));
    this.sockets = new WebSocketServer({ server: this.http, path: "/graphql" });
    serveSubscriptions(
      {
        schema: this.schema,
        // Said outright, since schema and functions must come from one copy of `graphql`.
        validate,
        execute: (args) => execute({ ...args, rootValue: this.roots() }),
        subscribe: (args) => subscribe({ ...args, rootValue: this.roots() }),
      },
      this.sockets,
    );
  }

  static async start(): Promise<SlideServer> {
    const server = new SlideServer();
    await new Promise<void>((resolve) => server.http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** An edit by someone else. */
  edit(who: string, ops: readonly OpInput[]): void {
    this.apply({ clientId: `${who}-client`, mutationId: `${who}-${this.seq + 1}`, ops }, who);
  }

  /** Sends an event that has no seq of the log: presence, progress. */
  send(event: EventRecord): void {
    for (const deliver of [...this.subscribers]) deliver(event);
  }

  /** Breaks every socket, as a network does. */
  dropSockets(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  /** Reads no more from any socket that is open now, nor closes it: a line that went away without a word. */
  muteSockets(): void {
    for (const socket of this.sockets.clients) socket.pause();
  }

  /** Closes every socket with a code of the protocol. */
  closeSockets(code: number, reason: string): void {
    for (const socket of this.sockets.clients) socket.close(code, reason);
  }

  async stop(): Promise<void> {
    this.dropSockets();
    this.sockets.close();
    this.http.closeAllConnections();
    await new Promise<void>((resolve) => this.http.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as {
      query: string;
      variables?: Record<string, unknown>;
      operationName?: string;
    };
    const name = body.operationName ?? "";
    this.requests.push(name);
    if (this.cutBefore?.operation === name && this.cutBefore.times-- > 0) return void response.destroy();
    const result = await graphql({
      schema: this.schema,
      source: body.query,
      variableValues: body.variables ?? {},
      rootValue: this.roots(),
    });
    if (this.cutAfter?.operation === name && this.cutAfter.times-- > 0) return void response.destroy();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(result));
  }

  private roots(): Record<string, unknown> {
    return {
      layers: () => [LAYER],
      predictions: () => ({ nodes: this.predictions, pageInfo: { hasNextPage: false, endCursor: null } }),
      annotations: ({ after }: { after?: string | null }) => {
        const all = [...this.annotations.values()].filter((row) => row.deletedAt === null);
        const from = after == null ? 0 : Number(after);
        const nodes = all.slice(from, from + this.pageSize).map(recordOf);
        const end = from + nodes.length;
        return { seq: this.seq, nodes, pageInfo: { hasNextPage: end < all.length, endCursor: String(end) } };
      },
      applyAnnotationOps: ({ input }: { input: OpsInput }) => this.apply(input, "ada"),
      undo: ({ input }: { input: OpsInput }) => this.undo(input),
      redo: () => ({
        __typename: "Failure",
        code: "NOTHING_TO_REDO",
        message: "You have nothing to redo on this slide.",
        params: null,
      }),
      updatePresence: ({ input }: { input: PresenceInput }) => {
        this.presence.update((all) => [...all, input]);
        return { __typename: "PresenceAccepted", people: 1 };
      },
      slideEvents: ({ sinceSeq }: { sinceSeq?: number | null }) => this.events(sinceSeq ?? null),
    };
  }

  private apply(input: OpsInput, who: string): EventRecord {
    const replayed = this.log.find(
      (event) => event.clientId === input.clientId && event.mutationId === input.mutationId,
    );
    if (replayed !== undefined) return applied(replayed);
    const state = new Map(this.annotations);
    const conflicts: unknown[] = [];
    const ids: string[] = [];
    for (const op of input.ops) {
      const [kind, fields] = Object.entries(op).find(([, value]) => value != null) as [keyof OpInput, OpFields];
      const row = state.get(fields.id);
      if (kind !== "create" && row === undefined) {
        return {
          __typename: "Failure",
          code: "ANNOTATION_NOT_FOUND",
          message: `There is no annotation ${fields.id} on this slide.`,
          params: null,
        };
      }
      if (row?.locked === true && fields.locked !== false) {
        return {
          __typename: "Failure",
          code: "ANNOTATION_LOCKED",
          message: `Annotation ${row.id} is locked.`,
          params: { id: row.id },
        };
      }
      if (row !== undefined && isStale(kind, fields, row)) {
        conflicts.push({ id: row.id, current: recordOf(row), expectedVersion: fields.expectedVersion });
        continue;
      }
      state.set(fields.id, changed(kind, fields, row, who));
      ids.push(fields.id);
    }
    if (conflicts.length > 0)
      return { __typename: "AnnotationConflict", message: "Annotations changed since you saw them.", conflicts };
    return this.write(input, who, ids, state);
  }

  private undo(input: OpsInput): EventRecord {
    const target = this.log.findLast((event) => event.actor === "ada" && event.undone !== true);
    if (target === undefined)
      return {
        __typename: "Failure",
        code: "NOTHING_TO_UNDO",
        message: "You have nothing to undo on this slide.",
        params: null,
      };
    this.log[this.log.indexOf(target)] = { ...target, undone: true };
    const state = new Map(this.annotations);
    const ids: string[] = [];
    const skipped: unknown[] = [];
    target.after.forEach((after, index) => {
      const now = state.get(after.id);
      const before = target.before[index];
      if (now === undefined || contentOf(now) !== contentOf(after)) {
        skipped.push({
          id: after.id,
          code: "CHANGED_SINCE",
          message: `Annotation ${after.id} was changed by someone since, so it stays as it is.`,
        });
        return;
      }
      const version = now.version + 1;
      state.set(after.id, { ...(before ?? { ...now, deletedAt: WHEN }), version, geometryVersion: version });
      ids.push(after.id);
    });
    const result = this.write(input, "ada", ids, state, true);
    return { ...result, skipped };
  }

  private write(
    input: OpsInput,
    who: string,
    ids: readonly string[],
    state: ReadonlyMap<string, StoredAnnotation>,
    undone = false,
  ): EventRecord {
    this.seq++;
    const event: LoggedEvent = {
      seq: this.seq,
      clientId: input.clientId,
      mutationId: input.mutationId,
      actor: who,
      before: ids.map((id) => this.annotations.get(id)),
      after: ids.flatMap((id) => state.get(id) ?? []),
      undone,
    };
    for (const row of event.after) this.annotations.set(row.id, row);
    this.log.push(event);
    if (!this.lostSeqs.has(event.seq)) this.send(changedEvent(event));
    return applied(event);
  }

  private async *events(sinceSeq: number | null): AsyncGenerator<{ slideEvents: EventRecord }> {
    const queue: EventRecord[] = [];
    let wake: (() => void) | null = null;
    const deliver = (event: EventRecord) => {
      queue.push(event);
      wake?.();
    };
    this.subscribers.add(deliver);
    this.subscriptions.update((all) => [...all, sinceSeq]);
    try {
      if (sinceSeq !== null && sinceSeq < this.horizon) {
        yield {
          slideEvents: {
            __typename: "ResyncRequired",
            seq: this.seq,
            reason: "The events you ask for are no longer kept.",
          },
        };
      } else if (sinceSeq !== null) {
        queue.unshift(
          ...this.log
            .filter((event) => event.seq > sinceSeq && !queue.some((queued) => queued.seq === event.seq))
            .map(changedEvent),
        );
      }
      while (true) {
        const next = queue.shift();
        if (next !== undefined) yield { slideEvents: next };
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.subscribers.delete(deliver);
    }
  }
}

function isStale(kind: keyof OpInput, fields: OpFields, row: StoredAnnotation): boolean {
  if (kind === "create") return false;
  if (kind === "update") {
    const geometryIsStale =
      fields.geometry !== undefined && fields.geometry !== null && (fields.expectedVersion ?? 0) < row.geometryVersion;
    return geometryIsStale || row.deletedAt !== null;
  }
  return fields.expectedVersion != null && fields.expectedVersion !== row.version;
}

function changed(
  kind: keyof OpInput,
  fields: OpFields,
  row: StoredAnnotation | undefined,
  by: string,
): StoredAnnotation {
  if (row === undefined) {
    return {
      id: fields.id,
      version: 1,
      geometryVersion: 1,
      deletedAt: null,
      kind: fields.kind ?? "POLYGON",
      geometry: fields.geometry ?? { type: "Point", coordinates: [0, 0] },
      termId: fields.termId ?? null,
      note: fields.note ?? "",
      attributes: fields.attributes ?? {},
      locked: false,
      by,
    };
  }
  const version = row.version + 1;
  if (kind === "delete") return { ...row, version, deletedAt: WHEN, by };
  if (kind === "restore") return { ...row, version, deletedAt: null, by };
  return {
    ...row,
    version,
    by,
    ...(fields.geometry == null
      ? {}
      : { geometry: fields.geometry, kind: fields.kind ?? row.kind, geometryVersion: version }),
    termId: fields.clearTerm === true ? null : (fields.termId ?? row.termId),
    note: fields.note ?? row.note,
    locked: fields.locked ?? row.locked,
    attributes: { ...row.attributes, ...fields.attributes },
  };
}

function recordOf({ by, geometryVersion: _, ...row }: StoredAnnotation): Readonly<Record<string, unknown>> {
  return {
    ...row,
    slideId: "slide-1",
    layerId: LAYER.id,
    bounds: boundsOf(row.geometry),
    areaPx: areaOf(row.geometry),
    lengthPx: lengthOf(row.geometry),
    createdAt: WHEN,
    updatedAt: WHEN,
    createdBy: PEOPLE[by],
    updatedBy: PEOPLE[by],
  };
}

/** What an undo looks at: everything but the versions. */
function contentOf({ version: _, geometryVersion: __, by: ___, ...content }: StoredAnnotation): string {
  return JSON.stringify(content);
}

function changedEvent(event: LoggedEvent): EventRecord {
  const { seq, clientId, mutationId, actor, after } = event;
  return {
    __typename: "AnnotationsChanged",
    seq,
    clientId,
    mutationId,
    actor: PEOPLE[actor],
    annotations: after.map(recordOf),
    layers: [],
  };
}

function applied(event: LoggedEvent): EventRecord {
  return { __typename: "AppliedOps", seq: event.seq, annotations: event.after.map(recordOf), skipped: [] };
}

function readSchema(): GraphQLSchema {
  const root = join(import.meta.dirname, "../../../..");
  const printed = join(root, "schema.graphql");
  const files = existsSync(printed)
    ? [printed]
    : [join(root, "schema/contract.graphql"), join(root, "web/scripts/contract-inputs.graphql")];
  return buildSchema(files.map((file) => readFileSync(file, "utf8")).join("\n"));
}
