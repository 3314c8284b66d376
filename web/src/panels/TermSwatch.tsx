import type { TermLook } from "../model/terms";
import panel from "./panel.module.css";

/** A term's colour; hatched where the term is, so that colour never speaks alone. */
export function TermSwatch({ look }: { readonly look: TermLook }) {
  const hatched = `repeating-linear-gradient(-45deg, ${look.color} 0 2px, transparent 2px 4.5px)`;
  const style =
    look.pattern === "hatched"
      ? { background: hatched, boxShadow: `inset 0 0 0 1.5px ${look.color}` }
      : { background: look.color };
  return <span className={panel.swatch} style={style} aria-hidden />;
}
