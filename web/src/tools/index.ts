/** The workbench, for the panels: viewer, tools and session joined. */
export { COMMAND_KEYS, type KeyCommand, TOOL_KEYS } from "./keys";
export { openWorkbench } from "./workbench";
