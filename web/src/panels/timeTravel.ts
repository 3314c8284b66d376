/** Going back to an earlier step of a slide, and returning. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { useConnection } from "../app/connection";
import { showFailure } from "../app/toasts";
import { PastSession } from "../sync/past";
import type { SlideSession } from "../viewer/facade";

export interface Moment {
  readonly seq: number;
  readonly at: string;
}

export interface TimeTravel {
  /** Where in the past one is; `null` for now. */
  readonly moment: Moment | null;
  readonly busy: boolean;
  readonly go: (moment: Moment) => Promise<void>;
  readonly back: () => void;
}

interface Past {
  readonly session: PastSession;
  readonly moment: Moment;
}

/** The session to show, which is a past one while travelling, and the ways to move. */
export function useTimeTravel(now: SlideSession | null): {
  readonly session: SlideSession | null;
  readonly travel: TimeTravel;
} {
  const connection = useConnection();
  const [past, setPast] = useState<Past | null>(null);
  const [busy, setBusy] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the past of a session that was closed is over
  useEffect(() => setPast(null), [now]);
  const go = useCallback(
    async (moment: Moment) => {
      if (!now) return;
      setBusy(true);
      const session = past?.session ?? new PastSession(connection, now);
      try {
        await session.show(moment.seq);
        setPast({ session, moment });
      } catch (error) {
        showFailure(error);
      } finally {
        setBusy(false);
      }
    },
    [connection, now, past],
  );
  const back = useCallback(() => setPast(null), []);
  const moment = past?.moment ?? null;
  const travel = useMemo(() => ({ moment, busy, go, back }), [moment, busy, go, back]);
  return { session: past?.session ?? now, travel };
}
