import { createContext, useContext } from "react";
import type { connect } from "../sync/client";

export type Connection = ReturnType<typeof connect>;

const ConnectionContext = createContext<Connection | null>(null);
export const ConnectionProvider = ConnectionContext;

/** The one line to the server: GraphQL over HTTP and WebSocket. */
export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (!connection) throw new Error("useConnection needs a <ConnectionProvider> above it");
  return connection;
}
