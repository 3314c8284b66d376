/** Signing in and out: the three plain HTTP requests beside GraphQL. */
import { type Failure, NETWORK_FAILURE, RequestFailed } from "./failure";

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Registration extends Credentials {
  readonly name: string;
  readonly locale: string;
}

const TIMEOUT_MS = 20_000;

export const signIn = (credentials: Credentials): Promise<void> => post("/auth/login", credentials);
export const register = (registration: Registration): Promise<void> => post("/auth/register", registration);
export const signOut = (): Promise<void> => post("/auth/logout", {});

/** Throws `RequestFailed` with the server's own failure, or `NETWORK`. */
async function post(path: string, body: object): Promise<void> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new RequestFailed(NETWORK_FAILURE);
  }
  if (response.ok) return;
  const answer: { error?: Failure } | null = await response.json().catch(() => null);
  throw new RequestFailed(
    answer?.error ?? { code: "INTERNAL_ERROR", message: `The server answered ${response.status}.` },
  );
}
