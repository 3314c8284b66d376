/** What every panel of an open slide shares. */
import { createContext, useContext } from "react";
import type { SlidePageQuery } from "../gql/graphql";
import type { PersonRef, Term } from "../model/annotation";
import type { SlideSession, Workbench } from "../viewer/facade";
import type { CommentDesk } from "./commentDesk";
import type { PredictionDesk } from "./predictionDesk";
import type { RightTab } from "./rightTabs";
import type { TimeTravel } from "./timeTravel";
import type { BesideDesk } from "./useBeside";

export type SlideRecord = NonNullable<SlidePageQuery["slide"]>;

export interface OpenSlide {
  readonly slide: SlideRecord;
  /** In the order of their positions. */
  readonly terms: readonly Term[];
  /** Everyone in the project. */
  readonly members: readonly PersonRef[];
  /** What is shown: the living session, or one of the past. */
  readonly session: SlideSession;
  /** The session that goes on while one looks at the past. */
  readonly living: SlideSession;
  readonly travel: TimeTravel;
  readonly workbench: Workbench;
  /** Whether what is shown may be changed: never in the past. */
  readonly canDraw: boolean;
  /** Whether this person may change the slide as it is now. */
  readonly mayDraw: boolean;
  /** Whether this person may accept and reject. */
  readonly canReview: boolean;
  readonly canManage: boolean;
  /** Whether this person may ask the others to follow. */
  readonly mayPresent: boolean;
  readonly desk: PredictionDesk;
  readonly comments: CommentDesk;
  /** The slide that lies beside this one. */
  readonly beside: BesideDesk;
  /** Brings a tab of the right panel into sight. */
  readonly openTab: (tab: RightTab) => void;
  readonly openTerms: () => void;
  readonly openScale: () => void;
  readonly refresh: () => void;
}

const SlideContext = createContext<OpenSlide | null>(null);
export const SlideProvider = SlideContext;

export function useOpenSlide(): OpenSlide {
  const open = useContext(SlideContext);
  if (!open) throw new Error("useOpenSlide is only for panels of an open slide");
  return open;
}
