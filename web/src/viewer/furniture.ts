/** The small things that lie on the slide's corners: scale bar and magnification buttons. Plain DOM. */
import type { SlideFacts } from "../model/slide";
import { downsampleAtOneX, scaleBar } from "../model/units";

const SCALE_BAR_LARGEST_PX = 140;
const MAGNIFICATIONS = [1.25, 2.5, 5, 10, 20, 40];

export class ScaleBarView {
  readonly element = document.createElement("div");
  private readonly text = document.createElement("span");
  private readonly bar = document.createElement("i");

  constructor(
    private readonly slide: SlideFacts,
    label: string,
  ) {
    this.element.className = "coslide-scalebar";
    this.element.dataset.testid = "scale-bar";
    this.element.setAttribute("role", "img");
    this.element.append(this.text, this.bar);
    this.setLabel(label);
  }

  setLabel(label: string): void {
    this.element.title = label;
    this.element.setAttribute("aria-label", `${label}: ${this.text.textContent ?? ""}`);
  }

  show(downsample: number): void {
    const { widthScreenPx, label } = scaleBar(downsample, this.slide, SCALE_BAR_LARGEST_PX);
    this.bar.style.width = `${widthScreenPx}px`;
    if (this.text.textContent === label) return;
    this.text.textContent = label;
    this.setLabel(this.element.title);
  }
}

export class MagnificationBar {
  readonly element = document.createElement("div");
  private readonly buttons: { readonly button: HTMLButtonElement; readonly downsample: number | null }[] = [];

  /** `goTo` gets level-0 pixels per screen pixel, or `null` for the whole slide. */
  constructor(
    slide: SlideFacts,
    labels: { readonly magnification: string; readonly fit: string },
    private readonly goTo: (downsample: number | null) => void,
  ) {
    this.element.className = "coslide-magnifications";
    this.element.dataset.testid = "magnifications";
    this.element.setAttribute("role", "group");
    const atOneX = downsampleAtOneX(slide);
    this.add(labels.fit, null);
    if (atOneX === null) for (const percent of [12.5, 25, 50, 100]) this.add(`${percent} %`, 100 / percent);
    else for (const power of MAGNIFICATIONS) this.add(`${power}×`, atOneX / power);
    this.setLabels(labels);
  }

  setLabels(labels: { readonly magnification: string; readonly fit: string }): void {
    this.element.setAttribute("aria-label", labels.magnification);
    const fit = this.buttons[0]?.button;
    if (fit !== undefined) fit.textContent = labels.fit;
  }

  show(downsample: number): void {
    for (const { button, downsample: own } of this.buttons) {
      button.setAttribute("aria-pressed", String(own !== null && Math.abs(Math.log2(own / downsample)) < 0.03));
    }
  }

  private add(text: string, downsample: number | null): void {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => this.goTo(downsample));
    this.buttons.push({ button, downsample });
    this.element.append(button);
  }
}
