/** One connection to the API: urql for queries and mutations over HTTP, graphql-ws for what is live. Same origin, session cookie. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { print } from "graphql";
import { createClient as createSocketClient, type Client as SocketClient } from "graphql-ws";

const REQUEST_TIMEOUT_MS = 20_000;
const PING_EVERY_MS = 5_000;

export interface ConnectOptions {
  /** Where the API is; the page's own origin by default. */
  readonly origin?: string;
  /** How often the socket is asked for a sign of life; one that takes as long to come is given up. */
  readonly pingEveryMs?: number;
  /** For tests outside a browser. */
  readonly webSocketImpl?: unknown;
}

/** The line broke, or nobody answered in time: nothing is known about what the server did. */
export class NetworkFailure extends Error {
  constructor(cause: unknown) {
    super(
      `The server could not be reached (${cause instanceof Error ? cause.message : String(cause)}). It is tried again.`,
      { cause },
    );
    this.name = "NetworkFailure";
  }
}

/** The server answered with a GraphQL error instead of data: not signed in any more, or a fault of its own. */
export class RequestRefused extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = "RequestRefused";
  }
}

export class GraphqlConnection {
  /** For the panels' own queries and mutations. */
  readonly client: Client;
  readonly origin: string;
  private readonly webSocketImpl: unknown;
  private readonly pingEveryMs: number;

  constructor({ origin = location.origin, pingEveryMs = PING_EVERY_MS, webSocketImpl }: ConnectOptions = {}) {
    this.pingEveryMs = pingEveryMs;
    this.origin = origin;
    this.webSocketImpl = webSocketImpl;
    this.client = new Client({
      url: `${origin}/graphql`,
      exchanges: [cacheExchange, fetchExchange],
      preferGetMethod: false,
      fetchOptions: { credentials: "same-origin" },
      fetch: (input, init) => fetch(input, { ...init, signal: withTimeout(init?.signal ?? null) }),
    });
  }

  /**
   * Runs one operation past every cache.
   *
   * Throws `NetworkFailure` when nothing is known of the outcome, `RequestRefused` when the server refused.
   */
  async execute<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const isMutation = document.definitions.some(
      (part) => part.kind === "OperationDefinition" && part.operation === "mutation",
    );
    const context = { requestPolicy: "network-only" as const };
    const { data, error } = isMutation
      ? await this.client.mutation<Data, object>(document, variables, context).toPromise()
      : await this.client.query<Data, object>(document, variables, context).toPromise();
    if (error !== undefined) {
      const [first] = error.graphQLErrors;
      if (first === undefined) throw new NetworkFailure(error.networkError ?? error);
      throw new RequestRefused(first.message, String(first.extensions.code ?? "REQUEST_REFUSED"));
    }
    if (data === undefined) throw new NetworkFailure(new Error("the answer was empty"));
    return data;
  }

  /** A socket of its own; it does not reconnect by itself, since whoever subscribes must first say from where to go on. */
  openSocket(events: SocketEvents): LiveSocket {
    return new LiveSocket(
      `${this.origin.replace(/^http/, "ws")}/graphql`,
      events,
      this.pingEveryMs,
      this.webSocketImpl,
    );
  }
}

export interface SocketEvents {
  readonly onConnected: () => void;
  readonly onLatency: (milliseconds: number) => void;
}

export class LiveSocket {
  private readonly socket: SocketClient;
  private pingedAt: number | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    events: SocketEvents,
    private readonly pingEveryMs: number,
    webSocketImpl: unknown,
  ) {
    this.socket = createSocketClient({
      url,
      lazy: true,
      lazyCloseTimeout: 0,
      keepAlive: pingEveryMs,
      retryAttempts: 0,
      connectionAckWaitTimeout: REQUEST_TIMEOUT_MS,
      ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
      on: {
        connected: (raw) => {
          events.onConnected();
          this.pingSoon(raw as WebSocket);
        },
        closed: () => clearTimeout(this.silence),
        ping: (received) => {
          if (!received) this.awaitPong();
        },
        pong: (received) => {
          if (!received || this.pingedAt === null) return;
          clearTimeout(this.silence);
          events.onLatency(performance.now() - this.pingedAt);
          this.pingedAt = null;
        },
      },
    });
  }

  subscribe<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    sink: { readonly next: (data: Data) => void; readonly ended: (cause: unknown) => void },
  ): () => void {
    return this.socket.subscribe<Data>(
      { query: print(document), variables },
      {
        next: ({ data, errors }) => {
          if (data !== undefined && data !== null) sink.next(data);
          else sink.ended(errors?.[0] ?? new Error("The server sent an event without data."));
        },
        error: sink.ended,
        complete: () => sink.ended(null),
      },
    );
  }

  /** Sends a mutation over the socket without waiting for, or caring about, the answer. */
  tell<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): void {
    this.socket.subscribe<Data>(
      { query: print(document), variables },
      { next: ignore, error: ignore, complete: ignore },
    );
  }

  close(): void {
    // It rejects when the socket it should close has broken already, which is all one wants.
    Promise.resolve(this.socket.dispose()).catch(ignore);
  }

  /** A line that went away without a word (a laptop's lid, another network) is noticed by its silence. */
  private awaitPong(): void {
    this.pingedAt = performance.now();
    clearTimeout(this.silence);
    // Not `close`, which waits for the other side's word.
    this.silence = setTimeout(() => this.socket.terminate(), this.pingEveryMs);
  }

  /** The first latency at once instead of after the first interval. */
  private pingSoon(socket: WebSocket): void {
    this.awaitPong();
    socket.send(JSON.stringify({ type: "ping" }));
  }
}

function ignore(): void {
  // Nobody waits for this: presence is replaced by the next within a moment, and a closing socket needs no answer.
}

function withTimeout(signal: AbortSignal | null): AbortSignal {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return signal === null ? timeout : AbortSignal.any([signal, timeout]);
}

/** The connection of this page. */
export function connect(options?: ConnectOptions): GraphqlConnection {
  return new GraphqlConnection(options);
}
