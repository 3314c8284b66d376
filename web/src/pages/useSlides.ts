/** All slides of a project, or of its bin: the first page at once, the rest as they come, and those in work kept fresh. */
import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { type Failure, failureOf } from "../app/failure";
import { SlidesDocument } from "../gql/graphql";
import { predictsNow, type Slide } from "./slideList";

const FIRST = 60;
const NEXT = 500;
const POLL_MS = 2_000;

export interface Slides {
  readonly slides: readonly Slide[];
  /** `null` before the first answer. */
  readonly total: number | null;
  /** Whether all have come. */
  readonly complete: boolean;
  readonly failure: Failure | null;
}

interface Page {
  readonly after: string | null;
  readonly first: number;
  readonly slides: readonly Slide[];
}

const NOTHING: Slides = { slides: [], total: null, complete: false, failure: null };

/** `revision` counts up when slides have come or gone. */
export function useSlides(projectId: string, inBin: boolean, revision: number): Slides {
  const client = useClient();
  const [found, setFound] = useState(NOTHING);
  const pages = useRef<readonly Page[]>([]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new revision fetches all anew
  useEffect(() => {
    let ended = false;
    const fetchPage = async (after: string | null, first: number) => {
      const variables = { projectId, inBin, after, first };
      const { data, error } = await client
        .query(SlidesDocument, variables, { requestPolicy: "network-only" })
        .toPromise();
      if (data === undefined) throw error ?? new Error("The server's answer was empty.");
      return data.slides;
    };
    const show = (total: number, complete: boolean) =>
      setFound({ slides: pages.current.flatMap((page) => page.slides), total, complete, failure: null });
    const load = async () => {
      const fresh: Page[] = [];
      for (let after: string | null = null, first = FIRST; ; first = NEXT) {
        const { nodes, totalCount, pageInfo } = await fetchPage(after, first);
        if (ended) return;
        fresh.push({ after, first, slides: nodes });
        const more = pageInfo.hasNextPage && pageInfo.endCursor != null;
        // While all are fetched anew, what was there stays until the end.
        if (!more || pages.current.length <= fresh.length) {
          pages.current = [...fresh];
          show(totalCount, !more);
        }
        if (!more) return;
        after = pageInfo.endCursor ?? null;
      }
    };
    const refreshBusy = async () => {
      if (document.visibilityState !== "visible" || !pages.current.some((page) => page.slides.some(predictsNow)))
        return;
      let total = 0;
      const renewed: Page[] = [];
      for (const page of pages.current) {
        if (page.slides.some(predictsNow)) {
          const { nodes, totalCount } = await fetchPage(page.after, page.first);
          total = totalCount;
          renewed.push({ ...page, slides: nodes });
        } else renewed.push(page);
      }
      if (ended || renewed.length !== pages.current.length) return;
      pages.current = renewed;
      setFound((before) => ({ ...before, total, slides: renewed.flatMap((page) => page.slides) }));
    };
    const fail = (error: unknown) => {
      if (!ended) setFound((before) => ({ ...before, failure: failureOf(error) }));
    };
    let timer: ReturnType<typeof setTimeout>;
    const poll = () => {
      // A missed refresh is made up for by the next one.
      timer = setTimeout(
        () =>
          void refreshBusy()
            .catch(() => undefined)
            .finally(() => ended || poll()),
        POLL_MS,
      );
    };
    load()
      .catch(fail)
      .finally(() => ended || poll());
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [client, projectId, inBin, revision]);

  const scope = `${projectId} ${inBin}`;
  const [shownScope, setShownScope] = useState(scope);
  if (scope !== shownScope) {
    setShownScope(scope);
    setFound(NOTHING);
    pages.current = [];
  }
  return found;
}
