import { Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBrush,
  IconCircle,
  IconCircleDotted,
  IconEraser,
  IconHandStop,
  IconLine,
  IconNumber123,
  IconPointer,
  IconPolygon,
  IconRotateRectangle,
  IconRulerMeasure,
  IconScribble,
  IconSlice,
  IconSquare,
  IconTrash,
  IconVectorSpline,
  IconWand,
} from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { TOOL_KEYS } from "../tools";
import type { ToolName } from "../viewer/facade";
import { useOpenSlide } from "./slideContext";
import styles from "./ToolBar.module.css";

const GROUPS: readonly (readonly ToolName[])[] = [
  ["select", "transform", "pan"],
  ["point", "count", "line", "rectangle", "ellipse"],
  ["polygon", "spline", "freehand", "brush", "eraser", "wand", "hole", "split"],
  ["measure"],
];
const LOOKING: ReadonlySet<ToolName> = new Set(["select", "pan", "measure"]);

const PointMark = () => (
  <svg
    viewBox="0 0 24 24"
    width={19}
    height={19}
    fill="none"
    stroke="currentColor"
    strokeWidth={2}
    aria-hidden
    focusable="false"
  >
    <circle cx="12" cy="12" r="3.4" />
  </svg>
);

const ICONS: Record<ToolName, ReactNode> = {
  select: <IconPointer size={19} stroke={1.8} />,
  pan: <IconHandStop size={19} stroke={1.8} />,
  point: <PointMark />,
  line: <IconLine size={19} stroke={1.8} />,
  rectangle: <IconSquare size={19} stroke={1.8} />,
  ellipse: <IconCircle size={19} stroke={1.8} />,
  polygon: <IconPolygon size={19} stroke={1.8} />,
  freehand: <IconScribble size={19} stroke={1.8} />,
  brush: <IconBrush size={19} stroke={1.8} />,
  eraser: <IconEraser size={19} stroke={1.8} />,
  measure: <IconRulerMeasure size={19} stroke={1.8} />,
  transform: <IconRotateRectangle size={19} stroke={1.8} />,
  spline: <IconVectorSpline size={19} stroke={1.8} />,
  count: <IconNumber123 size={21} stroke={1.8} />,
  hole: <IconCircleDotted size={19} stroke={1.8} />,
  split: <IconSlice size={19} stroke={1.8} />,
  wand: <IconWand size={19} stroke={1.8} />,
};

/** The tools, each with its key in the corner. */
export function ToolBar() {
  const { t } = useTranslation();
  const { session, workbench, canDraw } = useOpenSlide();
  const active = useObservable(workbench.tool);
  const { canUndo, canRedo } = useObservable(session.undoState);
  const selected = useObservable(workbench.selection).length > 0;
  return (
    <div className={styles.bar} data-tour="tools" role="toolbar" aria-label={t("viewer.tools")}>
      {GROUPS.map((group) => (
        <Fragment key={group[0]}>
          {group.map((tool) => (
            <Tool
              key={tool}
              label={t(`tool.${tool}`)}
              keyName={TOOL_KEYS[tool]}
              pressed={tool === active}
              disabled={!canDraw && !LOOKING.has(tool)}
              onClick={() => workbench.setTool(tool)}
            >
              {ICONS[tool]}
            </Tool>
          ))}
          <span className={styles.divider} aria-hidden />
        </Fragment>
      ))}
      <Tool
        label={t("tool.delete")}
        keyName="⌫"
        disabled={!canDraw || !selected}
        onClick={() => workbench.deleteSelection()}
      >
        <IconTrash size={19} stroke={1.8} />
      </Tool>
      <Tool label={t("tool.undo")} keyName="Z" shortcut="Ctrl Z" disabled={!canUndo} onClick={() => session.undo()}>
        <IconArrowBackUp size={19} stroke={1.8} />
      </Tool>
      <Tool label={t("tool.redo")} keyName="Y" shortcut="Ctrl Y" disabled={!canRedo} onClick={() => session.redo()}>
        <IconArrowForwardUp size={19} stroke={1.8} />
      </Tool>
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  /** What the corner shows. */
  readonly keyName: string;
  readonly shortcut?: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Tool({ label, keyName, shortcut = keyName, pressed, disabled, onClick, children }: ToolProps) {
  return (
    <Tooltip label={`${label}  ${shortcut}`} position="bottom">
      <button
        type="button"
        className={styles.tool}
        aria-label={label}
        aria-pressed={pressed}
        aria-keyshortcuts={shortcut.replace("Ctrl ", "Control+").replace("⌫", "Delete")}
        disabled={disabled}
        // The slide keeps the focus, so that the next key goes to it.
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClick}
      >
        {children}
        <kbd aria-hidden>{keyName}</kbd>
      </button>
    </Tooltip>
  );
}
