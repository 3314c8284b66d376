/** The slide that lies beside this one, if any: chosen here or named by a link. */
import { useMemo, useState } from "react";
import { Value } from "../model/observable";
import type { Beside } from "../viewer/facade";
import { type BesideView, besideOfSearch } from "./view";

export interface BesideDesk {
  /** Which slide; `""` while one is being chosen, `null` for none. */
  readonly slideId: string | null;
  readonly open: (slideId: string) => void;
  readonly close: () => void;
  /** The second view once it is there, for whoever makes a link of it. */
  readonly shown: Value<Beside | null>;
  /** How a link says that it begins. */
  readonly first: BesideView | null;
}

export function useBeside(): BesideDesk {
  const [first] = useState(() => besideOfSearch(window.location.search));
  const [slideId, setSlideId] = useState<string | null>(first?.slideId ?? null);
  const [shown] = useState(() => new Value<Beside | null>(null));
  return useMemo(
    () => ({ slideId, open: setSlideId, close: () => setSlideId(null), shown, first }),
    [slideId, shown, first],
  );
}
