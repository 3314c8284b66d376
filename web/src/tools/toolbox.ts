/** The tools, one of them in hand. */
import { Value } from "../model/observable";
import type { SlideSession, ToolName } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";
import { EllipseTool, RectangleTool } from "./box";
import { BrushSize, BrushTool, EraserTool } from "./brush";
import { CountTool } from "./count";
import { FreehandTool } from "./freehand";
import { HoleTool } from "./hole";
import { LineTool, MeasureTool } from "./line";
import { PanTool } from "./pan";
import { PointTool } from "./point";
import { PolygonTool } from "./polygon";
import { SelectTool } from "./select";
import { SplineTool } from "./spline";
import { SplitTool } from "./split";
import type { Tool, ToolContext } from "./tool";
import { TransformTool } from "./transform";
import { WandTool } from "./wand";

export class Toolbox {
  readonly name = new Value<ToolName>("select");
  private readonly tools: Readonly<Record<ToolName, Tool>>;

  constructor(
    private readonly context: ToolContext,
    private readonly viewer: Pick<SlideViewer, "setPointerHandler">,
    private readonly session: Pick<SlideSession, "setPresence">,
  ) {
    this.tools = toolsFor(context);
    this.take("select");
  }

  get current(): Tool {
    return this.tools[this.name.getSnapshot()];
  }

  /** Puts the present tool away and takes another, if the user may edit by it. */
  take(name: ToolName): void {
    const tool = this.tools[name];
    if (tool.edits && !this.context.editable) return;
    this.current.leave();
    this.name.set(name);
    this.viewer.setPointerHandler(tool, tool.cursor);
    tool.enter();
    tool.refresh();
    this.session.setPresence({ tool: name });
  }

  /** The user may edit from now on, or no longer: a tool that edits is then put away. */
  editableChanged(): void {
    if (!this.context.editable && this.current.edits) this.take("select");
    else this.current.refresh();
  }
}

function toolsFor(context: ToolContext): Readonly<Record<ToolName, Tool>> {
  const brushSize = new BrushSize();
  return {
    select: new SelectTool(context),
    pan: new PanTool(context),
    point: new PointTool(context),
    line: new LineTool(context),
    rectangle: new RectangleTool(context),
    ellipse: new EllipseTool(context),
    polygon: new PolygonTool(context),
    freehand: new FreehandTool(context),
    brush: new BrushTool(context, brushSize),
    eraser: new EraserTool(context, brushSize),
    measure: new MeasureTool(context),
    transform: new TransformTool(context),
    spline: new SplineTool(context),
    count: new CountTool(context),
    hole: new HoleTool(context),
    split: new SplitTool(context),
    wand: new WandTool(context),
  };
}
