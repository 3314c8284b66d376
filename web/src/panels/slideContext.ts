/** What every panel of an open slide shares. */
import { createContext, useContext } from "react";
import type { SlidePageQuery } from "../gql/graphql";
import type { PersonRef, Term } from "../model/annotation";
import type { SlideSession, Workbench } from "../viewer/facade";
import type { CommentDesk } from "./commentDesk";
import type { PredictionDesk } from "./predictionDesk";
import type { RightTab } from "./rightTabs";

export type SlideRecord = NonNullable<SlidePageQuery["slide"]>;

export interface OpenSlide {
  readonly slide: SlideRecord;
  /** In the order of their positions. */
  readonly terms: readonly Term[];
  /** Everyone in the project. */
  readonly members: readonly PersonRef[];
  readonly session: SlideSession;
  readonly workbench: Workbench;
  readonly canDraw: boolean;
  readonly canManage: boolean;
  readonly desk: PredictionDesk;
  readonly comments: CommentDesk;
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
