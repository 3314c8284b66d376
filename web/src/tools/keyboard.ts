/** The page's keys at the workbench: the tool in hand is asked first, then the commands of `keys.ts`; the space bar held pans. */
import type { Observable } from "../model/observable";
import type { SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";
import type { ActiveTerm } from "./activeTerm";
import type { SelectionCommands } from "./commands";
import { type Command, commandOf, isForPage } from "./keys";
import type { Selection } from "./selection";
import type { Toolbox } from "./toolbox";

/** What keys act upon. */
export interface KeyTargets {
  readonly viewer: SlideViewer;
  readonly session: SlideSession;
  readonly toolbox: Toolbox;
  readonly selection: Selection;
  readonly activeTerm: ActiveTerm;
  readonly commands: SelectionCommands;
  readonly editable: Observable<boolean>;
}

export class Keyboard {
  private readonly closing = new AbortController();

  constructor(private readonly targets: KeyTargets) {
    this.listen();
  }

  /** Answers whether the key was used. */
  handle(event: KeyboardEvent): boolean {
    if (this.targets.toolbox.current.key(event)) return true;
    const command = commandOf(event);
    return command !== null && this.perform(command);
  }

  close(): void {
    this.closing.abort();
  }

  private perform(command: Command): boolean {
    const { viewer, session, toolbox, selection, activeTerm, commands, editable } = this.targets;
    switch (command.kind) {
      case "tool":
        toolbox.take(command.tool);
        return true;
      case "undo":
        if (editable.getSnapshot()) session.undo();
        return true;
      case "redo":
        if (editable.getSnapshot()) session.redo();
        return true;
      case "delete":
        if (selection.isEmpty()) return false;
        selection.delete();
        return true;
      case "fit":
        viewer.camera.fit();
        return true;
      case "cancel":
        if (toolbox.name.getSnapshot() === "select") return false;
        toolbox.take("select");
        return true;
      case "zoom":
        viewer.camera.zoomBy(command.steps);
        return true;
      case "pan":
        viewer.camera.panBy(command.dx, command.dy);
        return true;
      case "nudge":
        if (selection.isEmpty()) return false;
        selection.move(viewer.camera.level0Way([command.dx, command.dy]));
        return true;
      case "command":
        // Marked text is copied by the browser.
        if (!document.getSelection()?.isCollapsed && command.command.kind === "copy") return false;
        commands.run(command.command);
        return true;
      case "term": {
        const term = activeTerm.ofKey(command.key);
        if (term === undefined) return false;
        activeTerm.choose(term.id);
        return true;
      }
    }
  }

  private listen(): void {
    const { viewer } = this.targets;
    const { signal } = this.closing;
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.defaultPrevented || isForPage(event)) return;
        if (event.key === " ") viewer.setPanning(true);
        else if (!this.handle(event)) return;
        event.preventDefault();
      },
      { signal },
    );
    document.addEventListener(
      "keyup",
      (event) => {
        if (event.key === " ") viewer.setPanning(false);
      },
      { signal },
    );
    window.addEventListener("blur", () => viewer.setPanning(false), { signal });
  }
}
