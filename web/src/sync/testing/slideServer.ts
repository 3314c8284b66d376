/**
 * A small real server of one slide for tests: GraphQL over HTTP and over graphql-ws, on a free loopback port, with the project's own schema.
 *
 * It keeps the rules the client relies on (contiguous seq, versions, one effect per mutation id) and can misbehave on demand: lose events,
 * cut lines, forget the past.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buildSchema, execute, type GraphQLSchema, graphql, subscribe, validate } from "graphql";
import { useServer as serveSubscriptions } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { Value } from "../../model/observable";
import { changedEvent, EditLog, type OpsInput, type TypedRecord } from "./editLog";
import { LAYER, type OpInput, recordOf } from "./storedAnnotation";

interface PresenceInput {
  readonly clientId: string;
  readonly cursor?: readonly number[] | null;
  readonly viewport?: readonly number[] | null;
  readonly selection?: readonly string[] | null;
  readonly tool?: string | null;
  readonly stroke?: readonly number[] | null;
  readonly left?: boolean | null;
}

export class SlideServer {
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

  private readonly subscribers = new Set<(event: TypedRecord) => void>();
  private readonly schema: GraphQLSchema;
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private readonly edits = new EditLog((event) => {
    if (!this.lostSeqs.has(event.seq)) this.send(changedEvent(event));
  });
  readonly annotations = this.edits.annotations;
  readonly log = this.edits.events;

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
    this.edits.apply({ clientId: `${who}-client`, mutationId: `${who}-${this.edits.seq + 1}`, ops }, who);
  }

  /** Sends an event that has no seq of the log: presence, progress. */
  send(event: TypedRecord): void {
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
        return { seq: this.edits.seq, nodes, pageInfo: { hasNextPage: end < all.length, endCursor: String(end) } };
      },
      applyAnnotationOps: ({ input }: { input: OpsInput }) => this.edits.apply(input, "ada"),
      undo: ({ input }: { input: OpsInput }) => this.edits.undo(input, "ada"),
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

  private async *events(sinceSeq: number | null): AsyncGenerator<{ slideEvents: TypedRecord }> {
    const queue: TypedRecord[] = [];
    let wake: (() => void) | null = null;
    const deliver = (event: TypedRecord) => {
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
            seq: this.edits.seq,
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

function readSchema(): GraphQLSchema {
  return buildSchema(readFileSync(join(import.meta.dirname, "../../../../schema.graphql"), "utf8"));
}
