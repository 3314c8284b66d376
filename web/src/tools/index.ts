/** The workbench, for the panels: viewer, tools and session joined. */
export { TOOL_KEYS } from "./keys";
export { openWorkbench } from "./workbench";
