/** The client's addresses. */
export const HOME = "/";
export const SETTINGS = "/settings";
export const projectPath = (id: string): string => `/p/${id}`;
export const slidePath = (id: string): string => `/s/${id}`;

/** The sign-in page, which leads back to where one was. */
export function signInPath(from: { readonly pathname: string; readonly search: string }): string {
  const next = from.pathname + from.search;
  return next === HOME ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
}

/** Where to go after signing in: only addresses of this client, never another site. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? HOME;
  return /^\/(?![/\\])/.test(next) ? next : HOME;
}
