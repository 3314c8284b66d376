import "@mantine/core/styles.css";
import "../theme/tokens.css";
import "../theme/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startI18n } from "../i18n";
import { connect } from "../sync/client";
import { loadFonts } from "../theme/fonts";
import { App } from "./App";
import { askAhead } from "./ahead";
import { ConnectionProvider } from "./connection";

const root = document.getElementById("root");
if (!root) throw new Error('index.html has no element with the id "root"');

const connection = connect();
askAhead(connection.client, window.location.pathname);
await startI18n();
void loadFonts();
createRoot(root).render(
  <StrictMode>
    <ConnectionProvider value={connection}>
      <App client={connection.client} />
    </ConnectionProvider>
  </StrictMode>,
);
