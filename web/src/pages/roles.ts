/** What a role in a project allows; the server decides, this only hides what it would refuse. */
import type { Role } from "../gql/graphql";

export const ROLES: readonly Role[] = ["OWNER", "MANAGER", "REVIEWER", "ANNOTATOR", "VIEWER"];

/** Uploads, terms, members, slides' descriptions. */
export const manages = (role: Role): boolean => role === "OWNER" || role === "MANAGER";

/** Accepts and rejects annotations. */
export const reviews = (role: Role): boolean => role === "REVIEWER" || manages(role);

/** Draws and runs predictions. */
export const annotates = (role: Role): boolean => role !== "VIEWER";
