import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { showToast } from "../../app/toasts";
import { useObservable } from "../../app/useObservable";
import type { CommandNote } from "../../viewer/commandFacade";
import type { ToolName } from "../../viewer/facade";
import { useOpenSlide } from "../slideContext";
import { CommandBar } from "./CommandBar";
import { CountCard } from "./CountCard";

/** While one draws, the bar would be in the way. */
const ARRANGING: ReadonlySet<ToolName> = new Set(["select", "transform"]);
const FINE: ReadonlySet<CommandNote["code"]> = new Set(["copied", "pasted"]);

/** What is done to the selection: the bar over the slide, and what commands have to tell. */
export function CommandLayer() {
  const { workbench, canDraw } = useOpenSlide();
  const selection = useObservable(workbench.selection);
  const tool = useObservable(workbench.tool);
  useCommandNotes();
  if (!canDraw) return null;
  if (tool === "count") return <CountCard />;
  return selection.length > 0 && ARRANGING.has(tool) ? <CommandBar /> : null;
}

function useCommandNotes(): void {
  const { t } = useTranslation();
  const { workbench } = useOpenSlide();
  const note = useObservable(workbench.commands.note);
  const told = useRef(note?.id ?? 0);
  useEffect(() => {
    if (note === null || note.id === told.current) return;
    told.current = note.id;
    showToast(t(`command.note.${note.code}`, { count: note.count }), { tone: FINE.has(note.code) ? "ok" : "warning" });
  }, [note, t]);
}
