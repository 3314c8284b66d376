/** Pages in a test: their real code over a server that answers from a table of operations. */
import { MantineProvider } from "@mantine/core";
import { type RenderResult, render } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { Client, type Exchange, makeErrorResult, makeResult, type Operation } from "@urql/core";
import { GraphQLError, Kind } from "graphql";
import type { ReactNode } from "react";
import { Provider } from "urql";
import { filter, map, pipe } from "wonka";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { theme } from "../../theme/theme";
import { SignedIn } from "../session";
import { Toasts } from "../toasts";

/** By the operation's name; what it returns is the answer's data, what it throws the answer's error. */
export type Answers = Readonly<Record<string, (variables: Record<string, unknown>) => object>>;

export interface Call {
  readonly name: string;
  readonly variables: Record<string, unknown>;
}

export const ME = { id: "u1", name: "Yuna Kim", color: "#85e0c4" };

const SIGNED_IN: Answers = {
  Me: () => ({ me: { email: "yuna@example.org", locale: "en", isAdmin: false, toured: true, user: ME } }),
  ProjectUploads: () => ({ uploads: [] }),
  Server: () => ({ server: { version: "0.1.0", registrationOpen: true, uploadMaxBytes: 2e10, authProviders: [] } }),
};

export interface Rendered extends RenderResult {
  readonly user: UserEvent;
  readonly calls: readonly Call[];
  /** Where the page has gone, the newest last. */
  readonly history: readonly string[];
}

export interface RenderOptions {
  readonly answers?: Answers;
  readonly path?: string;
  /** Whether the page is one for people who are signed in. */
  readonly signedIn?: boolean;
}

export function renderPage(
  page: ReactNode,
  { answers = {}, path = "/", signedIn = true }: RenderOptions = {},
): Rendered {
  const calls: Call[] = [];
  const client = new Client({
    url: "http://test/graphql",
    preferGetMethod: false,
    exchanges: [answering({ ...SIGNED_IN, ...answers }, calls)],
  });
  const location = memoryLocation({ path, record: true });
  const result = render(
    <MantineProvider theme={theme} env="test">
      <Provider value={client}>
        <Router hook={location.hook} searchHook={location.searchHook}>
          {signedIn ? <SignedIn>{page}</SignedIn> : page}
          <Toasts />
        </Router>
      </Provider>
    </MantineProvider>,
  );
  return { ...result, user: userEvent.setup(), calls, history: location.history };
}

function answering(answers: Answers, calls: Call[]): Exchange {
  return () => (operations) =>
    pipe(
      operations,
      filter((operation) => operation.kind !== "teardown"),
      map((operation) => {
        const name = nameOf(operation);
        const variables: Record<string, unknown> = operation.variables ?? {};
        calls.push({ name, variables });
        const answer = answers[name];
        if (!answer) throw new Error(`The test gives no answer to ${name}`);
        try {
          return makeResult(operation, { data: answer(variables) });
        } catch (error) {
          if (error instanceof GraphQLError) return makeResult(operation, { errors: [error] });
          return makeErrorResult(operation, error as Error);
        }
      }),
    );
}

function nameOf(operation: Operation): string {
  const definition = operation.query.definitions.find((part) => part.kind === Kind.OPERATION_DEFINITION);
  return definition?.name?.value ?? "";
}
