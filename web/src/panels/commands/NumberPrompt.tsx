import { Button, NumberInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { mppOf } from "../../model/units";
import type { ShapeCommand } from "../../viewer/commandFacade";
import { useOpenSlide } from "../slideContext";
import styles from "./CommandBar.module.css";

/** In µm, or in px where the scale is unknown. */
const FIRST = { simplify: 1, grow: 10 } as const;

/** How far: asked in micrometres, shown on the slide while one types. */
export function NumberPrompt({ what }: { readonly what: "simplify" | "grow" }) {
  const { t } = useTranslation();
  const { slide, workbench } = useOpenSlide();
  const [value, setValue] = useState<number | string>(FIRST[what]);
  const mpp = mppOf({ mppX: slide.mppX ?? null, mppY: slide.mppY ?? null });
  const { commands } = workbench;
  useEffect(() => commands.preview(commandOf(what, value, mpp)), [commands, what, value, mpp]);
  const command = commandOf(what, value, mpp);
  return (
    <form
      className={styles.prompt}
      onSubmit={(event) => {
        event.preventDefault();
        if (command !== null) commands.run(command);
      }}
    >
      <NumberInput
        size="xs"
        w={170}
        data-autofocus
        label={t(`command.prompt.${what}`)}
        description={t(`command.promptHint.${what}`)}
        suffix={mpp === null ? " px" : " µm"}
        decimalScale={2}
        step={what === "grow" ? 5 : 0.5}
        min={what === "simplify" ? 0.05 : -5000}
        max={5000}
        value={value}
        onChange={setValue}
      />
      <Button size="xs" type="submit" disabled={command === null}>
        {t("command.apply")}
      </Button>
    </form>
  );
}

/** `null` while no sensible number is there. */
function commandOf(what: "simplify" | "grow", value: number | string, mpp: number | null): ShapeCommand | null {
  const px = Number(value) / (mpp ?? 1);
  if (value === "" || !Number.isFinite(px) || px === 0) return null;
  if (what === "grow") return { kind: "grow", byPx: px };
  return px > 0 ? { kind: "simplify", tolerancePx: px } : null;
}
