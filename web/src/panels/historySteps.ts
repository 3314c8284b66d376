/** Pages of a history, the newest step first; fetched anew when the slide has moved on. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { type Failure, failureOf } from "../app/failure";
import { useObservable } from "../app/useObservable";
import { AnnotationHistoryDocument, SlideHistoryDocument, type StepFieldsFragment } from "../gql/graphql";
import type { Geometry, GeometryKind } from "../model/annotation";
import { useOpenSlide } from "./slideContext";
import { useSettled } from "./useSettled";

/** A step, with annotations as it left them; their shapes only in the history of one annotation. */
export interface Step extends StepFieldsFragment {
  readonly annotations: readonly {
    readonly id: string;
    readonly version: number;
    readonly deletedAt: string | null;
    readonly kind?: GeometryKind;
    readonly geometry?: Geometry;
  }[];
}

export interface StepPage {
  readonly steps: readonly Step[];
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly failure: Failure | null;
  readonly more: () => void;
}

interface Page {
  readonly steps: readonly Step[];
  readonly hasMore: boolean;
}

const NETWORK_ONLY = { requestPolicy: "network-only" } as const;
const NO_STEPS: Page = { steps: [], hasMore: false };

export function useSlideSteps(slideId: string): StepPage {
  const client = useClient();
  const fetchPage = useCallback(
    async (before: number | null) => {
      const { data, error } = await client.query(SlideHistoryDocument, { slideId, before }, NETWORK_ONLY).toPromise();
      if (error) throw error;
      return data?.slideHistory ?? NO_STEPS;
    },
    [client, slideId],
  );
  return usePages(fetchPage);
}

export function useAnnotationSteps(id: string): StepPage {
  const client = useClient();
  const fetchPage = useCallback(
    async (before: number | null) => {
      const { data, error } = await client.query(AnnotationHistoryDocument, { id, before }, NETWORK_ONLY).toPromise();
      if (error) throw error;
      return data?.annotationHistory ?? NO_STEPS;
    },
    [client, id],
  );
  return usePages(fetchPage);
}

function usePages(fetchPage: (before: number | null) => Promise<Page>): StepPage {
  const { living } = useOpenSlide();
  const seq = useSettled(useObservable(living.status).seq);
  const [page, setPage] = useState<Page>(NO_STEPS);
  const [loading, setLoading] = useState(true);
  const [failure, setFailure] = useState<Failure | null>(null);
  const asked = useRef(0);

  const load = useCallback(
    async (before: number | null) => {
      asked.current += 1;
      const mine = asked.current;
      setLoading(true);
      try {
        const fresh = await fetchPage(before);
        if (mine !== asked.current) return;
        setPage((shown) =>
          before === null ? joined(fresh, shown) : { ...fresh, steps: [...shown.steps, ...fresh.steps] },
        );
        setFailure(null);
      } catch (error) {
        if (mine === asked.current) setFailure(failureOf(error));
      } finally {
        if (mine === asked.current) setLoading(false);
      }
    },
    [fetchPage],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a slide that moved on has a new newest step
  useEffect(() => void load(null), [load, seq]);
  const oldest = page.steps.at(-1)?.seq ?? null;
  return { ...page, loading, failure, more: () => void load(oldest) };
}

/** The newest page in front of what was shown, when the two meet; else the newest alone. */
function joined(fresh: Page, shown: Page): Page {
  const last = fresh.steps.at(-1)?.seq;
  if (last === undefined || !shown.steps.some((step) => step.seq >= last)) return fresh;
  const older = shown.steps.filter((step) => step.seq < last);
  return older.length === 0 ? fresh : { steps: [...fresh.steps, ...older], hasMore: shown.hasMore };
}
