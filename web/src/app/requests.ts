/** Mutations as plain promises: the payload, or `RequestFailed`. */
import type { AnyVariables, Client, TypedDocumentNode } from "@urql/core";
import { useCallback, useState } from "react";
import { useClient } from "urql";
import { type Failure, failureOf, RequestFailed } from "./failure";

type Payload<Result> = Exclude<Result, { readonly __typename: "Failure" }>;
type Answered = { readonly __typename: string };

/**
 * Sends a mutation whose single field is a union with `Failure`.
 *
 * Throws `RequestFailed` for a `Failure`, a refused operation and a dead line alike.
 */
export async function send<Data extends Record<string, Answered | string>, Variables extends AnyVariables>(
  client: Client,
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Payload<Extract<Data[keyof Data], Answered>>> {
  const { data, error } = await client.mutation(mutation, variables).toPromise();
  if (error) throw new RequestFailed(failureOf(error));
  const answer = Object.values(data ?? {}).find((value) => typeof value === "object");
  if (!answer) throw new RequestFailed({ code: "INTERNAL_ERROR", message: "The server answered nothing." });
  if (answer.__typename === "Failure") throw new RequestFailed(answer as unknown as Failure);
  return answer as Payload<Extract<Data[keyof Data], Answered>>;
}

export interface Action<Input, Result> {
  /** Resolves to the payload, or to `null` after a failure, which is then in `failure`. */
  readonly run: (input: Input) => Promise<Result | null>;
  readonly busy: boolean;
  readonly failure: Failure | null;
  readonly clear: () => void;
}

/** A mutation for a form or button: whether it runs, and why it failed. */
export function useAction<Data extends Record<string, Answered | string>, Input>(
  mutation: TypedDocumentNode<Data, { input: Input } & AnyVariables>,
): Action<Input, Payload<Extract<Data[keyof Data], Answered>>> {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = useCallback(
    async (input: Input) => {
      setBusy(true);
      setFailure(null);
      try {
        return await send(client, mutation, { input } as { input: Input } & AnyVariables);
      } catch (error) {
        setFailure(failureOf(error));
        return null;
      } finally {
        setBusy(false);
      }
    },
    [client, mutation],
  );
  const clear = useCallback(() => setFailure(null), []);
  return { run, busy, failure, clear };
}
