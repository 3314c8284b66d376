/** Questions that a page will ask, asked while its script is still on the way: who am I, and what is this slide. */
import type { Client } from "@urql/core";
import { MeDocument, SlidePageDocument } from "../gql/graphql";

const askedSlides = new Set<string>();

/** For the address that the browser was opened at; the pages find the answers in the client's cache, or join those under way. */
export function askAhead(client: Client, pathname: string): void {
  const ask = { requestPolicy: "network-only" as const };
  if (pathname.startsWith("/sign-in")) return;
  void client.query(MeDocument, {}, ask).toPromise();
  const slideId = /^\/s\/([\w-]+)$/.exec(pathname)?.[1];
  if (slideId === undefined) return;
  askedSlides.add(slideId);
  void client.query(SlidePageDocument, { id: slideId }, ask).toPromise();
}

/** Whether the slide was asked for ahead; true once, since later visits want it fresh. */
export function takeAskedAhead(slideId: string): boolean {
  return askedSlides.delete(slideId);
}
