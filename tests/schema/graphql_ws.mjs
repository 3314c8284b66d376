// An independent client, npm's graphql-ws, against the socket: each step's outcome in one JSON line.
//
// node graphql_ws.mjs '{"web", "url", "cookie", "slide"}'
import { createRequire } from "node:module";
import { join } from "node:path";

const given = JSON.parse(process.argv[2]);
const require = createRequire(join(given.web, "package.json"));
const { createClient } = require("graphql-ws");
const outcome = {};

/** The platform's own WebSocket, with the headers that a browser would send. */
function socketClass(headers) {
  return class extends WebSocket {
    constructor(address, protocols) {
      super(address, { protocols, headers });
    }
  };
}
const origin = given.url;
const signedIn = { cookie: given.cookie, origin };
const address = `${given.url.replace("http", "ws")}/graphql`;
const client = (options = {}, headers = signedIn) =>
  createClient({ url: address, webSocketImpl: socketClass(headers), lazy: true, retryAttempts: 0, ...options });

/** The results of an operation until it ends or `enough` says so. */
function results(from, operation, enough = () => false) {
  return new Promise((resolve) => {
    const got = [];
    let stop = () => {};
    stop = from.subscribe(operation, {
      next: (value) => {
        got.push(value);
        if (enough(got)) stop();
      },
      error: (error) => resolve({ got, error }),
      complete: () => resolve({ got, completed: true }),
    });
  });
}

/** The close code that a bare socket ends with after sending these texts. */
function closeCode(texts, headers = signedIn, protocol = "graphql-transport-ws") {
  return new Promise((resolve, reject) => {
    const socket = new (socketClass(headers))(address, protocol);
    socket.onopen = () => texts.forEach((text) => socket.send(text));
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
    socket.onerror = () => setTimeout(() => reject(new Error("no socket")), 200);
  });
}

// connect, query, complete
const common = client();
outcome.query = await results(common, { query: "{ server { version } me { user { name } } }" });
// ping and pong, both ways
outcome.pong = await new Promise((resolve) => {
  const pinging = client({ keepAlive: 50, lazy: false, onNonLazyError: () => {} });
  pinging.on("pong", (received) => {
    if (received) {
      resolve(true);
      pinging.dispose();
    }
  });
});
// a subscription: events, then completed by the client
const APPLY = `mutation($input: ApplyAnnotationOpsInput!) { applyAnnotationOps(input: $input) { __typename } }`;
const FOLLOW = `subscription($slide: ID!) { slideEvents(slideId: $slide, sinceSeq: 0) { ... on AnnotationsChanged { seq } } }`;
const draw = (mutationId) => ({
  query: APPLY,
  variables: {
    input: {
      slideId: given.slide,
      clientId: "independent",
      mutationId,
      ops: [{ create: { id: crypto.randomUUID(), kind: "POINT", geometry: { type: "Point", coordinates: [1, 2] } } }],
    },
  },
});
await results(common, draw("1"));
const following = results(common, { query: FOLLOW, variables: { slide: given.slide } }, (got) => got.length === 2);
await results(common, draw("2"));
outcome.stream = await following;
// after a complete the id is free and the socket lives
outcome.afterComplete = await results(common, { query: "{ server { version } }" });
// errors: of validation, and of a slide one may not see
outcome.invalid = await results(common, { query: "{ nonsense }" });
outcome.denied = await results(common, {
  query: FOLLOW,
  variables: { slide: "00000000-0000-4000-8000-000000000000" },
});
common.dispose();
// close codes
const init = '{"type":"connection_init"}';
const subscribe = (id, query) => JSON.stringify({ id, type: "subscribe", payload: { query } });
const follow = JSON.stringify({ id: "1", type: "subscribe", payload: { query: FOLLOW, variables: { slide: given.slide } } });
/** The code with which this client itself ends a connection. */
const ownCode = (options) =>
  new Promise((resolve) => {
    const impatient = client({ lazy: false, onNonLazyError: () => {}, ...options });
    impatient.on("closed", ({ code }) => resolve(code));
  });
/** The code with which an operation of this client ends. */
const endCode = async (operation, options, headers) => (await results(client(options, headers), operation)).error?.code;
const version = { query: "{ server { version } }" };
outcome.clientCodes = {
  badRequest: await endCode({ query: "{ not finished" }),
  forbidden: await endCode(version, {}, { origin, cookie: "coslide=expired" }),
  internalServerError: await endCode(version, { connectionParams: { authorization: "Bearer breaks" } }),
  tryAgainLater: await endCode(version, { connectionParams: { authorization: "Bearer away" } }),
  acknowledgementTimeout: await ownCode({
    connectionAckWaitTimeout: 20,
    connectionParams: { authorization: "Bearer slow" },
  }),
};
outcome.codes = {
  badRequest: (await closeCode(["{"])).code,
  unauthorized: (await closeCode([subscribe("1", "{ server { version } }")])).code,
  forbidden: (await closeCode([init], { origin, cookie: "coslide=expired" })).code,
  tooManyInits: (await closeCode([init, init])).code,
  subscriberExists: (await closeCode([init, follow, follow])).code,
  initialisationTimeout: (await closeCode([])).code,
  subprotocol: (await closeCode([], signedIn, [])).code,
  badFirstMessage: (await closeCode(['{"type":"connection_init","payload":7}'])).code,
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);
