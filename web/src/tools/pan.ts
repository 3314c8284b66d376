import { IdleTool } from "./tool";

/** H: every drag moves the slide, nothing can be changed by accident. */
export class PanTool extends IdleTool {
  override readonly name = "pan";
  override readonly cursor = "grab";
  override readonly edits = false;
}
